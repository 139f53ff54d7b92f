import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, condition, expression, RegoError } from "./index.ts";

function failure(query: string): string {
  try {
    compile({ query, file: "q" });
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

test("modules are refused by name", () => {
  assert.throws(
    () => compile({ query: "true", modules: { "a.rego": "package a" } }),
    /modules are not supported yet/,
  );
});

test("an expression is a single term", () => {
  for (const text of ["x := 1", "1; 2", "some x in [1]", "", "not true"]) {
    assert.throws(() => expression(text), RegoError, text);
  }
});
