import assert from "node:assert/strict";
import { test } from "node:test";
import { Lasting } from "./lasting.ts";

test("what lasts is told, and told again; what is over begins anew", () => {
  const lasting = new Lasting(120_000);
  assert.equal(lasting.note(true, 1000), undefined, "it may be over soon");
  assert.equal(lasting.note(true, 120_999), undefined);
  assert.equal(lasting.note(true, 121_000), 1000);
  assert.equal(lasting.note(true, 131_000), undefined, "told just now");
  assert.equal(lasting.note(true, 421_000), 1000);
  assert.equal(lasting.note(false, 431_000), undefined);
  assert.equal(lasting.note(true, 441_000), undefined);
  assert.equal(lasting.note(true, 561_000), 441_000);
});

test("what need not last is told at once", () => {
  const lasting = new Lasting(0);
  assert.equal(lasting.note(true, 1000), 1000);
  assert.equal(lasting.note(true, 2000), undefined);
});
