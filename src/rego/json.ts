import { spendText } from "./meter.ts";
import { type Num, parseNumber } from "./number.ts";
import { type Entry, type Value } from "./value.ts";
import { objectOf } from "./object-builder.ts";

/** A JSON text's value, or why it is none. */
export type JsonResult =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly reason: string };

/** Deeper JSON than this is refused: each level is a call of ours. */
const MAX_DEPTH = 1000;

const TOKEN =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\p{Cc}]|\x7f|[\x80-\x9f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null))/uy;

class JsonError extends Error {
  override name = "JsonError";
}

/** Reads JSON and keeps every digit of its numbers, which JSON.parse does not. */
export function readJson(text: string): JsonResult {
  spendText(text.length);
  try {
    return { ok: true, value: new Reader(text).read() };
  } catch (error) {
    if (error instanceof JsonError) return { ok: false, reason: error.message };
    throw error;
  }
}

const WORDS: Readonly<Record<string, Value>> = { true: true, false: false, null: null };

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #symbol: string | undefined;
  #scalar: { readonly value: Value } | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  read(): Value {
    this.#advance();
    const value = this.#value();
    if (this.#text.slice(this.#at).trim() !== "") this.#fail();
    return value;
  }

  #fail(): never {
    const rest = this.#text.slice(this.#at).trimStart();
    if (rest === "") throw new JsonError("unexpected end of JSON input");
    throw new JsonError(
      `invalid character ${JSON.stringify(String.fromCodePoint(rest.codePointAt(0) ?? 0))} in JSON input`,
    );
  }

  /** Reads the next token into `#symbol` or `#scalar`. */
  #advance(): void {
    TOKEN.lastIndex = this.#at;
    const found = TOKEN.exec(this.#text);
    if (found === null) this.#fail();
    const [whole, symbol, string, number, word] = found;
    this.#at += whole.length;
    this.#symbol = symbol;
    if (symbol !== undefined) this.#scalar = undefined;
    else if (string !== undefined) this.#scalar = { value: JSON.parse(string) as string };
    else this.#scalar = { value: number === undefined ? (WORDS[word ?? ""] ?? null) : this.#number(number) };
  }

  #number(text: string): Num {
    const value = parseNumber(text);
    if (value === undefined) throw new JsonError(`number ${text.slice(0, 40)} is too large`);
    return value;
  }

  /** The value that starts at the token just read. */
  #value(): Value {
    if (this.#scalar !== undefined) return this.#scalar.value;
    if (++this.#depth > MAX_DEPTH) throw new JsonError("exceeded max depth");
    const value = this.#symbol === "[" ? this.#array() : this.#symbol === "{" ? this.#object() : this.#fail();
    this.#depth--;
    return value;
  }

  #array(): Value {
    const items: Value[] = [];
    for (this.#advance(); this.#symbol !== "]";) {
      items.push(this.#value());
      this.#separator("]");
    }
    return items;
  }

  #object(): Value {
    const entries: Entry[] = [];
    for (this.#advance(); this.#symbol !== "}";) {
      const key = this.#scalar?.value;
      if (typeof key !== "string") this.#fail();
      this.#advance();
      if (this.#symbol !== ":") this.#fail();
      this.#advance();
      entries.push([key, this.#value()]);
      this.#separator("}");
    }
    return objectOf(entries);
  }

  /** After an item: the closing symbol, or a comma and the next item's first token. */
  #separator(close: string): void {
    this.#advance();
    if (this.#symbol === close) return;
    if (this.#symbol !== ",") this.#fail();
    this.#advance();
    if (this.#symbol === close) this.#fail();
  }
}
