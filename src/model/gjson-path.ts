/**
 * Reads values out of JSON text by GJSON paths (https://github.com/tidwall/gjson/blob/master/SYNTAX.md), which Postee's
 * placeholders are written in: keys, indexes, `#`, `#(…)` and `#(…)#`. Values stay as they are written, so that numbers
 * keep all their digits.
 */
export type Step = { readonly key: string } | { readonly each: true } | Query;

interface Query {
  readonly where: {
    /** To what is compared, from the item on; empty: the item itself. */
    readonly path: readonly Step[];
    /** Absent: whether it is there at all. */
    readonly test?: { readonly operator: string; readonly value: string };
  };
  readonly all: boolean;
}

const keyText = String.raw`(?:\\[^\p{L}\p{N}"\\\n]|[\p{L}\p{N}_])(?:\\[^\p{L}\p{N}"\\\n]|(?![_-]*event\.input)(?:[\p{L}\p{N}_]|-+(?=[\p{L}\p{N}_])))*`;
const queryText = String.raw`#\((?:\\.|"(?:\\.|[^"\\\n])*"|[^()"\\\n])*\)#?`;

/**
 * A step with the dot before it, as a regular expression's source (flag `u`). A key goes on as long as there are letters,
 * digits, `_` and `-` inside it; other characters are part of it after a backslash.
 */
export const stepPattern = String.raw`\.(?:${queryText}|#(?!\()|${keyText})`;

/** The steps of `.a.0.#(b==c).d`, which `stepPattern` has found; undefined when a query in it cannot be read. */
export function parsePath(text: string): readonly Step[] | undefined {
  const parts = text.match(new RegExp(stepPattern, "gu")) ?? [];
  const steps = parts.map((part) => parseStep(part.slice(1)));
  return steps.includes(undefined) ? undefined : (steps as readonly Step[]);
}

function parseStep(text: string): Step | undefined {
  if (text === "#") return { each: true };
  if (text.startsWith("#(")) return parseQuery(text);
  return { key: text.replace(/\\(.)/gu, "$1") };
}

function parseQuery(text: string): Query | undefined {
  const all = text.endsWith("#");
  const inner = text.slice(2, all ? -2 : -1).trim();
  // Inside a JSON string its quotes are escaped: #(name==\"a\").
  const plain = /(?<!\\)"/.test(inner) ? inner : inner.replaceAll('\\"', '"');
  const [, name = "", operator, value = ""] =
    /^([^!=<>%\s]*)\s*(?:(==|=|!=|<=|>=|<|>)\s*("(?:\\.|[^"\\])*"|[^"\s]+))?$/.exec(plain) ?? [];
  if (name === "" && operator === undefined) return undefined;
  const dotted = name === "" ? "" : `.${name}`;
  const path = new RegExp(`^(?:${stepPattern})*$`, "u").test(dotted) ? parsePath(dotted) : undefined;
  if (path === undefined) return undefined;
  if (operator === undefined) return { where: { path }, all };
  const test = { operator: operator === "=" ? "==" : operator, value: unquoted(value) };
  return { where: { path, test }, all };
}

function unquoted(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/gu, "$1") : text;
}

/** The value at a path as JSON text; undefined when there is none. Expects valid JSON. */
export function valueAt(json: string, [step, ...rest]: readonly Step[]): string | undefined {
  const raw = json.trim();
  if (step === undefined) return raw;
  if ("key" in step) {
    const value = memberOf(raw, step.key);
    return value === undefined ? undefined : valueAt(value, rest);
  }
  if (!raw.startsWith("[")) return undefined;
  const items = [...members(raw)].map(([, item]) => item);
  if ("each" in step) return rest.length === 0 ? String(items.length) : valuesAt(items, rest);
  const { where, all } = step;
  if (all)
    return valuesAt(
      items.filter((item) => holds(item, where)),
      rest,
    );
  const first = items.find((item) => holds(item, where));
  return first === undefined ? undefined : valueAt(first, rest);
}

function valuesAt(items: readonly string[], rest: readonly Step[]): string {
  return `[${items.flatMap((item) => valueAt(item, rest) ?? []).join(",")}]`;
}

/** A JSON value as text: strings as they are, null as nothing, all else as JSON. */
export function plainValue(raw: string): string {
  if (raw.startsWith('"')) return JSON.parse(raw) as string;
  return raw === "null" ? "" : raw;
}

function holds(item: string, { path, test }: Query["where"]): boolean {
  const found = valueAt(item, path);
  if (found === undefined || test === undefined) return found !== undefined;
  const isNumber = /^[-\d]/.test(found);
  if (!isNumber && !/^["tf]/.test(found)) return false;
  const order = isNumber ? Number(found) - Number(test.value) : orderOf(plainValue(found), test.value);
  if (test.operator === "==") return order === 0;
  if (test.operator === "!=") return order !== 0;
  if (order === 0) return test.operator.endsWith("=");
  return test.operator.startsWith("<") ? order < 0 : order > 0;
}

function orderOf(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Of a key that is there twice the first counts. */
function memberOf(raw: string, key: string): string | undefined {
  if (raw.startsWith("[") && !/^\d+$/.test(key)) return undefined;
  for (const [name, value] of members(raw)) if (name === key) return value;
  return undefined;
}

const token = /\s*("[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+)/y;

/** The members of an object by key, the items of an array by index, each as it is written. */
function* members(raw: string): Generator<readonly [name: string, value: string]> {
  if (!/^[{[]/.test(raw)) return;
  let [at, depth, from, index] = [0, 0, 1, 0];
  let key: string | undefined;
  while (at < raw.length) {
    token.lastIndex = at;
    const text = token.exec(raw)?.[1] ?? "";
    // Not kept in `token`: whoever iterates may iterate elsewhere between two items.
    at = text === "" ? raw.length : token.lastIndex;
    if (text === "{" || text === "[") depth += 1;
    if (text === "}" || text === "]") depth -= 1;
    if (depth === 1 && text === ":") {
      key = JSON.parse(raw.slice(from, at - 1)) as string;
      from = at;
    } else if (depth === 0 || (depth === 1 && text === ",")) {
      const value = raw.slice(from, at - 1).trim();
      if (value !== "") yield [key ?? String(index), value];
      [from, index] = [at, index + 1];
    }
  }
}
