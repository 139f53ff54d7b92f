import { RE2JS, RE2JSException } from "re2js";
import { BuiltinError } from "../error.ts";
import type { Callee } from "../ir.ts";
import { spend, spendText } from "../meter.ts";
import { indexOf } from "./define.ts";
import { integerOf, type Num } from "../number.ts";
import { isString, type Value } from "../value.ts";
import { any, builtin, integer, string } from "./define.ts";

/** Compiling costs 40 µs, matching one: the patterns of all policies are kept, the least lately used go first. */
const compiled = new Map<string, RE2JS>();
const KEPT = 500;

/** Longer patterns are no patterns but an attack on the compiler's memory. */
const MAX_PATTERN = 4096;

/** Go's regular expressions, in linear time. JavaScript's own could hang the process. */
function regexOf(pattern: string): RE2JS {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > MAX_PATTERN)
    throw new BuiltinError(`a pattern of more than ${MAX_PATTERN} characters`);
  spend(100 + pattern.length);
  const regex = compile(pattern);
  const [oldest] = compiled.keys();
  if (compiled.size >= KEPT && oldest !== undefined) compiled.delete(oldest);
  compiled.set(pattern, regex);
  return regex;
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSException || error instanceof RangeError) throw new BuiltinError(error.message);
    throw error;
  }
}

/** The work is at most the pattern's size for each character; a step is charged for every 64 of it. */
function charge(regex: RE2JS, text: string): void {
  spendText(text.length);
  spend((text.length * Math.min(regex.programSize(), 10_000)) >>> 6);
}

function matches(pattern: string, text: string): boolean {
  const regex = regexOf(pattern);
  charge(regex, text);
  return regex.test(text);
}

interface Found {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly (string | null)[];
}

/** All matches from the left, at most `limit` (all if negative); an empty one right behind another does not count. */
function findAll(regex: RE2JS, text: string, limit: number): readonly Found[] {
  charge(regex, text);
  const found: Found[] = [];
  const matcher = regex.matcher(text);
  let lastEnd = -1;
  const most = limit < 0 ? Infinity : limit;
  while (found.length < most && matcher.find()) {
    // Each search may run to the end of the text again.
    spend(1 + (text.length >>> 8));
    const [start, end] = [matcher.start(), matcher.end()];
    if (start === end && start === lastEnd) continue;
    lastEnd = end;
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, group) => matcher.group(group));
    spend(groups.length);
    found.push({ start, end, groups });
  }
  return found;
}

/** `$1`, `$name` and `${name}` stand for groups, `$$` for a dollar, as in Go's Expand. */
const REFERENCE = /\$(?:\$|(\w+)|\{(\w+)\})/g;

function expand(
  template: string,
  groups: readonly (string | null)[],
  names: Readonly<Record<string, number>>,
): string {
  return template.replaceAll(REFERENCE, (whole: string, bare?: string, braced?: string) => {
    if (whole === "$$") return "$";
    const name = bare ?? braced ?? "";
    const index = /^\d+$/.test(name) ? Number(name) : Object.hasOwn(names, name) ? names[name] : undefined;
    return (index === undefined ? undefined : groups[index]) ?? "";
  });
}

function replaceAll(text: string, pattern: string, by: string): string {
  const regex = regexOf(pattern);
  const names = regex.namedGroups();
  let result = "";
  let from = 0;
  for (const { start, end, groups } of findAll(regex, text, -1)) {
    result += text.slice(from, start) + expand(by, groups, names);
    spendText(result.length);
    from = end;
  }
  return result + text.slice(from);
}

/** Go's Split: an empty match at the very start or end cuts nothing off. */
function split(pattern: string, text: string): Value {
  if (pattern !== "" && text === "") return [""];
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of findAll(regexOf(pattern), text, -1)) {
    if (end === 0 || (start === end && start === text.length)) continue;
    parts.push(text.slice(from, start));
    from = end;
  }
  return [...parts, text.slice(from)];
}

const limitOf = (n: Num): number => indexOf(integerOf(n) === undefined ? 0 : n);

function find(pattern: string, text: string, limit: Num): Value {
  return findAll(regexOf(pattern), text, limitOf(limit)).map(({ groups }) => groups[0] ?? "");
}

function findGroups(pattern: string, text: string, limit: Num): Value {
  return findAll(regexOf(pattern), text, limitOf(limit)).map(({ groups }) =>
    groups.map((group) => group ?? ""),
  );
}

function isValid(pattern: Value): boolean {
  if (!isString(pattern)) return false;
  try {
    regexOf(pattern);
    return true;
  } catch (error) {
    if (error instanceof BuiltinError) return false;
    throw error;
  }
}

/** Regular expressions: https://www.openpolicyagent.org/docs/policy-reference/builtins/regex */
export const regex: readonly Callee[] = [
  builtin("regex.match", [string, string], matches),
  builtin("re_match", [string, string], matches),
  builtin("regex.is_valid", [any], isValid),
  builtin("regex.find_n", [string, string, integer], find),
  builtin("regex.find_all_string_submatch_n", [string, string, integer], findGroups),
  builtin("regex.replace", [string, string, string], replaceAll),
  builtin("regex.split", [string, string], split),
];
