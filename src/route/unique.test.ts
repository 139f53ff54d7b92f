import assert from "node:assert/strict";
import { test } from "node:test";
import { uniqueKey } from "./unique.ts";

const alert = { image: "web", digest: "", list: [{ name: "a" }, { name: "b" }], deep: { n: 1, none: null } };

test("the same values are the same message, whatever else is in it", () => {
  const props = ["image", "deep.n"];
  assert.equal(uniqueKey(alert, props), uniqueKey({ ...alert, at: "later" }, props));
  assert.notEqual(uniqueKey(alert, props), uniqueKey({ ...alert, image: "db" }, props));
  assert.notEqual(uniqueKey({ a: "1" }, ["a"]), uniqueKey({ a: 1 }, ["a"]));
  assert.notEqual(uniqueKey({ a: "x" }, ["a", "b"]), uniqueKey({ b: "x" }, ["a", "b"]));
});

test("of an array on the way the first element counts, or the one that is named", () => {
  assert.equal(uniqueKey(alert, ["list.name"]), uniqueKey({ list: { name: "a" } }, ["list.name"]));
  assert.notEqual(uniqueKey(alert, ["list.1.name"]), null);
});

test("without any value nothing is the same", () => {
  for (const input of [alert, null, "text", [], undefined])
    assert.equal(uniqueKey(input, ["digest", "deep.none", "nowhere.at.all", "__proto__"]), null);
});

test("what is nested too deeply to be compared is the same as nothing", () => {
  const depth = 100_000;
  assert.equal(uniqueKey({ a: JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown }, ["a"]), null);
});
