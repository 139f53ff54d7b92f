import { ConflictError, type Statement, type Value } from "./database.ts";

/** Throws unless the statement changed as many rows as it said it must. */
export function checkChanges(statement: Statement, index: number, changed: number): void {
  if (statement.changes === undefined || statement.changes === changed) return;
  throw new ConflictError(
    index,
    `statement ${index} changed ${changed} rows instead of ${statement.changes}: ${excerpt(statement.sql)}`,
  );
}

/** The start of a statement, on one line, for messages. Parameters are left out: they may be private. */
export function excerpt(sql: string): string {
  const line = sql.replaceAll(/\s+/g, " ").trim();
  return line.length > 120 ? `${line.slice(0, 120)}…` : line;
}

/** The statement with parameters that both databases store alike. Throws a TypeError where a value is none of them. */
export function storable(statement: Statement): Statement {
  const { params } = statement;
  return params.every(isStorable) ? statement : { ...statement, params: params.map(storableValue) };
}

function isStorable(value: Value): boolean {
  if (typeof value === "string") return !value.includes("\0");
  return value === null || Number.isFinite(value) || value instanceof Uint8Array;
}

function storableValue(value: Value): Value {
  if (isStorable(value)) return value;
  if (typeof value === "string") return value.replaceAll("\0", "\uFFFD");
  throw new TypeError(
    `a parameter is neither text, number, bytes nor null, but ${typeof value} ${String(value)}`,
  );
}
