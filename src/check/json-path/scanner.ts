/** The words of a JSONPath, from front to back (RFC 9535, appendix A). */
import { JsonPathError } from "./scope.ts";

/** Longer than anybody writes, and short enough for regular expressions. */
const lengthLimit = 10_000;

const hex = String.raw`[\dA-Fa-f]`;
const unicodeEscape = String.raw`u(?:(?:[\dABCEFabcef]${hex}|[Dd][0-7])${hex}{2}|[Dd][89ABab]${hex}{2}\\u[Dd][C-Fc-f]${hex}{2})`;
const literal = (quote: string) =>
  String.raw`${quote}(?:[^\p{Cs}\x00-\x1f\\${quote}]|\\(?:[bfnrt/\\${quote}]|${unicodeEscape}))*${quote}`;
const stringLiteral = new RegExp(`${literal("'")}|${literal('"')}`, "uy");

const inJson: Readonly<Record<string, string>> = { '"': String.raw`\"`, "\\'": "'" };

export class Scanner {
  readonly #text: string;
  /** Where we are, counted from 0 in UTF-16 units. */
  at = 0;

  constructor(text: string) {
    this.#text = text;
    if (text.length > lengthLimit) this.fail(`it is longer than ${lengthLimit} characters`, lengthLimit);
  }

  /** What is next, by a sticky expression, and passes it. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  isAt(token: string): boolean {
    return this.#text.startsWith(token, this.at);
  }

  eat(token: string): boolean {
    const found = this.isAt(token);
    if (found) this.at += token.length;
    return found;
  }

  expect(token: string): void {
    if (!this.eat(token)) this.fail(`${token} is expected`);
  }

  /** Passes blank space; false when there is none. */
  blanks(): boolean {
    return this.take(/[ \t\n\r]+/y) !== undefined;
  }

  atEnd(): boolean {
    return this.at === this.#text.length;
  }

  /** A string in either kind of quotes; undefined when none starts here. */
  string(): string | undefined {
    const from = this.at;
    if (!this.isAt("'") && !this.isAt('"')) return undefined;
    const found =
      this.take(stringLiteral) ??
      this.fail("a string that does not end, or has what strings cannot have", from);
    // JSON's escapes are the same but for the quotes.
    const inner = found.slice(1, -1).replaceAll(/\\.|"/gu, (part) => inJson[part] ?? part);
    return JSON.parse(`"${inner}"`) as string;
  }

  /** An index or a bound; undefined when none starts here. */
  integer(): number | undefined {
    const from = this.at;
    const found = this.take(/0|-?[1-9]\d*/y);
    if (found === undefined) return undefined;
    const value = Number(found);
    return Number.isSafeInteger(value) ? value : this.fail("an index beyond 2^53 - 1", from);
  }

  fail(message: string, at = this.at): never {
    throw new JsonPathError(message, at + 1);
  }
}
