/** The types of expressions in filters and what they can be used as (RFC 9535 §2.4.3). */
import type { TypeName, Typed } from "./functions.ts";
import { JsonPathError, type Scope } from "./scope.ts";

type Read<Type extends TypeName> = (scope: Scope) => Typed[Type];

/** `at` is where it starts in the path, counted from 0. */
export type Expression = { readonly at: number } & (
  | { readonly type: "value"; readonly read: Read<"value"> }
  /** `singular`: there is at most one node, whatever the document. */
  | { readonly type: "nodes"; readonly read: Read<"nodes">; readonly singular: boolean }
  | { readonly type: "logical"; readonly read: Read<"logical"> }
);

/** @throws JsonPathError, as do the others, when it is not well-typed. */
export function asValue(expression: Expression): Read<"value"> {
  const { type, read, at } = expression;
  if (type === "value") return read;
  if (type === "logical") throw new JsonPathError("a test has no value", at + 1);
  if (!expression.singular)
    throw new JsonPathError(
      "only single names and indexes, without blanks in their brackets, have a value",
      at + 1,
    );
  return (scope) => read(scope)[0];
}

export function asNodes({ type, read, at }: Expression): Read<"nodes"> {
  if (type === "nodes") return read;
  throw new JsonPathError("a query is expected", at + 1);
}

export function asLogical({ type, read, at }: Expression): Read<"logical"> {
  if (type === "logical") return read;
  if (type === "nodes") return (scope) => read(scope).length > 0;
  throw new JsonPathError("a value by itself is no test: compare it", at + 1);
}
