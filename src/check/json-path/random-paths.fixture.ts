/**
 * Documents and paths drawn from the grammar of RFC 9535, but for what jsonpath-rfc9535 1.3 reads wrongly, with which they
 * are compared: indexes in comparisons, three tests with the same operator, alternatives in `match`, bounds of slices that
 * are negative, absent or among blanks, and characters beyond U+FFFF.
 */
import type { Random } from "../../../test/fixtures/random.ts";
import type { JsonValue } from "./json-value.ts";

const names = ["a", "b", "c", "é", "0"] as const;
const texts = ["a", "b", "ab", "", "é", "10"] as const;

export function drawDocument(random: Random, depth = 4): JsonValue {
  const kind = random.next();
  if (depth > 0 && kind < 0.35) return drawList(random, () => drawDocument(random, depth - 1));
  if (depth > 0 && kind < 0.8) {
    const entries = drawList(random, () => [random.pick(names), drawDocument(random, depth - 1)] as const);
    return Object.fromEntries(entries);
  }
  return random.pick([null, true, false, 0, 1, 2, -1.5, ...texts]);
}

export function drawPath(random: Random): string {
  return `$${drawSegments(random, 3)}`;
}

/** A path that somebody mistyped: mostly none any more. */
export function drawMistyped(random: Random): string {
  const path = drawPath(random);
  const at = random.whole(1, path.length);
  const typed = random.pick([
    ...".*[]?@$!&|=<>,:()'\"\\ -019eabu{~".split(""),
    "..",
    "&&",
    "||",
    "==",
    "\\u00e9",
    "\ud800",
  ]);
  return path.slice(0, at) + random.pick(["", typed]) + path.slice(at + random.whole(0, 1));
}

function drawList<T>(random: Random, draw: () => T): T[] {
  return Array.from({ length: random.whole(0, 4) }, draw);
}

const blank = (random: Random) => random.pick(["", "", "", "", " ", "\n\t"]);

function drawSegments(random: Random, depth: number): string {
  return Array.from({ length: random.whole(0, 3) }, () => blank(random) + drawSegment(random, depth)).join(
    "",
  );
}

function drawSegment(random: Random, depth: number): string {
  const dots = random.pick([".", ".", ".."]);
  const kind = random.next();
  if (kind < 0.4) return `${dots}${random.pick(["*", "a", "b", "c", "é"])}`;
  const selectors = Array.from({ length: random.pick([1, 1, 2]) }, () => drawSelector(random, depth));
  const list = selectors.join(`${blank(random)},${blank(random)}`);
  return `${dots === ".." ? ".." : ""}[${blank(random)}${list}${blank(random)}]`;
}

function drawSelector(random: Random, depth: number): string {
  const kind = random.next();
  if (kind < 0.25) return quoted(random, random.pick(names));
  if (kind < 0.4) return String(random.whole(-4, 4));
  if (kind < 0.5) return "*";
  if (kind < 0.65 || depth === 0) {
    const bound = () => random.pick(["", random.whole(0, 4)]);
    return `${bound()}:${bound()}${random.pick(["", `:${random.whole(-2, 2)}`])}`;
  }
  return `?${blank(random)}${drawLogical(random, depth - 1)}`;
}

function quoted(random: Random, text: string): string {
  const escaped = random.next() < 0.2 ? text.replaceAll("a", "\\u0061").replaceAll("é", "\\u00E9") : text;
  return random.pick([`'${escaped}'`, `"${escaped}"`]);
}

function drawLogical(random: Random, depth: number): string {
  const [left, right] = [drawTest(random, depth), drawTest(random, depth)];
  const operator = `${blank(random)}${random.pick(["&&", "||"])}${blank(random)}`;
  return random.next() < 0.3 ? left + operator + right : left;
}

function drawTest(random: Random, depth: number): string {
  const kind = random.next();
  const not = random.pick(["", "", `!${blank(random)}`]);
  if (kind < 0.15 && depth > 0)
    return `${not}(${blank(random)}${drawLogical(random, depth - 1)}${blank(random)})`;
  if (kind < 0.35) return `${not}${random.pick(["@", "$"])}${drawSegments(random, depth)}`;
  if (kind < 0.45) {
    const pattern = quoted(random, random.pick(["a", "b+", "[ab].", "(a|b)*", ".", "1?0"]));
    return `${not}${random.pick(["match", "search"])}(${drawValue(random, depth)},${blank(random)}${pattern})`;
  }
  const operator = random.pick(["==", "!=", "<", "<=", ">", ">="]);
  return drawValue(random, depth) + blank(random) + operator + blank(random) + drawValue(random, depth);
}

function drawValue(random: Random, depth: number): string {
  const kind = random.next();
  if (kind < 0.4) return drawSingular(random);
  if (kind < 0.5) return quoted(random, random.pick(texts));
  if (kind < 0.65) return random.pick(["0", "1", "-1.5", "10e-1", "-0", "2.0"]);
  if (kind < 0.75) return random.pick(["true", "false", "null"]);
  if (kind < 0.85) return `length(${drawSingular(random)})`;
  return `${random.pick(["count", "value"])}(${blank(random)}@${drawSegments(random, depth)})`;
}

function drawSingular(random: Random): string {
  const step = () =>
    random.pick([`.${random.pick(["a", "b", "é"])}`, `[${quoted(random, random.pick(names))}]`]);
  return random.pick(["@", "@", "$"]) + Array.from({ length: random.whole(0, 2) }, step).join("");
}
