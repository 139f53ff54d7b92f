import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, condition, expression, RegoError } from "./index.ts";

function failure(query: string, modules: Record<string, string> = {}): string {
  try {
    compile({ query, modules, file: "q" });
    return "compiled";
  } catch (error) {
    if (error instanceof RegoError) return `${error.row}:${error.col} ${error.message}`;
    throw error;
  }
}

/** Query, then row:col and message. */
const rows: readonly (readonly [string, string])[] = [
  ["", "1:1 rego_parse_error: found empty body"],
  ["x :=", "1:5 rego_parse_error: unexpected eof token"],
  ["x == ", "1:6 rego_parse_error: unexpected eof token"],
  ["1 2", "1:3 rego_parse_error: unexpected number token: expected \\n or ; or eof"],
  ["x := 1 y := 2", "1:8 rego_parse_error: unexpected identifier token: expected \\n or ; or eof"],
  ['"abc', "1:1 rego_parse_error: non-terminated string"],
  ["x := `abc", "1:6 rego_parse_error: non-terminated string"],
  ['"a\nb"', "1:1 rego_parse_error: non-terminated string"],
  ['"\\q"', "1:2 rego_parse_error: illegal escape sequence"],
  ["1 ~ 2", "1:3 rego_parse_error: illegal token"],
  ["012", "1:1 rego_parse_error: illegal number format"],
  ["1x", "1:1 rego_parse_error: illegal number format"],
  ["1e99999", "1:1 rego_parse_error: number 1e99999 is too large"],
  ["- x", "1:3 rego_parse_error: unexpected identifier token: expected number"],
  ["[1, 2", '1:6 rego_parse_error: unexpected eof token: expected ","'],
  ["f(1", '1:4 rego_parse_error: unexpected eof token: expected ","'],
  ["f (1)", "1:3 rego_parse_error: unexpected ( token: expected \\n or ; or eof"],
  ["a [0]", "1:3 rego_parse_error: unexpected [ token: expected \\n or ; or eof"],
  ["a.", "1:3 rego_parse_error: unexpected eof token: expected identifier"],
  ["x = [y |", "1:9 rego_parse_error: unexpected eof token"],
  ["every x in [1]", '1:15 rego_parse_error: unexpected eof token: expected "{"'],
  ["every x { true }", "1:9 rego_parse_error: unexpected { token: expected in keyword"],
  ["every x in [1] {}", "1:17 rego_parse_error: found empty body"],
  ["some 1", "1:6 rego_parse_error: expected var"],
  ["some", "1:5 rego_parse_error: unexpected eof token"],
  ["not not true", "1:5 rego_parse_error: illegal negation of 'not'"],
  ["not x := 1", "1:1 rego_parse_error: cannot assign vars inside negated expression"],
  ["not", "1:4 rego_parse_error: unexpected eof token"],
  ["if", "1:1 rego_parse_error: unexpected if token"],
  ["x := 1\ny := ]", "2:6 rego_parse_error: unexpected ] token"],
  ["true with input", "1:16 rego_parse_error: unexpected eof token: expected as keyword"],
  ["1 := 2", "1:1 rego_compile_error: cannot assign to scalar"],
  ["foo(1)", "1:1 rego_type_error: undefined function foo"],
  ["a.b.c(1)", "1:1 rego_type_error: undefined function a.b.c"],
  ["x := 1\n y := foo.bar(x)", "2:7 rego_type_error: undefined function foo.bar"],
  ["upper()", "1:1 rego_type_error: function upper has arity 1, got 0 arguments"],
  ["contains(1)", "1:1 rego_type_error: function contains has arity 2, got 1 argument"],
  ["count(1, 2, 3)", "1:1 rego_type_error: function count has arity 1, got 3 arguments"],
  ["graphql.parse(1, 2)", "1:1 rego_type_error: builtin function graphql.parse is not supported yet"],
  ["any([true])", "1:1 rego_type_error: deprecated built-in function calls in expression: any"],
  ["x", "1:1 rego_unsafe_var_error: var x is unsafe"],
  ["true\nnot x > 1", "2:5 rego_unsafe_var_error: var x is unsafe"],
  ["not input.xs[_] == 1", "1:14 rego_unsafe_var_error: var _ is unsafe"],
  ["upper(_)", "1:7 rego_unsafe_var_error: var _ is unsafe"],
  ["x[i]", "1:1 rego_unsafe_var_error: var x is unsafe"],
  ["x := 1; x := 2", "1:9 rego_compile_error: var x assigned above"],
  ["y := x; x := 1", "1:9 rego_compile_error: var x referenced above"],
  ["x := x + 1", "1:1 rego_compile_error: var x referenced above"],
  ["input := 1", "1:1 rego_compile_error: variables must not shadow input (use a different variable name)"],
];

test("parse and compile errors say what and where", () => {
  for (const [query, expected] of rows) assert.equal(failure(query), expected, query);
});

test("an error prints its place as OPA does", () => {
  assert.throws(
    () => condition("x", { file: "a.rego" }),
    (error) => String(error) === "a.rego:1: rego_unsafe_var_error: var x is unsafe",
  );
});

/** A module (v1 unless it says otherwise), then row:col and message. */
const moduleRows: readonly (readonly [string, string])[] = [
  ["p := 1", "1:1 rego_parse_error: unexpected identifier token: expected package"],
  ["package a\np { true }", "2:1 rego_parse_error: `if` keyword is required before rule body"],
  ["package a\np", "2:1 rego_parse_error: var cannot be used for rule name"],
  [
    "package a\nimport foo.bar",
    "2:8 rego_parse_error: unexpected import path, must begin with one of: {data, future, input, rego}",
  ],
  ["package a\n1 := 2", "2:1 rego_parse_error: scalar cannot be used for rule name"],
  ["package a\ndefault p", "2:10 rego_parse_error: unexpected eof token: expected default value"],
  ["package a\np := x", "2:6 rego_unsafe_var_error: var x is unsafe"],
  ["package a\np if { not x }", "2:12 rego_unsafe_var_error: var x is unsafe"],
  ["package a\np if p", "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.p"],
  [
    "package a\np := q\nq := data.a",
    "2:1 rego_recursion_error: rule data.a.p is recursive: data.a.p -> data.a.q -> data.a.p",
  ],
  ["package a\nf(x) := f(x)", "2:1 rego_recursion_error: rule data.a.f is recursive: data.a.f -> data.a.f"],
  ["package a\nf(x) := 1\np := f(1, 2, 3)", "3:6 rego_type_error: function f has arity 1, got 3 arguments"],
  ["package a\nf(x) := 1\nf(x, y) := 2", "2:1 rego_type_error: conflicting rules data.a.f found"],
  ["package a\np := 1\np contains 2", "2:1 rego_type_error: conflicting rules data.a.p found"],
  ["package a\ndefault p := 1\ndefault p := 2", "3:9 rego_type_error: multiple default rules data.a.p found"],
  [
    "package a\np := 1\np.q := 2",
    "2:1 rego_type_error: rule data.a.p conflicts with a package or rule below it",
  ],
  [
    "package a\np if true with foo as 1",
    "2:16 rego_type_error: with keyword target must reference existing input, data, or a function",
  ],
];

test("modules' errors say what and where", () => {
  for (const [source, expected] of moduleRows)
    assert.equal(failure("true", { "a.rego": source }), expected, source);
});

test("an expression is a single term", () => {
  for (const text of ["x := 1", "1; 2", "some x in [1]", "", "not true"]) {
    assert.throws(() => expression(text), RegoError, text);
  }
});
