import { BuiltinError } from "../error.ts";
import type { Callee } from "../ir.ts";
import { spend, spendText } from "../meter.ts";
import { integerOf, type Num, roundNum } from "../number.ts";
import { entriesOf, isArray, isSet, isString, type ObjectValue, type RSet, type Value } from "../value.ts";
import { runesOf } from "../code-points.ts";
import { array, builtin, elements, indexOf, integer, number, object, oneOf, set, string } from "./define.ts";
import { sprintf } from "./sprintf.ts";

/** Go counts and cuts by rune: a code point, where JavaScript has UTF-16 units. */
function runes(text: string): string[] {
  spendText(text.length);
  return runesOf(text);
}

const SURROGATE = /[\ud800-\udfff]/;

function concat(separator: string, parts: readonly Value[] | RSet): string {
  const items = elements(isArray(parts) ? parts : parts.items, string, 2);
  const length = items.reduce((total, { length }) => total + length + separator.length, 0);
  spendText(length);
  spend(items.length);
  return items.join(separator);
}

/** In code points. */
function indexOfText(text: string, part: string): number {
  if (part === "") throw new BuiltinError("empty search character");
  spendText(text.length);
  const at = text.indexOf(part);
  return at <= 0 || !SURROGATE.test(text) ? at : runes(text.slice(0, at)).length;
}

function allIndexes(text: string, part: string): Value {
  if (part === "") throw new BuiltinError("empty search character");
  const [all, wanted] = [runes(text), runes(part)];
  return all.flatMap((_, at) => (wanted.every((rune, on) => all[at + on] === rune) ? [at] : []));
}

/** A negative length means up to the end. */
function substring(text: string, from: Num, length: Num): string {
  const [start, size] = [indexOf(from), indexOf(length)];
  if (start < 0) throw new BuiltinError("negative offset");
  const end = size < 0 ? Infinity : start + size;
  return SURROGATE.test(text) ? runes(text).slice(start, end).join("") : text.slice(start, end);
}

function split(text: string, separator: string): Value {
  spendText(text.length);
  const parts = separator === "" ? runes(text) : text.split(separator);
  spend(parts.length);
  return parts;
}

function replace(text: string, old: string, by: string): string {
  const times = text.length === 0 && old !== "" ? 0 : countOf(text, old);
  spendText(text.length + times * by.length);
  if (old !== "") return text.replaceAll(old, () => by);
  return `${by}${runes(text)
    .map((rune) => rune + by)
    .join("")}`;
}

/** How often, without overlap; an empty part stands between all code points. */
function countOf(text: string, part: string): number {
  spendText(text.length);
  return part === "" ? runes(text).length + 1 : text.split(part).length - 1;
}

/** At each place the first pair (in the order of their old texts) that fits is replaced, as Go's Replacer does. */
function replaceMany(pairs: ObjectValue, text: string): string {
  const list = entriesOf(pairs).map(([old, by]) => {
    if (!isString(old))
      throw new BuiltinError("operand 1 non-string key found in pattern object", "eval_type_error");
    if (!isString(by))
      throw new BuiltinError("operand 1 non-string value found in pattern object", "eval_type_error");
    return [old, by] as const;
  });
  let result = "";
  for (let at = 0; at <= text.length;) {
    spend(list.length);
    const hit = list.find(([old]) => text.startsWith(old, at));
    const kept = hit === undefined || hit[0] === "" ? text.slice(at, at + 1) : "";
    result += (hit?.[1] ?? "") + kept;
    at += Math.max(1, hit?.[0].length ?? 1);
    if (hit !== undefined && hit[0] !== "" && at === text.length) break;
    spendText(result.length);
  }
  return result;
}

/** Cuts the characters of `cutset` off an end. */
function trimmed(text: string, cutset: string, ends: "left" | "right" | "both"): string {
  const cut = new Set(runes(cutset));
  const all = runes(text);
  const first = ends === "right" ? 0 : all.findIndex((rune) => !cut.has(rune));
  if (first === -1) return "";
  const last = ends === "left" ? all.length - 1 : all.findLastIndex((rune) => !cut.has(rune));
  return all.slice(first, last + 1).join("");
}

/** Unicode's White_Space, which is what Go trims; JavaScript's trim lacks U+0085 and has U+FEFF. */
const OUTER_SPACE = /^\p{White_Space}+|\p{White_Space}+$/gu;

/** Go maps rune by rune: what would grow (`ß`) stays as it is. */
function mapped(text: string, change: (rune: string) => string): string {
  spendText(text.length);
  const whole = change(text);
  if (/^[\0-\x7f]*$/.test(text)) return whole;
  return runes(text)
    .map((rune) => (runes(change(rune)).length === 1 ? change(rune) : rune))
    .join("");
}

function formatInt(n: Num, base: Num): string {
  const radix = indexOf(base);
  if (![2, 8, 10, 16].includes(radix))
    throw new BuiltinError("operand 2 must be one of {2, 8, 10, 16}", "eval_type_error");
  const whole = roundNum(n, "floor");
  return (integerOf(whole) ?? 0n).toString(radix);
}

const words = oneOf(string, set, array);

/** The text alone, or all of a collection. */
function texts(value: string | readonly Value[] | RSet, position: number): readonly string[] {
  if (isString(value)) return [value];
  return elements(isSet(value) ? value.items : value, string, position);
}

const anyMatch = (name: string, fits: (text: string, part: string) => boolean): Callee =>
  builtin(name, [words, words], (search, parts) => {
    const [all, wanted] = [texts(search, 1), texts(parts, 2)];
    spend(all.length * wanted.length);
    return all.some((text) => wanted.some((part) => fits(text, part)));
  });

/** Two texts in, a quick answer: the cost of looking through them is charged. */
const test = (name: string, fits: (text: string, part: string) => boolean): Callee =>
  builtin(name, [string, string], (text, part) => {
    spend(1 + (text.length >>> 6));
    return fits(text, part);
  });

const edit = (name: string, run: (text: string, part: string) => string): Callee =>
  builtin(name, [string, string], run);

/** Strings: https://www.openpolicyagent.org/docs/policy-reference/builtins/strings */
export const strings: readonly Callee[] = [
  builtin("concat", [string, oneOf(set, array)], concat),
  test("contains", (text, part) => text.includes(part)),
  test("startswith", (text, part) => text.startsWith(part)),
  test("endswith", (text, part) => text.endsWith(part)),
  anyMatch("strings.any_prefix_match", (text, part) => text.startsWith(part)),
  anyMatch("strings.any_suffix_match", (text, part) => text.endsWith(part)),
  builtin("format_int", [number, number], formatInt),
  builtin("indexof", [string, string], indexOfText),
  builtin("indexof_n", [string, string], allIndexes),
  builtin("lower", [string], (text) => mapped(text, (part) => part.toLowerCase())),
  builtin("upper", [string], (text) => mapped(text, (part) => part.toUpperCase())),
  builtin("replace", [string, string, string], replace),
  builtin("strings.replace_n", [object, string], replaceMany),
  builtin("strings.count", [string, string], countOf),
  builtin("strings.reverse", [string], (text) => runes(text).toReversed().join("")),
  builtin("split", [string, string], split),
  builtin("substring", [string, integer, integer], substring),
  edit("trim", (text, cutset) => trimmed(text, cutset, "both")),
  edit("trim_left", (text, cutset) => trimmed(text, cutset, "left")),
  edit("trim_right", (text, cutset) => trimmed(text, cutset, "right")),
  edit("trim_prefix", (text, part) => (text.startsWith(part) ? text.slice(part.length) : text)),
  edit("trim_suffix", (text, part) =>
    part !== "" && text.endsWith(part) ? text.slice(0, -part.length) : text,
  ),
  builtin("trim_space", [string], (text) => text.replaceAll(OUTER_SPACE, "")),
  builtin("sprintf", [string, array], sprintf),
];
