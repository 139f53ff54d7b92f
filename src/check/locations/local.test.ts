import assert from "node:assert/strict";
import { test } from "node:test";
import { probeRequestFor } from "../../../test/fixtures/probe-requests.ts";
import { local } from "./local.ts";

test("local locations share a thread, which lasts until the last of them is closed", async () => {
  await using places = new AsyncDisposableStack();
  const before = await local.open({ type: "local", name: "before" });
  const after = places.use(await local.open({ type: "local", name: "after" }));
  await before[Symbol.asyncDispose]();

  assert.ok(await after.ask(probeRequestFor("http://127.0.0.1:9/"), AbortSignal.timeout(60_000)));

  await after[Symbol.asyncDispose]();
  await assert.rejects(
    after.ask(probeRequestFor("http://127.0.0.1:9/"), AbortSignal.timeout(60_000)),
    /has been closed/,
  );
});
