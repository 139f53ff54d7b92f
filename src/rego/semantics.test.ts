import assert from "node:assert/strict";
import { test } from "node:test";
import { outcome } from "./outcome.fixture.ts";

const input = {
  a: { b: "x", no: false, nil: null },
  xs: [1, 2, 3],
  users: [
    { name: "ann", roles: ["admin", "dev"] },
    { name: "bob", roles: ["dev"] },
  ],
  empty: [],
};

/** Query and what it comes to; the input above. */
const tables: Record<string, readonly (readonly [string, string])[]> = {
  undefined: [
    ["input.a.b", '"x"'],
    ['input["a"].b', '"x"'],
    ["input.a.missing", "undefined"],
    ["input.a.b.c", "undefined"],
    ["input.xs[3]", "undefined"],
    ['input.xs["0"]', "undefined"],
    ["input.xs[0.5]", "undefined"],
    ["input.a.nil", "null"],
    ["input.a.no", "false"],
    ["input.a.no; true", "undefined"],
    ["x := input.a.no", "x=false"],
    ["x := input.missing", "undefined"],
    ["[1, input.missing]", "undefined"],
    ["input.missing == 1", "undefined"],
    ["input.a.b == 1", "false"],
    ['upper(input.missing) == "X"', "undefined"],
    ["upper(input.xs)", "undefined"],
    ["data.anything", "undefined"],
  ],
  not: [
    ["not input.missing", "true"],
    ["not input.a.no", "true"],
    ["not input.a.b", "undefined"],
    ["not input.a.nil", "undefined"],
    ["not input.xs[3] == 1", "true"],
    ["not 1 == 2; x := 1", "x=1"],
    ["not x == 2; x = 1", "x=1"],
    ["x := 1; not x in input.xs", "undefined"],
    ["not 1 = 2", "true"],
    ["x := 4; not x = input.xs[0]", "x=4"],
  ],
  iteration: [
    ["x := input.xs[_]", "x=1 | x=2 | x=3"],
    ["input.xs[i] > 1", "i=0 | i=1 | i=2"],
    ["input.xs[i] > 1; true", "i=1 | i=2"],
    ["input.xs[i] == i + 1; true", "i=0 | i=1 | i=2"],
    ['input.users[i].roles[_] == "admin"; true', "i=0"],
    ["input.users[_].roles[j] = x; j > 0", 'j=1 x="dev"'],
    ["input.a[k] = v", 'k="b" v="x" | k="nil" v=null | k="no" v=false'],
    ["{3, 1, 2}[x]", "x=1 | x=2 | x=3"],
    ["x := {3, 1, 2}[_]", "x=1 | x=2 | x=3"],
    ['{"b": 1, "a": 2}[k] = v', 'k="a" v=2 | k="b" v=1'],
    ["{2: 1, 1: 2}[k] = v", "k=1 v=2 | k=2 v=1"],
    ["input.empty[_]", "undefined"],
    ["input.a.b[_]", "undefined"],
    ["numbers.range(1, 3)[_] = x; x > 2", "x=3"],
    ["[y | y := input.xs[_]][0] = z", "z=1"],
    ["input.xs[input.xs[0]] = x", "x=2"],
    ["input.xs[input.xs[i]] = x", "i=0 x=2 | i=1 x=3"],
    ["input.xs[_] + input.xs[_] = 5", "true | true"],
    ["{[1, 2], [3, 4]}[[1, y]]", "y=2"],
    ["{[1, 2], [3, 4]}[[x, _]] = z", "x=1 z=[1,2] | x=3 z=[3,4]"],
    ['walk({"a": [1]}, [p, 1])', 'p=["a",0]'],
    ['p = walk({"a": 1})[0]; true', 'p=[] | p=["a"]'],
  ],
  some: [
    ["some i; input.xs[i] == 2; true", "i=1"],
    ["some x in input.xs; x > 2", "x=3"],
    ["some i, x in input.xs; x > 2", "i=2 x=3"],
    ["some k, _ in input.a", 'k="b" | k="nil" | k="no"'],
    ['some {"name": n, "roles": [_]} in input.users', 'n="bob"'],
    ["some [x, 1] in [[1, 1], [2, 2], [3, 1]]", "x=1 | x=3"],
    ["some 2, x in input.xs", "x=3"],
    ["some k, v in {5, 6}", "k=5 v=5 | k=6 v=6"],
    ["some x in input.missing", "undefined"],
    ["some x in 7", "undefined"],
    ["some x", "rego_compile_error: declared var x unused"],
    ["some x; some x; x = 1", "rego_compile_error: var x declared above"],
    ["some x; x := 1", "rego_compile_error: var x declared above"],
    ["some i; xs := [x | x := input.xs[i]]", "rego_unsafe_var_error: var i is unsafe"],
  ],
  every: [
    ["every x in input.xs { x > 0 }", "true"],
    ["every x in input.xs { x > 1 }", "undefined"],
    ["every x in [] { x > 1 }", "true"],
    ["every i, x in input.xs { x == i + 1 }", "true"],
    ['every k, v in {"a": "a"} { k == v }', "true"],
    ["every k, v in {4} { k == 4; v == 4 }", "true"],
    ["every x in input.missing { x }", "undefined"],
    ["every x in 5 { x }", "undefined"],
    ["every x in input.xs { some y in input.xs; y == x }", "true"],
    ["every u in input.users { every r in u.roles { count(r) > 2 } }", "true"],
    ["n := 0; every x in input.xs { x > n }", "n=0"],
    ["every x in input.xs { x > n }; n := 0", "rego_unsafe_var_error: var n is unsafe"],
    ["every x in input.xs { x > n }; n = 0", "n=0"],
  ],
  comprehensions: [
    ["[x * 2 | x := input.xs[_]]", "[2,4,6]"],
    ["{x % 2 | some x in input.xs}", "[0,1]"],
    ["{x: i | some i, x in input.xs}", '{"1":0,"2":1,"3":2}'],
    ["{u.name: u.roles | u := input.users[_]}", '{"ann":["admin","dev"],"bob":["dev"]}'],
    ["{1: x | x := input.xs[_]}", "eval_conflict_error: object keys must be unique"],
    ["[x | x := 1; false]", "[]"],
    ["[x | x := input.missing]", "[]"],
    ["ys := [x | x = input.xs[_]]; x := 5", "x=5 ys=[1,2,3]"],
    ["ys := [x | x = input.xs[_]]; x = 2", "x=2 ys=[2]"],
    ["x = 2; ys := [x | x = input.xs[_]]", "x=2 ys=[2]"],
    ["a := [x | x := 1]; b := [x | x := 2]", "a=[1] b=[2]"],
    ["x := 1; ys := [x | x := 2]", "x=1 ys=[2]"],
    ["x := 1; ys := [y | y := x]", "x=1 ys=[1]"],
    ["[[y | y := input.xs[_]; y > x] | x := input.xs[_]]", "[[2,3],[3],[]]"],
    ["ys := [x | x > y]; y = 1", "rego_unsafe_var_error: var x is unsafe"],
    ['count([1 | input.users[_].roles[_] == "dev"])', "2"],
    ["[input.xs[_] | true]", "[1,2,3]"],
    ['{input.users[i].name | input.users[i].roles[_] == "admin"}', '["ann"]'],
  ],
  unification: [
    ["[x, 2] = [1, y]", "x=1 y=2"],
    ["[x, x] = [1, 2]", "undefined"],
    ["[x, x] = [1, 1]", "x=1"],
    ["[a, [b]] = input.missing", "undefined"],
    ['{"b": b, "no": n, "nil": null} = input.a', 'b="x" n=false'],
    ['{"b": b} = input.a', "undefined"],
    ["[_, y, _] = input.xs", "y=2"],
    ["[_, y] = input.xs", "undefined"],
    ["x = y; y = [z]; z = 1", "x=[1] y=[1] z=1"],
    ["x = y", "rego_unsafe_var_error: var x is unsafe"],
    ["{x} = {1}", "rego_unsafe_var_error: var x is unsafe"],
    ["x == 1", "rego_unsafe_var_error: var x is unsafe"],
    ["[x, y] := [1, 2]", "x=1 y=2"],
    ["[x, y] := [1]", "undefined"],
    ["{1, 2} = {2, 1}", "true"],
    ["[1, 2] = [2, 1]", "undefined"],
    ['{"a": 1, "b": x} = {"b": 2, "a": 1}', "x=2"],
    ['{"a": 1} = {"b": x}', "undefined"],
    ["1.0 = 1", "true"],
    ["x := 1; x = 2", "undefined"],
    ['split("a.b", ".", [x, y])', 'x="a" y="b"'],
    ['contains("abc", "z", x)', "x=false"],
  ],
  operators: [
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["10 - 2 - 3", "5"],
    ["7 % 4", "3"],
    ["1 < 2", "true"],
    ["2 <= 1", "false"],
    ['"b" > "a"', "true"],
    ["null < false", "true"],
    ['[] < {"a": 1}', "true"],
    ["{1} > {}", "true"],
    ["{1, 2} | {3}", "[1,2,3]"],
    ["{1, 2} & {2, 3}", "[2]"],
    ["{1, 2} - {2}", "[1]"],
    ["{1} | {2} & {2, 3}", "[1,2]"],
    ["1 in {1, 2}", "true"],
    ['"b" in {"a": "b"}', "true"],
    ['"a" in {"a": "b"}', "false"],
    ['"a", "b" in {"a": "b"}', "true"],
    ['("a", "b" in {"a": "b"}) == true', "true"],
    ["1, 2 in [2] in [false, true]", "true"],
    ["{1, 1 in [2]}", "[false,1]"],
    ["1 in 2", "false"],
    ["1 == 1 == true", "true"],
    ["f := 1 == 2", "f=false"],
    ["1 +\n 2", "3"],
    ["1\n+ 2", "3"],
    ["1 / 0", "undefined"],
    ["-3 - -3", "0"],
    ["3-1", "2"],
  ],
  templates: [
    ['$"{input.a.b}!"', '"x!"'],
    ['$"{input.missing}"', '"<undefined>"'],
    ['$"{input.xs} \\{x\\}"', '"[1, 2, 3] {x}"'],
    ["$`{1 + 1}`", '"2"'],
    ['$"{input.xs[_]}"', "eval_conflict_error: template-strings must not produce multiple outputs"],
    ['$"a{$"b{1}"}"', '"ab1"'],
  ],
};

for (const [name, rows] of Object.entries(tables)) {
  test(`semantics: ${name}`, () => {
    for (const [query, expected] of rows) assert.equal(outcome(query, input), expected, query);
  });
}

test("the order of statements changes nothing", () => {
  const statements = [
    "xs := input.xs",
    "some i",
    "x = xs[i]",
    "x > y",
    "y = 1",
    "not x == 3",
    "z := [v | v := x + y]",
  ];
  const names = ["x = input.xs[i]", "x > y", "y = 1", "not x == 3", "z = [v | v = x + y]"];
  assert.equal(outcome(statements.join("\n"), input), "i=1 x=2 xs=[1,2,3] y=1 z=[3]");
  const wanted = "i=1 x=2 y=1 z=[3]";
  for (let turn = 0; turn < names.length; turn++) {
    names.push(names.shift() ?? "");
    assert.equal(outcome(names.join("; "), input), wanted, names.join("; "));
    assert.equal(outcome(names.toReversed().join("\n"), input), wanted);
  }
});

test("no input is not null", () => {
  assert.equal(outcome("input", null), "null");
  assert.equal(outcome("input"), "undefined");
  assert.equal(outcome("not input"), "true");
});
