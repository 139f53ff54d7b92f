import type { Cursor } from "./cursor.ts";

/** An operator between two terms. */
export interface Infix {
  readonly level: number;
  /** The builtin it calls. */
  readonly name: string;
}

/** Loosest first. `:=` and `=` belong to statements, not to terms. */
const INFIX: ReadonlyMap<string, Infix> = new Map([
  ["in", { level: 1, name: "internal.member_2" }],
  ["==", { level: 2, name: "equal" }],
  ["!=", { level: 2, name: "neq" }],
  ["<", { level: 2, name: "lt" }],
  ["<=", { level: 2, name: "lte" }],
  [">", { level: 2, name: "gt" }],
  [">=", { level: 2, name: "gte" }],
  ["|", { level: 3, name: "or" }],
  ["&", { level: 4, name: "and" }],
  ["+", { level: 5, name: "plus" }],
  ["-", { level: 5, name: "minus" }],
  ["*", { level: 6, name: "mul" }],
  ["/", { level: 6, name: "div" }],
  ["%", { level: 6, name: "rem" }],
]);

/** The infix operator at the cursor, which stays where it is; `|` only where it is not a comprehension's. */
export function infixAt(cursor: Cursor, unions: boolean): Infix | undefined {
  const { kind, text } = cursor.token;
  if (kind !== "symbol" && !cursor.isKeyword("in")) return undefined;
  if (text === "|" && !unions) return undefined;
  return INFIX.get(text);
}
