import type { Body, Version } from "./ast.ts";
import { type Pos, RegoError } from "./error.ts";
import type { Token } from "./lexer.ts";

/** How deep terms and bodies may nest, and how many operators may follow each other: both become our call depth. */
export const MAX_DEPTH = 200;

/** The words that are keywords in every version. */
const RESERVED = new Set([
  "as",
  "default",
  "else",
  "false",
  "import",
  "not",
  "null",
  "package",
  "some",
  "true",
  "with",
]);

const TOKEN_NAMES: Readonly<Record<string, string>> = {
  ":=": "assign",
  "=": "eq",
  "==": "equal",
  "!=": "neq",
  "<": "lt",
  "<=": "lte",
  ">": "gt",
  ">=": "gte",
  "+": "plus",
  "-": "minus",
  "*": "mul",
  "/": "div",
  "%": "rem",
  "&": "and",
  "|": "or",
};

/** A place in the tokens, with the settings the grammar depends on. */
export class Cursor {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  readonly version: Version;
  /** The words that v1, or an import of `future.keywords`, made keywords. */
  readonly keywords: Set<string>;
  /** Parses the body of a comprehension; terms and bodies contain each other, and so would their files. */
  readonly body: (cursor: Cursor, close: string) => Body;

  constructor(tokens: readonly Token[], settings: Pick<Cursor, "version" | "keywords" | "body">) {
    this.#tokens = tokens;
    this.version = settings.version;
    this.keywords = settings.keywords;
    this.body = settings.body;
  }

  get token(): Token {
    return this.peek(0);
  }

  peek(ahead: number): Token {
    return (this.#tokens[this.#at + ahead] ?? this.#tokens.at(-1)) as Token;
  }

  next(): Token {
    const token = this.token;
    if (token.kind !== "eof") this.#at++;
    return token;
  }

  /** A cursor over a template's tokens, with this one's settings. */
  over(tokens: readonly Token[]): Cursor {
    const inner = new Cursor(tokens, this);
    inner.#depth = this.#depth;
    return inner;
  }

  isSymbol(text: string): boolean {
    return this.token.kind === "symbol" && this.token.text === text;
  }

  /** The symbol follows with no blank before it. */
  isTight(text: string): boolean {
    return this.isSymbol(text) && !this.token.blank;
  }

  isWord(word: string): boolean {
    return this.token.kind === "identifier" && this.token.text === word;
  }

  isKeyword(word: string): boolean {
    return this.isWord(word) && this.#isKeyword(this.token);
  }

  /** True for a name that is no keyword here. */
  isName(): boolean {
    return this.token.kind === "identifier" && !this.#isKeyword(this.token);
  }

  /** A keyword with a dot right behind it is a name (OPA 1.x): `if.x`. */
  #isKeyword({ text }: Token): boolean {
    const { text: after, blank } = this.peek(1);
    if (after === "." && !blank) return false;
    return RESERVED.has(text) || this.keywords.has(text);
  }

  accept(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.next();
    return true;
  }

  acceptKeyword(word: string): boolean {
    if (!this.isKeyword(word)) return false;
    this.next();
    return true;
  }

  expect(symbol: string): Token {
    if (!this.isSymbol(symbol)) this.unexpected(`expected "${symbol}"`);
    return this.next();
  }

  fail(reason: string, pos: Pos = this.token.pos): never {
    throw new RegoError("rego_parse_error", reason, pos);
  }

  /** OPA's words for a token out of place. */
  unexpected(note?: string): never {
    const name = tokenName(this.token, this.isName());
    this.fail(`unexpected ${name} token${note === undefined ? "" : `: ${note}`}`);
  }

  /** Runs a rule of the grammar one level deeper. */
  deeper<T>(rule: () => T): T {
    if (++this.#depth > MAX_DEPTH) this.fail(`nested too deeply (more than ${MAX_DEPTH} levels)`);
    const result = rule();
    this.#depth--;
    return result;
  }
}

function tokenName(token: Token, isName: boolean): string {
  if (token.kind === "identifier") return isName ? "identifier" : token.text;
  if (token.kind === "symbol") return TOKEN_NAMES[token.text] ?? token.text;
  return token.kind === "template" ? "string" : token.kind;
}
