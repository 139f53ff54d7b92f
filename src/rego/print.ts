import { spend, spendText } from "./meter.ts";
import { isNum, numText } from "./number.ts";
import { entriesOf, isArray, isSet, type Value } from "./value.ts";

/** A value as Rego text, as OPA prints terms: `{"a": [1, 2]}`, `{1, 2}`, `set()`, strings quoted Go's way. */
export function termText(value: Value): string {
  spend(1);
  if (typeof value === "string") return goQuote(value);
  if (typeof value === "boolean" || value === null) return String(value);
  if (isNum(value)) return numText(value);
  if (isArray(value)) return joined("[", value.map(termText), "]");
  if (isSet(value)) return value.size === 0 ? "set()" : joined("{", value.items.map(termText), "}");
  return joined(
    "{",
    entriesOf(value).map(([key, item]) => `${termText(key)}: ${termText(item)}`),
    "}",
  );
}

function joined(open: string, parts: readonly string[], close: string): string {
  const text = `${open}${parts.join(", ")}${close}`;
  spendText(text.length);
  return text;
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  '"': '\\"',
  "\\": "\\\\",
};

/** What strconv.Quote escapes: quotes, backslashes and all that Go calls not printable (blanks but U+0020 are not). */
const NOT_PRINTABLE = /["\\]|[^\P{C}\p{Co}]|\p{Co}|[^\P{Z} ]/gu;

/** Go's strconv.Quote. */
export function goQuote(text: string): string {
  spendText(text.length);
  return `"${text.replaceAll(NOT_PRINTABLE, escaped)}"`;
}

function escaped(char: string): string {
  const short = SHORT_ESCAPES[char];
  if (short !== undefined) return short;
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x80) return `\\x${hex.padStart(2, "0")}`;
  return code > 0xffff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}

export interface JsonLayout {
  /** Go's encoder writes `<`, `>` and `&` as \u003c …; json.marshal does, yaml and others don't. */
  readonly escapeHtml: boolean;
}

/** A value as JSON text the way Go's encoder writes it: keys sorted, no blanks. */
export function jsonText(value: Value, layout: JsonLayout = { escapeHtml: true }): string {
  spend(1);
  if (typeof value === "string") return jsonString(value, layout);
  if (typeof value === "boolean" || value === null) return String(value);
  if (isNum(value)) return numText(value);
  const write = (item: Value): string => jsonText(item, layout);
  if (isArray(value)) return compact("[", value.map(write), "]");
  if (isSet(value)) return compact("[", value.items.map(write), "]");
  const entries = entriesOf(value).map(([key, item]) => {
    const name = typeof key === "string" ? key : write(key);
    return `${jsonString(name, layout)}:${write(item)}`;
  });
  return compact("{", entries, "}");
}

function compact(open: string, parts: readonly string[], close: string): string {
  const text = `${open}${parts.join()}${close}`;
  spendText(text.length);
  return text;
}

const GO_JSON_ESCAPES = /[<>&\u2028\u2029]/g;

function jsonString(text: string, { escapeHtml }: JsonLayout): string {
  spendText(text.length);
  const plain = JSON.stringify(text.isWellFormed() ? text : text.toWellFormed());
  if (!escapeHtml) return plain;
  return plain.replaceAll(
    GO_JSON_ESCAPES,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
