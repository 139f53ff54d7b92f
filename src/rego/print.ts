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
  /** Put before a member once for each level that it is in. Without it all is on one line. */
  readonly indent?: string;
}

/** A value as JSON text the way Go's encoder writes it: keys sorted, no blanks unless indented. */
export function jsonText(value: Value, layout: JsonLayout = { escapeHtml: true }, line = "\n"): string {
  spend(1);
  if (typeof value === "string") return jsonString(value, layout);
  if (typeof value === "boolean" || value === null) return String(value);
  if (isNum(value)) return numText(value);
  const { escapeHtml, indent = "" } = layout;
  const write = (item: Value): string => jsonText(item, layout, line + indent);
  const breaks = indent === "" ? { inner: "", outer: "" } : { inner: line + indent, outer: line };
  if (isArray(value)) return enclosed("[]", value.map(write), breaks);
  if (isSet(value)) return enclosed("[]", value.items.map(write), breaks);
  const colon = indent === "" ? ":" : ": ";
  const entries = entriesOf(value).map(([key, item]) => {
    const name = typeof key === "string" ? key : jsonText(key, { escapeHtml });
    return `${jsonString(name, layout)}${colon}${write(item)}`;
  });
  return enclosed("{}", entries, breaks);
}

/** Charged for before it is made: a long list in many levels is mostly blanks. */
function enclosed(
  brackets: string,
  parts: readonly string[],
  { inner, outer }: { readonly inner: string; readonly outer: string },
): string {
  const [open = "", close = ""] = brackets;
  spendText(parts.reduce((length, part) => length + part.length + 1 + inner.length, 2));
  if (parts.length === 0) return brackets;
  return `${open}${inner}${parts.join(`,${inner}`)}${outer}${close}`;
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
