import { type Pos, RegoError } from "./error.ts";

export type TokenKind = "eof" | "identifier" | "number" | "string" | "template" | "symbol";

export interface Token {
  readonly kind: TokenKind;
  /** The symbol, the name, the number's text, or the string's value. */
  readonly text: string;
  /** Texts and the tokens of the expressions between them; only a template has them. */
  readonly parts?: readonly (string | readonly Token[])[];
  readonly pos: Pos;
  /** A line break stands before it. */
  readonly newline: boolean;
  /** A blank, a line break or a comment stands before it: `f (x)` is no call. */
  readonly blank: boolean;
}

const SYMBOL = /[:=!<>]=|[=<>+\-*/%&|[\]{}(),:;.]/y;
const SPACE = /[ \t\r]+|\n|#[^\n]*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "\\": "\\",
  "/": "/",
};

/** Templates within templates may not go deeper: each level is a call of ours. */
const MAX_TEMPLATE_DEPTH = 32;

/** Cuts a source into tokens; the last one is `eof`. */
export function lex(source: string, file: string): readonly Token[] {
  return new Lexer(source, file).run();
}

class Lexer {
  readonly #source: string;
  readonly #file: string;
  #at = 0;
  #row = 1;
  #lineStart = 0;
  #templateDepth = 0;

  constructor(source: string, file: string) {
    this.#source = source;
    this.#file = file;
  }

  run(): readonly Token[] {
    const tokens: Token[] = [];
    for (;;) {
      const token = this.#next();
      tokens.push(token);
      if (token.kind === "eof") return tokens;
    }
  }

  #pos(): Pos {
    return { file: this.#file, row: this.#row, col: this.#at - this.#lineStart + 1 };
  }

  #fail(reason: string, pos = this.#pos()): never {
    throw new RegoError("rego_parse_error", reason, pos);
  }

  #next(): Token {
    const from = this.#at;
    const row = this.#row;
    this.#skipSpace();
    const before = { newline: this.#row > row, blank: this.#at > from, pos: this.#pos() };
    const char = this.#source[this.#at];
    if (char === undefined) return { kind: "eof", text: "", ...before };
    if (char === '"') return { kind: "string", text: this.#quoted(), ...before };
    if (char === "`") return { kind: "string", text: this.#raw(), ...before };
    if (char === "$") return { kind: "template", text: "", parts: this.#template(), ...before };
    const name = this.#match(NAME);
    if (name !== undefined) return { kind: "identifier", text: name, ...before };
    const number = this.#match(NUMBER);
    if (number !== undefined) return this.#number(number, before);
    const symbol = this.#match(SYMBOL);
    if (symbol === undefined) this.#fail("illegal token");
    return { kind: "symbol", text: symbol, ...before };
  }

  #number(text: string, before: Pick<Token, "newline" | "blank" | "pos">): Token {
    if (/[A-Za-z0-9_]/.test(this.#source[this.#at] ?? "")) this.#fail("illegal number format", before.pos);
    return { kind: "number", text, ...before };
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  #skipSpace(): void {
    for (;;) {
      const space = this.#match(SPACE);
      if (space === undefined) return;
      if (space === "\n") this.#newLine();
    }
  }

  #newLine(): void {
    this.#row++;
    this.#lineStart = this.#at;
  }

  #quoted(): string {
    const start = this.#pos();
    this.#at++;
    let text = "";
    for (;;) {
      const char = this.#source[this.#at];
      if (char === undefined || char === "\n") this.#fail("non-terminated string", start);
      if (char === "\\") text += this.#escape(false);
      else this.#at++;
      if (char === '"') return text;
      if (char !== "\\") text += char;
    }
  }

  #raw(): string {
    const start = this.#pos();
    this.#at++;
    const end = this.#source.indexOf("`", this.#at);
    if (end === -1) this.#fail("non-terminated string", start);
    const text = this.#source.slice(this.#at, end);
    for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) {
      this.#row++;
      this.#lineStart = end - text.length + at + 1;
    }
    this.#at = end + 1;
    return text.replaceAll("\r", "");
  }

  /** At a backslash: reads the escape. Templates have two more, for their braces. */
  #escape(template: boolean): string {
    const letter = this.#source[this.#at + 1] ?? "";
    if (letter === "u") return this.#unicode();
    const plain = template && (letter === "{" || letter === "}") ? letter : ESCAPES[letter];
    if (plain === undefined) this.#fail("illegal escape sequence");
    this.#at += 2;
    return plain;
  }

  #unicode(): string {
    const hex = this.#source.slice(this.#at + 2, this.#at + 6);
    if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.#fail("illegal escape sequence");
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  /** `$"…{expression}…"`, or the same with backticks and no escapes but those of the braces. */
  #template(): readonly (string | readonly Token[])[] {
    const start = this.#pos();
    const quote = this.#source[this.#at + 1];
    if (quote !== '"' && quote !== "`") this.#fail("illegal token");
    if (++this.#templateDepth > MAX_TEMPLATE_DEPTH) this.#fail("template strings are nested too deeply");
    this.#at += 2;
    const parts: (string | readonly Token[])[] = [];
    let text = "";
    for (;;) {
      const char = this.#source[this.#at];
      if (char === undefined || (char === "\n" && quote === '"')) this.#fail("non-terminated string", start);
      if (char === quote) break;
      if (char === "{") {
        this.#at++;
        parts.push(text, this.#embedded());
        text = "";
      } else text += this.#templateChar(char, quote);
    }
    this.#at++;
    this.#templateDepth--;
    return [...parts, text];
  }

  #templateChar(char: string, quote: string): string {
    const escapes = char === "\\" && (quote === '"' || /[{}]/.test(this.#source[this.#at + 1] ?? ""));
    if (escapes) return this.#escape(true);
    this.#at++;
    if (char === "\n") this.#newLine();
    return char;
  }

  /** The tokens up to the brace that closes the one just read. */
  #embedded(): readonly Token[] {
    const tokens: Token[] = [];
    for (let open = 1; ;) {
      const token = this.#next();
      if (token.kind === "eof") this.#fail("non-terminated string", token.pos);
      if (token.kind === "symbol" && token.text === "{") open++;
      if (token.kind === "symbol" && token.text === "}") open--;
      if (open === 0) return [...tokens, { ...token, kind: "eof", text: "" }];
      tokens.push(token);
    }
  }
}
