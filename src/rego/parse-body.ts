import type { Body, SomeIn, Statement, Term, VarTerm, Version } from "./ast.ts";
import { Cursor } from "./cursor.ts";
import type { Pos } from "./error.ts";
import { lex } from "./lexer.ts";
import { parseExpression, parseWithKey, parseWiths } from "./parse-term.ts";

/** More statements than any human writes; ordering them takes time that grows with the square. */
const MAX_STATEMENTS = 2000;

export const ALL_KEYWORDS = ["contains", "every", "if", "in"];

/** A cursor at the start of a source. */
export function cursorOver(source: string, file: string, version: Version): Cursor {
  const keywords = new Set(version === "v1" ? ALL_KEYWORDS : []);
  return new Cursor(lex(source, file), { version, keywords, body: parseBody });
}

/** A query: a body on its own. It always knows the words of v1, whatever version the modules are in. */
export function parseQuery(source: string, file: string): Body {
  const cursor = cursorOver(source, file, "v1");
  return parseBody(cursor, "eof");
}

/** One term alone, such as a template's `{{ … }}`. */
export function parseSingle(source: string, file: string): Term {
  const cursor = cursorOver(source, file, "v1");
  const term = parseWithKey(cursor);
  if (cursor.token.kind !== "eof") cursor.unexpected("expected a single expression");
  return term;
}

/** Statements up to a closing symbol (which is left) or the end, apart by newlines or `;`. */
export function parseBody(cursor: Cursor, close: string): Body {
  const closed = (): boolean => (close === "eof" ? cursor.token.kind === "eof" : cursor.isSymbol(close));
  const body: Statement[] = [];
  if (closed()) cursor.fail("found empty body");
  for (;;) {
    if (body.length === MAX_STATEMENTS) cursor.fail(`more than ${MAX_STATEMENTS} statements in a body`);
    body.push(parseStatement(cursor));
    const semicolon = cursor.accept(";");
    if (closed()) return body;
    if (!semicolon && !cursor.token.newline) cursor.unexpected(`expected \\n or ; or ${close}`);
  }
}

/** One statement with its `with`s. */
export function parseStatement(cursor: Cursor): Statement {
  const { pos } = cursor.token;
  if (cursor.acceptKeyword("some")) return some(cursor, pos);
  if (isEvery(cursor)) return every(cursor, pos);
  if (!cursor.acceptKeyword("not")) return expression(cursor, pos);
  for (const word of ["not", "some", "every"]) {
    if (cursor.isKeyword(word)) cursor.fail(`illegal negation of '${word}'`);
  }
  const inner = expression(cursor, cursor.token.pos);
  if (inner.kind === "assign") cursor.fail("cannot assign vars inside negated expression", pos);
  // `not e with x as y` negates the whole of `e with x as y`.
  return { kind: "not", inner, withs: [], pos };
}

function isEvery(cursor: Cursor): boolean {
  return cursor.isKeyword("every") && cursor.peek(1).kind === "identifier";
}

function expression(cursor: Cursor, pos: Pos): Statement {
  const left = parseWithKey(cursor);
  const kind = cursor.accept(":=") ? "assign" : cursor.accept("=") ? "unify" : undefined;
  if (kind === undefined) return { kind: "term", term: left, withs: parseWiths(cursor), pos };
  const right = parseWithKey(cursor);
  return { kind, left, right, withs: parseWiths(cursor), pos };
}

function some(cursor: Cursor, pos: Pos): Statement {
  if (cursor.token.kind === "eof") cursor.unexpected();
  const terms = [parseExpression(cursor)];
  while (cursor.accept(",")) terms.push(parseExpression(cursor));
  const last = terms.at(-1) as Term;
  if (last.kind === "call" && last.name === "internal.member_2") return someIn(cursor, terms, pos);
  const names = terms.map((term): VarTerm => {
    if (term.kind !== "var") cursor.fail("expected var", term.pos);
    return term;
  });
  return { kind: "some", names, withs: parseWiths(cursor), pos };
}

function someIn(cursor: Cursor, terms: readonly Term[], pos: Pos): SomeIn {
  const last = terms.at(-1) as Extract<Term, { kind: "call" }>;
  if (terms.length > 2) cursor.fail("expected one or two variables before in", pos);
  const [value, domain] = last.args as readonly [Term, Term];
  return {
    kind: "someIn",
    key: terms.length === 2 ? terms[0] : undefined,
    value,
    domain,
    withs: parseWiths(cursor),
    pos,
  };
}

function every(cursor: Cursor, pos: Pos): Statement {
  cursor.next();
  const first = variable(cursor);
  const second = cursor.accept(",") ? variable(cursor) : undefined;
  if (!cursor.acceptKeyword("in")) cursor.unexpected("expected in keyword");
  const domain = parseExpression(cursor);
  cursor.expect("{");
  const body = cursor.deeper(() => parseBody(cursor, "}"));
  cursor.expect("}");
  const vars = second === undefined ? { key: undefined, value: first } : { key: first, value: second };
  return { kind: "every", ...vars, domain, body, withs: parseWiths(cursor), pos };
}

function variable(cursor: Cursor): VarTerm {
  if (!cursor.isName()) cursor.unexpected("expected var");
  const { text, pos } = cursor.next();
  return { kind: "var", name: text, pos };
}
