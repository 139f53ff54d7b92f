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
  return { ...statement, params: statement.params.map(storableValue) };
}

function storableValue(value: Value): Value {
  if (typeof value === "string") return value.includes("\0") ? value.replaceAll("\0", "\uFFFD") : value;
  if (value === null || Number.isFinite(value)) return value;
  // A small Buffer is a view on a pool shared with others; sent to a thread as it is, the whole pool would be copied.
  if (value instanceof Uint8Array) return isWhole(value) ? value : new Uint8Array(value);
  throw new TypeError(
    `a parameter is neither text, number, bytes nor null, but ${typeof value} ${String(value)}`,
  );
}

function isWhole({ byteLength, buffer }: Uint8Array): boolean {
  return byteLength === buffer.byteLength;
}
