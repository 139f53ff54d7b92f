import assert from "node:assert/strict";
import { test } from "node:test";
import { explain } from "./explain.ts";

const reachable = 'contains(input.ServiceURL.Reachable, "false")';
const nothing = "it is false or undefined";

const cases: readonly [title: string, body: string, input: unknown, at: string, why: string][] = [
  ["false", reachable, { ServiceURL: { Reachable: "true" } }, "1:1", "it is false"],
  [
    "a builtin refuses its operand",
    reachable,
    { ServiceURL: { Reachable: false } },
    "1:1",
    "it is undefined: contains: operand 1 must be string but got boolean",
  ],
  ["not there", reachable, {}, "1:1", nothing],
  ["the second statement", "input.a == 1\n  input.b == 2", { a: 1, b: 3 }, "2:3", nothing],
  ["after a semicolon", "input.a == 1; input.b", { a: 1 }, "1:15", nothing],
  ["a denial", "input.a; not input.b", { a: 1, b: true }, "1:10", "what it denies is so"],
  ["no way to choose", "some i\ninput.list[i] > 5", { list: [1, 2] }, "2:1", nothing],
  ["a variable given below", "input.list[i] == 2\ni = 5", { list: [1, 2] }, "2:1", nothing],
];

for (const [title, query, input, at, why] of cases)
  test(`why a body does not hold: ${title}`, () => {
    const { row, col, statement, why: found } = explain({ query, version: "v0" }, { input }) ?? assert.fail();
    assert.deepEqual([`${row}:${col}`, found], [at, why]);
    assert.ok(query.includes(statement));
  });

test("the values that the statement reads are shown", () => {
  const query = 'input.a; input.b["c d"] == input.e.f';
  const explanation = explain({ query, version: "v0" }, { input: { a: 1, b: { "c d": 2 }, e: {} } });
  assert.deepEqual(explanation?.values, { 'input.b["c d"]': 2, "input.e.f": undefined });
});

test("nothing to explain where a body holds", () => {
  assert.equal(explain({ query: "input.a; not input.b", version: "v0" }, { input: { a: 1 } }), undefined);
});
