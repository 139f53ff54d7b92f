import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, RegoError } from "./index.ts";
import { outcome } from "./outcome.fixture.ts";

/** Rules of `package p` in v1, a query, and what it comes to. */
const rows: readonly (readonly [string, string, string])[] = [
  ["x := 1", "data.p.x", "1"],
  ["x if input.no", "data.p.x", "undefined"],
  ["default x := 5\nx := 6 if input.no", "data.p.x", "5"],
  ["default x := 5\nx := 6 if true", "data.p.x", "6"],
  ["x := 1 if input.no\nelse := 2 if true\nelse := 3", "data.p.x", "2"],
  ["x := input.no if true\nelse := 3", "data.p.x", "3"],
  ["x := 1\nx := 2", "data.p.x", "eval_conflict_error: complete rules must not produce multiple outputs"],
  ["x := 1\nx := 1", "data.p.x", "1"],
  ["x := [1, 2][_]", "data.p.x", "eval_conflict_error: complete rules must not produce multiple outputs"],
  ["s contains x if some x in [2, 1]", "data.p.s", "[1,2]"],
  ["s contains x if some x in []", "data.p.s", "[]"],
  ["s contains 1\ns contains 2", "data.p.s[x]; x > 1", "x=2"],
  ['o[k] := v if some k, v in ["a", "b"]', "data.p.o", '{"0":"a","1":"b"}'],
  ["o.a := 1\no.b := 2", "data.p.o", '{"a":1,"b":2}'],
  ['o[k] := 1 if k := "a"\no.b.c := 2', "data.p.o", '{"a":1,"b":{"c":2}}'],
  ['o.a := 1\no[k] := 2 if k := "a"', "data.p.o", "eval_conflict_error: object keys must be unique"],
  ["o[k] contains v if some k, v in [5, 6]", "data.p.o", '{"0":[5],"1":[6]}'],
  ["f(x) := x * 2", "data.p.f(21)", "42"],
  ["f(x) := x * 2\ny := f(f(1))", "data.p.y", "4"],
  ["f(1) := 10\nf(2) := 20", "data.p.f(2)", "20"],
  ["f(1) := 10", "data.p.f(3)", "undefined"],
  ["f([x, y]) := x + y", "data.p.f([1, 2])", "3"],
  ["f(x, x) := 1", "data.p.f(1, 2)", "undefined"],
  ["default f(_) := 0\nf(x) := 1 if x > 3", "[data.p.f(1), data.p.f(4)]", "[0,1]"],
  [
    "f(_) := 1\nf(x) := 2 if x > 1",
    "data.p.f(2)",
    "eval_conflict_error: functions must not produce multiple outputs for same inputs",
  ],
  ["f(x) := x\ny := 1", "data.p", '{"y":1}'],
  ["x := 1\nf(x) := y if y := x", "data.p.f(3)", "3"],
  ["x := input.a", 'data.p.x with input as {"a": 1}', "true"],
  ["x := input.a", "y := data.p.x with input.a as 7", "y=7"],
  ["x := y\ny := 1", "z := data.p.x with data.p.y as 7", "z=7"],
  ["x := data.base.a", 'z := data.p.x with data.base as {"a": 3}', "z=3"],
  ["x := count([1])", "z := data.p.x with count as 7", "z=7"],
  ["f(x) := x\ng(x) := x + 1\ny := f(1)", "z := data.p.y with data.p.f as data.p.g", "z=2"],
  ["x := input", "data.p.x with input as 1; data.p.x == 2", "undefined"],
  ["a := b\nb := c\nc := 1", "data.p[k] = v", 'k="a" v=1 | k="b" v=1 | k="c" v=1'],
  ["if.x := 1", "data.p.if.x", "1"],
];

test("modules: v1", () => {
  for (const [rules, query, expected] of rows) {
    const modules = { "p.rego": `package p\n${rules}` };
    assert.equal(outcome(query, {}, { modules, version: "v1" }), expected, `${rules} => ${query}`);
  }
});

test("modules: v0", () => {
  const v0: readonly (readonly [string, string, string])[] = [
    ["x { input.a }", "data.p.x", "true"],
    ["x = 1 { input.a } { input.b }", "data.p.x", "1"],
    ["s[x] { x := [2, 1][_] }", "data.p.s", "[1,2]"],
    ["o[k] = v { v := [5, 6][k] }", "data.p.o", '{"0":5,"1":6}'],
    ["x = 1 { input.b } else = 2 { input.a }", "data.p.x", "2"],
    ["contains := 1\nx := contains", "data.p.x", "1"],
    ["import future.keywords.in\nx { 1 in [1] }", "data.p.x", "true"],
    ["import future.keywords\nx[k] if { k := 1 }", "data.p.x", '{"1":true}'],
    ["import rego.v1\nx if 1 in [1]", "data.p.x", "true"],
    ["import data.q as other\nx := other.y", "data.p.x", "8"],
    ["import data.q.twice\nx := twice(4)", "data.p.x", "8"],
    ["import input.a\nx := a", "data.p.x", "3"],
    ["x := any([false, true])", "data.p.x", "true"],
  ];
  for (const [rules, query, expected] of v0) {
    const modules = { "p.rego": `package p\n${rules}`, "q.rego": "package q\ny := 8\ntwice(n) = n * 2" };
    assert.equal(outcome(query, { a: 3 }, { modules, version: "v0" }), expected, rules);
  }
});

test("rules and the base document meet", () => {
  const modules = { "p.rego": "package p\nx := data.p.base + 1" };
  assert.equal(
    outcome("data.p", {}, { modules, data: { p: { base: 1, x: 5 }, other: 1 } }),
    '{"base":1,"x":2}',
  );
  assert.equal(
    outcome("data", {}, { modules, data: { p: { base: 1 }, other: 1 } }),
    '{"other":1,"p":{"base":1,"x":2}}',
  );
});

/** Rules that each lead to the next. */
function chain(length: number): Record<string, string> {
  const rules = Array.from({ length }, (_, i) => `r${i} := r${i + 1}`);
  return { "p.rego": `package p\n${rules.join("\n")}\nr${length} := 1` };
}

test("long chains of rules are bounded", () => {
  assert.equal(outcome("data.p.r0", {}, { modules: chain(300) }), "1");
  const doubled = Array.from({ length: 60 }, (_, i) => `f${i}(x) := f${i + 1}([x]) + f${i + 1}([x, 1])`).join(
    "\n",
  );
  const start = performance.now();
  assert.throws(
    () =>
      compile({ query: "data.p.f0(1)", modules: { "p.rego": `package p\n${doubled}\nf60(x) := 1` } }).eval(
        {},
      ),
    (error) => error instanceof RegoError && error.code === "eval_budget_error",
  );
  assert.ok(performance.now() - start < 15_000);
  try {
    compile({ query: "data.p.r0", modules: chain(20_000) }).eval({});
  } catch (error) {
    assert.ok(error instanceof RegoError, String(error));
  }
  assert.ok(performance.now() - start < 40_000);
});
