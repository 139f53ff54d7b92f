import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BuiltinError,
  compile,
  condition,
  expression,
  goJson,
  packagePath,
  readJson,
  RegoError,
} from "./index.ts";

const message = {
  ServiceURL: { URL: "https://a.example", Reachable: "is false now" },
  tags: ["a", "b"],
  n: 3,
};

test("a condition holds if its body does", () => {
  const rows: readonly (readonly [string, boolean])[] = [
    ['contains(input.ServiceURL.Reachable, "false")', true],
    ['contains(input.ServiceURL.Reachable, "true")', false],
    ["input.n > 2; input.n < 4", true],
    ["input.missing", false],
    ["input.n == 4", false],
    ['"b" in input.tags', true],
    ['some t in input.tags; t == "b"', true],
    ['input.tags[_] == "b"', true],
    ['input.tags[_] == "c"', false],
    ["not input.missing\n# a comment\ninput.n >= 3", true],
    ['x := input.ServiceURL.URL; startswith(x, "https://")', true],
    ["regex.match(`^https?://a\\.`, input.ServiceURL.URL)", true],
    ["re_match(`example$`, input.ServiceURL.URL)", true],
  ];
  for (const [text, expected] of rows) assert.equal(condition(text).matches(message), expected, text);
});

test("an expression gives JSON or undefined", () => {
  const rows: readonly (readonly [string, unknown])[] = [
    ["input.ServiceURL.URL", "https://a.example"],
    ["input.tags", ["a", "b"]],
    ["input.missing", undefined],
    ['sprintf("%s: %d", [input.ServiceURL.URL, input.n])', "https://a.example: 3"],
    ["input.n == 4", false],
    ["{3, 1}", [1, 3]],
    ['{1: "a"}', { 1: "a" }],
    ["input.tags[_]", "a"],
    ["[upper(t) | some t in input.tags]", ["A", "B"]],
    ["9007199254740993", 9007199254740992],
    ["data.limit + 1", 6],
  ];
  for (const [text, expected] of rows)
    assert.deepEqual(expression(text).value(message, { limit: 5 }), expected, text);
});

test("results have bindings and expressions", () => {
  const prepared = compile({ query: "x := input.xs[_]; x > 1; y = x" });
  assert.deepEqual(prepared.eval({ xs: [1, 2] }), [
    { bindings: { x: 2, y: 2 }, expressions: [true, true, true] },
  ]);
  assert.deepEqual(compile({ query: "1 == 2" }).eval({}), [{ bindings: {}, expressions: [false] }]);
  assert.deepEqual(compile({ query: "1 = 2" }).eval({}), []);
  assert.deepEqual(compile({ query: "input.a; input.b" }).eval({ a: 1, b: [2] }), [
    { bindings: {}, expressions: [1, [2]] },
  ]);
});

test("the host's functions", () => {
  const builtins = [
    { name: "host.double", arity: 1, run: (n: unknown) => Number(n) * 2 },
    {
      name: "host.fail",
      arity: 0,
      run: () => {
        throw new BuiltinError("no");
      },
    },
    { name: "host.none", arity: 0, run: () => undefined },
  ];
  assert.equal(expression("host.double(21)", { builtins }).value({}), 42);
  assert.equal(expression("host.none()", { builtins }).value({}), undefined);
  assert.equal(condition("host.fail()", { builtins }).matches({}), false);
  assert.throws(
    () => condition("host.fail()", { builtins, strict: true }).matches({}),
    /eval_builtin_error: host.fail: no/,
  );
});

test("a host's function gets every digit if it asks for them", () => {
  const builtins = [{ name: "host.json", arity: 1, exact: true, run: (value: unknown) => goJson(value) }];
  const read = readJson('{"b": 12345678901234567890, "a": 0.10000000000000000001}');
  assert.ok(read.ok);
  assert.equal(
    expression("host.json(input)", { builtins }).value(read.value),
    '{"a":0.10000000000000000001,"b":12345678901234567890}',
  );
});

test("what cannot be read says why", () => {
  assert.deepEqual(readJson("[1,"), { ok: false, reason: "unexpected end of JSON input" });
  assert.deepEqual(readJson("[".repeat(5000)), { ok: false, reason: "exceeded max depth" });
  const long = readJson(`"${"x".repeat(9_000_000)}"`);
  assert.match(long.ok ? "" : long.reason, /longer than the limit/);
});

test("goJson", () => {
  assert.equal(goJson({ b: ["<&>", {}], a: [] }), '{"a":[],"b":["\\u003c\\u0026\\u003e",{}]}');
  assert.equal(
    goJson({ b: ["<", {}, { c: 1 }], a: [] }, " "),
    '{\n "a": [],\n "b": [\n  "\\u003c",\n  {},\n  {\n   "c": 1\n  }\n ]\n}',
  );
  const deep = JSON.parse(`${"[".repeat(900)}${"1,".repeat(100_000)}1${"]".repeat(900)}`) as unknown;
  assert.throws(() => goJson(deep, " "), /longer than the limit/);
});

test("packagePath", () => {
  assert.deepEqual(packagePath('package a.b["c d"]\nx = 1 { true }', "v0"), ["a", "b", "c d"]);
  assert.throws(() => packagePath("x = 1", "v0", "t.rego"), RegoError);
});

test("strict makes a builtin's error the evaluation's", () => {
  assert.equal(condition("1 / 0 == 1").matches({}), false);
  assert.throws(
    () => condition("1 / 0 == 1", { strict: true }).matches({}),
    (error) =>
      error instanceof RegoError &&
      error.message === "eval_builtin_error: div: divide by zero" &&
      error.row === 1,
  );
  assert.throws(
    () => condition("count(1)", { strict: true }).matches({}),
    /eval_type_error: count: operand 1 must be one of \{array, object, set, string\} but got number/,
  );
});

test("keys that JavaScript gives a meaning to are only keys", () => {
  const hostile = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2, "2": 1, "10": 0, "a": 1}') as unknown;
  assert.deepEqual(expression("[k | some k, _ in input]").value(hostile), [
    "10",
    "2",
    "__proto__",
    "a",
    "constructor",
  ]);
  assert.equal(expression("input.constructor").value(hostile), 2);
  assert.deepEqual(expression("input.__proto__").value(hostile), { x: 1 });
  assert.equal(expression("input.constructor").value({}), undefined);
  assert.equal(expression("input.toString").value({}), undefined);
  assert.equal(expression("input.__proto__").value({}), undefined);
  assert.equal(expression("input.length").value([1]), undefined);
  assert.equal(expression('input["0"]').value([1]), undefined);
  const copy = expression("input").value(hostile) as object;
  assert.equal(JSON.stringify(copy), `{"2":1,"10":0,"__proto__":{"x":1},"a":1,"constructor":2}`);
  assert.ok(Object.hasOwn(copy, "__proto__"));
  assert.equal(expression('{"__proto__": 1}.__proto__').value({}), 1);
  assert.equal(expression('object.get({"a": 1}, "constructor", "none")').value({}), "none");
  assert.equal(expression('regex.replace("ab", `(?P<x>a)`, "$constructor-$x")').value({}), "-ab");
  assert.equal(expression("json.unmarshal(input).__proto__").value('{"__proto__": 5}'), 5);
});
