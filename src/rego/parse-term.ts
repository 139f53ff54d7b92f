import type { TemplatePart, Term, With } from "./ast.ts";
import { type Cursor, MAX_DEPTH } from "./cursor.ts";
import type { Pos } from "./error.ts";
import { infixAt } from "./infix.ts";
import { negate, type Num, parseNumber } from "./number.ts";

/** A term with its infix operators, all of them left-associative. */
export function parseExpression(cursor: Cursor): Term {
  return cursor.deeper(() => parseInfix(cursor, 1, true));
}

/** The first element of braces or brackets: a `|` behind it starts a comprehension's body. */
function parseFirst(cursor: Cursor): Term {
  return cursor.deeper(() => parseInfix(cursor, 1, false));
}

/** Also takes the key form `k, v in xs`, as a statement and in parentheses; the key goes with the first `in`. */
export function parseWithKey(cursor: Cursor): Term {
  const first = parseExpression(cursor);
  if (!cursor.isSymbol(",")) return first;
  const comma = cursor.next();
  const value = cursor.deeper(() => parseInfix(cursor, 2, true));
  if (!cursor.acceptKeyword("in")) cursor.fail("unexpected , token", comma.pos);
  const collection = cursor.deeper(() => parseInfix(cursor, 2, true));
  const member: Term = {
    kind: "call",
    name: "internal.member_3",
    args: [first, value, collection],
    pos: first.pos,
  };
  return cursor.deeper(() => parseInfix(cursor, 1, true, member));
}

function parseInfix(cursor: Cursor, lowest: number, unions: boolean, start?: Term): Term {
  let left = start ?? parseOperand(cursor);
  for (let length = 0; ; length++) {
    const infix = infixAt(cursor, unions);
    if (infix === undefined || infix.level < lowest) return left;
    if (length > MAX_DEPTH) cursor.fail(`more than ${MAX_DEPTH} operators in a row`);
    cursor.next();
    const right = cursor.deeper(() => parseInfix(cursor, infix.level + 1, unions));
    left = { kind: "call", name: infix.name, args: [left, right], pos: left.pos };
  }
}

/** A term without infix operators: also how a rule's head is read. */
export function parseOperand(cursor: Cursor): Term {
  const { kind, text, pos } = cursor.token;
  if (kind === "number") return number(cursor, (n) => n);
  if (kind === "string") {
    cursor.next();
    return { kind: "scalar", value: text, pos };
  }
  if (kind === "template") return template(cursor);
  if (kind === "identifier") return parsePath(cursor, named(cursor));
  if (text === "[") return parsePath(cursor, bracketed(cursor));
  if (text === "{") return parsePath(cursor, braced(cursor));
  if (text === "(") return parenthesized(cursor);
  if (text !== "-") cursor.unexpected();
  cursor.next();
  if (cursor.token.kind !== "number") cursor.unexpected("expected number");
  return number(cursor, negate);
}

function number(cursor: Cursor, change: (n: Num) => Num): Term {
  const { text, pos } = cursor.next();
  const value = parseNumber(text);
  if (value === undefined) cursor.fail(`number ${text.slice(0, 40)} is too large`, pos);
  return { kind: "scalar", value: change(value), pos };
}

const CONSTANTS: ReadonlyMap<string, null | boolean> = new Map([
  ["null", null],
  ["true", true],
  ["false", false],
]);

/** A constant or a name; `contains(…)` is a call even where `contains` is a keyword. */
function named(cursor: Cursor): Term {
  const { text, pos } = cursor.token;
  const constant = CONSTANTS.get(text);
  if (constant !== undefined && !cursor.isName()) {
    cursor.next();
    return { kind: "scalar", value: constant, pos };
  }
  const call = text === "contains" && cursor.peek(1).text === "(" && !cursor.peek(1).blank;
  if (!cursor.isName() && !call) cursor.unexpected();
  cursor.next();
  return { kind: "var", name: text, pos };
}

/** What follows a term without a blank: `.name`, `[term]`, `(arguments)`. */
function parsePath(cursor: Cursor, start: Term): Term {
  if (start.kind === "scalar") return start;
  let term: Term = start;
  for (let length = 0; ; length++) {
    if (length > 10 * MAX_DEPTH) cursor.fail("a reference of too many parts");
    if (cursor.isTight(".")) term = extended(term, dotted(cursor));
    else if (cursor.isTight("[")) term = extended(term, indexed(cursor));
    else if (cursor.isTight("(") && start.kind === "var") term = call(cursor, term);
    else return term;
  }
}

function extended(term: Term, key: Term): Term {
  if (term.kind === "ref") return { ...term, path: [...term.path, key] };
  return { kind: "ref", head: term, path: [key], pos: term.pos };
}

function dotted(cursor: Cursor): Term {
  cursor.next();
  const { kind, text, pos } = cursor.token;
  // Any word may follow a dot, keywords too (OPA 1.x).
  if (kind !== "identifier" || cursor.token.blank) cursor.unexpected("expected identifier");
  cursor.next();
  return { kind: "scalar", value: text, dotted: true, pos };
}

function indexed(cursor: Cursor): Term {
  cursor.next();
  const key = parseExpression(cursor);
  cursor.expect("]");
  return key;
}

function call(cursor: Cursor, callee: Term): Term {
  const name = calleeName(callee);
  if (name === undefined) cursor.unexpected();
  cursor.next();
  if (name === "set" && cursor.accept(")")) return { kind: "set", items: [], pos: callee.pos };
  return { kind: "call", name, args: parseList(cursor, ")"), pos: callee.pos };
}

function calleeName(callee: Term): string | undefined {
  if (callee.kind === "var") return callee.name;
  if (callee.kind !== "ref" || callee.head.kind !== "var") return undefined;
  const parts = callee.path.map((part) => (part.kind === "scalar" ? part.value : undefined));
  return parts.every((part) => typeof part === "string") ? [callee.head.name, ...parts].join(".") : undefined;
}

/** Terms up to the closing symbol; a comma may trail. */
function parseList(cursor: Cursor, close: string, first?: Term): Term[] {
  const items = first === undefined ? [] : [first];
  if (first !== undefined && !cursor.isSymbol(close)) cursor.expect(",");
  while (!cursor.accept(close)) {
    items.push(parseExpression(cursor));
    if (!cursor.isSymbol(close)) cursor.expect(",");
  }
  return items;
}

function parenthesized(cursor: Cursor): Term {
  cursor.next();
  const inner = parseWithKey(cursor);
  cursor.expect(")");
  return inner;
}

function bracketed(cursor: Cursor): Term {
  const { pos } = cursor.next();
  if (cursor.accept("]")) return { kind: "array", items: [], pos };
  const first = parseFirst(cursor);
  if (cursor.isSymbol("|"))
    return comprehension(cursor, { of: "array", key: undefined, value: first, pos }, "]");
  return { kind: "array", items: parseList(cursor, "]", first), pos };
}

function braced(cursor: Cursor): Term {
  const { pos } = cursor.next();
  if (cursor.accept("}")) return { kind: "object", entries: [], pos };
  const first = parseFirst(cursor);
  if (cursor.accept(":")) return objectFrom(cursor, first, pos);
  if (cursor.isSymbol("|"))
    return comprehension(cursor, { of: "set", key: undefined, value: first, pos }, "}");
  return { kind: "set", items: parseList(cursor, "}", first), pos };
}

function objectFrom(cursor: Cursor, key: Term, pos: Pos): Term {
  const value = parseFirst(cursor);
  if (cursor.isSymbol("|")) return comprehension(cursor, { of: "object", key, value, pos }, "}");
  const entries: [Term, Term][] = [[key, value]];
  if (!cursor.isSymbol("}")) cursor.expect(",");
  while (!cursor.accept("}")) {
    const name = parseExpression(cursor);
    cursor.expect(":");
    entries.push([name, parseExpression(cursor)]);
    if (!cursor.isSymbol("}")) cursor.expect(",");
  }
  return { kind: "object", entries, pos };
}

interface ComprehensionHead {
  readonly of: "array" | "set" | "object";
  readonly key: Term | undefined;
  readonly value: Term;
  readonly pos: Pos;
}

function comprehension(cursor: Cursor, head: ComprehensionHead, close: string): Term {
  cursor.next();
  const body = cursor.deeper(() => cursor.body(cursor, close));
  cursor.expect(close);
  return { kind: "comprehension", ...head, body };
}

function template(cursor: Cursor): Term {
  const { parts = [], pos } = cursor.next();
  const terms = parts.map((part) => (typeof part === "string" ? part : templatePart(cursor.over(part))));
  return { kind: "template", parts: terms, pos };
}

function templatePart(cursor: Cursor): TemplatePart {
  const term = parseExpression(cursor);
  const withs = parseWiths(cursor);
  if (cursor.token.kind !== "eof") cursor.unexpected();
  if (withs.length === 0) return { value: term, body: [] };
  const { pos } = term;
  // No source can say a name with a blank, so this one is only ours.
  const value: Term = { kind: "var", name: "part of a template", pos };
  return { value, body: [{ kind: "assign", left: value, right: term, withs, pos }] };
}

/** Any number of `with target as value`. */
export function parseWiths(cursor: Cursor): readonly With[] {
  const list: With[] = [];
  while (cursor.acceptKeyword("with")) {
    const target = parseExpression(cursor);
    if (target.kind !== "var" && target.kind !== "ref") cursor.fail("expected ref or var", target.pos);
    if (!cursor.acceptKeyword("as")) cursor.unexpected("expected as keyword");
    list.push({ target, value: parseExpression(cursor) });
  }
  return list;
}
