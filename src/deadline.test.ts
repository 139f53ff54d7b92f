import assert from "node:assert/strict";
import { test } from "node:test";
import { deadline } from "./deadline.ts";

test("a deadline of weeks is not over at once", (context) => {
  const set = context.mock.method(globalThis, "setTimeout");
  using limit = deadline(new AbortController().signal, 30 * 86_400_000);
  assert.equal(limit.signal.aborted, false);
  assert.equal(set.mock.calls[0]?.arguments[1], 2 ** 31 - 1);
});
