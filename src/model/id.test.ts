import assert from "node:assert/strict";
import { test } from "node:test";
import { idFrom, newId } from "./id.ts";

test("ids are UUIDv7 and sort in the order they were made, however many a millisecond brings", () => {
  const ids = Array.from({ length: 50_000 }, () => newId());
  assert.equal(new Set(ids).size, ids.length);
  assert.deepEqual(ids.toSorted(), ids);
  for (const id of ids)
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  const madeAt = Number.parseInt((ids[0] ?? "").slice(0, 13).replace("-", ""), 16);
  assert(Math.abs(Date.now() - madeAt) < 60_000);
});

test("an id made from another comes out the same, and sorts with it", () => {
  const id = newId();
  const made = idFrom(id, "verdict", "pager");
  assert.equal(made, idFrom(id, "verdict", "pager"));
  assert.notEqual(made, idFrom(id, "verdict", "slack"));
  assert.equal(made.slice(0, 13), id.slice(0, 13));
  assert.match(made, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});
