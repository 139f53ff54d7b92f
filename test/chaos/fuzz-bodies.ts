import type { Random } from "../fixtures/random.ts";

/** JSON texts that parsers stumble over. */
const nastyValues = [
  "null",
  "true",
  "-0",
  "1e999",
  "-1e-999",
  "123456789012345678901234567890",
  "0.1e+400",
  "01",
  "NaN",
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\u202e\u200f\ufeff"',
  '"http://127.0.0.1:1/"',
  '"http://[::1"',
  '"javascript:alert(1)"',
  '"resolved"',
  '"2026-13-45T99:99:99Z"',
  "[]",
  "{}",
  "[[[[]]]]",
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"":{"":""}}',
  '{"a":1,"a":2}',
];

const nastyKeys = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "",
  "status",
  "length",
  "then",
];

/** Texts for anywhere. */
const nastyTexts = [
  "{{ input }}",
  "${x}",
  "%s%n",
  "\0",
  "\r\n\r\n",
  "</script>",
  "' or 1=1 --",
  "\u2028",
  "\ufffd",
  "..",
  "\\u",
];

const tokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null/g;

/** A body that once was a sample's: none to four things about it are changed. */
export function mutated(random: Random, sample: string): Buffer {
  let text = sample;
  for (let changes = random.whole(0, 4); changes > 0; changes -= 1)
    text = random.pick(changesOfText)(random, text);
  let bytes = Buffer.from(text);
  if (random.next() < 0.15) bytes = random.pick(changesOfBytes)(random, bytes);
  return bytes;
}

type Change<T> = (random: Random, content: T) => T;

const changesOfText: readonly Change<string>[] = [
  (random, text) => replaceToken(random, text, () => random.pick(nastyValues)),
  (random, text) => replaceToken(random, text, () => random.pick(nastyValues)),
  (random, text) => replaceToken(random, text, () => JSON.stringify(random.pick(nastyKeys))),
  (random, text) => replaceToken(random, text, () => longValue(random)),
  // A member twice, under the same name or another's.
  (random, text) =>
    insertAt(text, afterBrace(random, text), `"${random.pick(nastyKeys)}":${random.pick(nastyValues)},`),
  (random, text) => insertAt(text, random.whole(0, text.length), random.pick(nastyTexts)),
  (random, text) => text.slice(0, random.whole(0, text.length)),
  (random, text) => {
    const from = random.whole(0, text.length);
    return text.slice(0, from) + text.slice(from + random.whole(1, 30));
  },
  (random, text) => {
    const from = random.whole(0, text.length);
    return insertAt(text, from, text.slice(from, from + random.whole(1, 60)));
  },
  (random, text) => nested(random, random.whole(1, 8), text),
];

const changesOfBytes: readonly Change<Buffer<ArrayBuffer>>[] = [
  (random, bytes) => {
    for (let count = random.whole(1, 8); count > 0 && bytes.length > 0; count -= 1)
      bytes[random.whole(0, bytes.length - 1)] = random.whole(0, 255);
    return bytes;
  },
  (random) => Buffer.from(Uint8Array.from({ length: random.whole(0, 400) }, () => random.whole(0, 255))),
  // Overlong, cut and surrogate forms of UTF-8.
  (random, bytes) => {
    const bad = random.pick(["c080", "eda080", "f4908080", "ff", "e282", "efbbbf"]);
    const at = random.whole(0, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from(bad, "hex"), bytes.subarray(at)]);
  },
  (_random, bytes) => Buffer.from(bytes.toString("latin1"), "utf16le"),
];

function replaceToken(random: Random, text: string, value: () => string): string {
  const found = [...text.matchAll(tokens)];
  if (found.length === 0) return text;
  const token = random.pick(found);
  return text.slice(0, token.index) + value() + text.slice(token.index + token[0].length);
}

/** Seldom large: a million of them have to fit into an evening. */
function longValue(random: Random): string {
  if (random.next() < 0.9) return JSON.stringify("x".repeat(random.whole(1, 2000)));
  return random.next() < 0.5
    ? nested(random, random.whole(100, 20_000), "1")
    : JSON.stringify("\u{1f4a5}".repeat(random.whole(1, 20_000)));
}

function nested(random: Random, depth: number, inner: string): string {
  return random.next() < 0.5
    ? "[".repeat(depth) + inner + "]".repeat(depth)
    : '{"a":'.repeat(depth) + inner + "}".repeat(depth);
}

function afterBrace(random: Random, text: string): number {
  const braces = [...text.matchAll(/\{/g)];
  return braces.length === 0 ? 0 : random.pick(braces).index + 1;
}

function insertAt(text: string, at: number, more: string): string {
  return text.slice(0, at) + more + text.slice(at);
}
