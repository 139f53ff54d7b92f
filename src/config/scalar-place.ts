import { Scalar } from "yaml";

/**
 * The offset in the source of one character of a scalar's value, given by its row and column there. Value and source
 * are walked side by side: they hold the same characters but for white space, which YAML folds, and escapes.
 */
export function offsetInScalar(source: string, scalar: Scalar, place: { row: number; col: number }): number {
  const text = String(scalar.value);
  const target = Math.min(indexOf(text, place), text.length);
  let at = contentStart(source, scalar);
  for (let index = 0; index < target; index += 1) {
    if (isSpace(text[index])) continue;
    at = skipSpace(source, at, scalar.type);
    at += widthAt(source, at, scalar.type);
  }
  return isSpace(text[target]) ? at : skipSpace(source, at, scalar.type);
}

function indexOf(text: string, { row, col }: { row: number; col: number }): number {
  const before = text.split("\n").slice(0, row - 1);
  return before.reduce((sum, line) => sum + line.length + 1, 0) + col - 1;
}

function contentStart(source: string, { type, range }: Scalar): number {
  const start = range?.[0] ?? 0;
  if (type === Scalar.QUOTE_DOUBLE || type === Scalar.QUOTE_SINGLE) return start + 1;
  if (type === Scalar.BLOCK_LITERAL || type === Scalar.BLOCK_FOLDED) return source.indexOf("\n", start) + 1;
  return start;
}

function isSpace(character: string | undefined): boolean {
  return character === undefined || /\s/.test(character);
}

/** Past white space, and in double quotes past escapes that stand for it. */
function skipSpace(source: string, from: number, type: Scalar.Type | undefined): number {
  const space = type === Scalar.QUOTE_DOUBLE ? /(?:\s|\\[nrt \n])*/y : /\s*/y;
  space.lastIndex = from;
  space.exec(source);
  return space.lastIndex;
}

/** How many characters of the source stand for the one of the value. */
function widthAt(source: string, at: number, type: Scalar.Type | undefined): number {
  if (type === Scalar.QUOTE_SINGLE && source[at] === "'") return 2;
  if (type !== Scalar.QUOTE_DOUBLE || source[at] !== "\\") return 1;
  return { x: 4, u: 6, U: 10 }[source[at + 1] ?? ""] ?? 2;
}
