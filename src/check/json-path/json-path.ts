/**
 * JSONPath, all of RFC 9535: a path becomes a function from a document to the values that it selects. Selectors,
 * comparisons and functions are closures, which the parser puts together.
 */
import type { JsonValue } from "./json-value.ts";
import { Parser } from "./parser.ts";
import { Scanner } from "./scanner.ts";
import { Meter } from "./scope.ts";

/**
 * The values that are selected, in order. Expects a document that is not nested so deep that it could not be recursed into.
 * @throws JsonPathError when it takes too many steps.
 */
export type JsonPath = (document: JsonValue) => readonly JsonValue[];

/** @throws JsonPathError when the path is not well-formed, or not valid: comparisons and functions have types (§2.4.3). */
export function parseJsonPath(text: string): JsonPath {
  const scanner = new Scanner(text);
  if (!scanner.isAt("$")) scanner.fail("a path starts with $");
  const { read } = new Parser(scanner).query();
  if (!scanner.atEnd()) scanner.fail("a path cannot go on like this");
  return (document) => read({ root: document, current: document, meter: new Meter() });
}
