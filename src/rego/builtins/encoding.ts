import { BuiltinError } from "../error.ts";
import type { Callee } from "../ir.ts";
import { spend, spendText } from "../meter.ts";
import { readJson } from "../json.ts";
import { jsonText, termText } from "../print.ts";
import { elements, any, builtin, object, string } from "./define.ts";
import { entriesOf, isArray, isSet, isString, type ObjectValue, type Value } from "../value.ts";
import { objectOf } from "../object-builder.ts";

const utf8 = new TextDecoder("utf-8");

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Go decodes strictly (but skips line breaks), where Buffer takes anything. */
function decodeBase64(text: string): string {
  const plain = text.replaceAll(/[\r\n]/g, "");
  if (!BASE64.test(plain)) throw new BuiltinError(`illegal base64 data at input byte ${badByte(plain)}`);
  return utf8.decode(Buffer.from(plain, "base64"));
}

function badByte(text: string): number {
  const at = text.search(/[^A-Za-z0-9+/]/);
  return at === -1 ? text.length - (text.length % 4) : at;
}

function isBase64(text: string): boolean {
  return BASE64.test(text.replaceAll(/[\r\n]/g, ""));
}

/** With or without padding. */
function decodeBase64Url(text: string): string {
  if (/[+/]/.test(text)) throw new BuiltinError(`illegal base64 data at input byte ${text.search(/[+/]/)}`);
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  const padding = standard.includes("=") ? "" : "=".repeat((4 - (standard.length % 4)) % 4);
  return decodeBase64(standard + padding);
}

function encodeBase64Url(text: string): string {
  return Buffer.from(text, "utf8").toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

function decodeHex(text: string): string {
  const odd = /[^0-9a-fA-F]/u.exec(text)?.[0];
  if (odd !== undefined) throw new BuiltinError(`encoding/hex: invalid byte: ${runeName(odd)}`);
  if (text.length % 2 === 1) throw new BuiltinError("encoding/hex: odd length hex string");
  return utf8.decode(Buffer.from(text, "hex"));
}

function runeName(rune: string): string {
  const code = rune.codePointAt(0) ?? 0;
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")} '${rune}'`;
}

/** Go's QueryEscape: a blank is `+`, and `!'()*` are escaped too. */
function encodeQuery(text: string): string {
  const escaped = encodeURIComponent(text.toWellFormed());
  const rest = escaped.replaceAll(
    /[!'()*]/g,
    (char) => `%${(char.codePointAt(0) ?? 0).toString(16).toUpperCase()}`,
  );
  return rest.replaceAll("%20", "+");
}

function decodeQuery(text: string): string {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/su.exec(text)?.[0];
  if (bad !== undefined) throw new BuiltinError(`invalid URL escape "${bad}"`);
  const bytes = text
    .replaceAll("+", " ")
    .replaceAll(/(?:%[0-9a-fA-F]{2})+/g, (run) => utf8.decode(Buffer.from(run.replaceAll("%", ""), "hex")));
  return bytes;
}

function encodeQueryObject(from: ObjectValue): string {
  const pairs = entriesOf(from).flatMap(([key, value]) => {
    if (!isString(key))
      throw new BuiltinError("operand 1 must be object containing string keys", "eval_type_error");
    return queryValues(value).map((text) => `${encodeQuery(key)}=${encodeQuery(text)}`);
  });
  return pairs.join("&");
}

function queryValues(value: Value): readonly string[] {
  if (isString(value)) return [value];
  if (isArray(value)) return elements(value, string, 1);
  if (isSet(value)) return elements(value.items, string, 1);
  throw new BuiltinError(
    `operand 1 value ${termText(value)} must be a string, array or set of strings`,
    "eval_type_error",
  );
}

function decodeQueryObject(text: string): Value {
  const found = new Map<string, string[]>();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    if (pair.includes(";")) throw new BuiltinError("invalid semicolon separator in query");
    const equals = pair.indexOf("=");
    const name = decodeQuery(equals === -1 ? pair : pair.slice(0, equals));
    const values = found.get(name) ?? [];
    values.push(equals === -1 ? "" : decodeQuery(pair.slice(equals + 1)));
    found.set(name, values);
    spend(1);
  }
  return objectOf(found);
}

function parseJson(text: string): Value {
  const parsed = readJson(text);
  if (parsed.ok) return parsed.value;
  throw new BuiltinError(parsed.reason);
}

/** Charges for the text before it is worked on. */
const coder = (name: string, run: (text: string) => Value): Callee =>
  builtin(name, [string], (text) => {
    spendText(text.length);
    return run(text);
  });

/** Encoding: https://www.openpolicyagent.org/docs/policy-reference/builtins/encoding */
export const encoding: readonly Callee[] = [
  coder("base64.encode", (text) => Buffer.from(text, "utf8").toString("base64")),
  coder("base64.decode", decodeBase64),
  coder("base64.is_valid", isBase64),
  coder("base64url.encode", encodeBase64Url),
  coder("base64url.encode_no_pad", (text) => encodeBase64Url(text).replaceAll("=", "")),
  coder("base64url.decode", decodeBase64Url),
  coder("hex.encode", (text) => Buffer.from(text, "utf8").toString("hex")),
  coder("hex.decode", decodeHex),
  coder("urlquery.encode", encodeQuery),
  coder("urlquery.decode", decodeQuery),
  coder("urlquery.decode_object", decodeQueryObject),
  builtin("urlquery.encode_object", [object], encodeQueryObject),
  builtin("json.marshal", [any], (value) => jsonText(value)),
  coder("json.unmarshal", parseJson),
  builtin("json.is_valid", [any], (text) => isString(text) && readJson(text).ok),
];
