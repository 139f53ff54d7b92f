import type { Body, Clause, Module, Rule, Term, Version } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import type { Pos } from "./error.ts";
import { ALL_KEYWORDS, cursorOver, parseBody, parseStatement } from "./parse-body.ts";
import { parseExpression, parseOperand } from "./parse-term.ts";

/** A whole source: a package line, imports, rules. */
export function parseModule(source: string, file: string, version: Version): Module {
  const cursor = cursorOver(source, file, version);
  if (!cursor.acceptKeyword("package")) cursor.unexpected("expected package");
  const path = textPath(cursor, parseOperand(cursor));
  const imports = new Map<string, readonly string[]>();
  let strict = version === "v1";
  const rules: Rule[] = [];
  while (cursor.token.kind !== "eof") {
    if (cursor.accept(";")) continue;
    if (cursor.acceptKeyword("import")) strict = addImport(cursor, imports) || strict;
    else rules.push(...parseRules(cursor, strict));
  }
  return { path, imports, rules, version: strict ? "v1" : "v0" };
}

function textPath(cursor: Cursor, term: Term): readonly string[] {
  const parts = term.kind === "ref" ? [term.head, ...term.path] : [term];
  return parts.map((part) => {
    if (part.kind === "var") return part.name;
    if (part.kind === "scalar" && typeof part.value === "string") return part.value;
    return cursor.fail("invalid path: expected names and strings", part.pos);
  });
}

/** True if the import is `rego.v1`. */
function addImport(cursor: Cursor, imports: Map<string, readonly string[]>): boolean {
  const { pos } = cursor.token;
  const path = textPath(cursor, parseOperand(cursor));
  const [root, first, ...words] = path;
  if (root === "future" && first === "keywords") {
    for (const word of words.length === 0 ? ALL_KEYWORDS : words) cursor.keywords.add(word);
    if (words[0] === "every") cursor.keywords.add("in");
    return false;
  }
  if (path.join(".") === "rego.v1") {
    for (const word of ALL_KEYWORDS) cursor.keywords.add(word);
    return true;
  }
  if (root !== "data" && root !== "input") {
    cursor.fail("unexpected import path, must begin with one of: {data, future, input, rego}", pos);
  }
  const alias = cursor.acceptKeyword("as") ? cursor.next().text : (path.at(-1) ?? "");
  imports.set(alias, path);
  return false;
}

interface Head {
  readonly ref: readonly Term[];
  readonly args: readonly Term[] | undefined;
  readonly element: Term | undefined;
  readonly value: Term | undefined;
  /** v0's `p[x] { … }`: a set, unless an `if` follows. */
  readonly bracketSet: boolean;
  readonly pos: Pos;
}

/** A rule; in v0 each further body makes another one with the same head. */
function parseRules(cursor: Cursor, strict: boolean): Rule[] {
  const isDefault = cursor.acceptKeyword("default");
  const head = parseHead(cursor, strict);
  if (isDefault) {
    if (head.value === undefined) cursor.unexpected("expected default value");
    return [ruleOf(head, true, [{ value: head.value, body: [] }])];
  }
  const hasIf = cursor.acceptKeyword("if");
  const settled = head.bracketSet && !hasIf ? asSet(head) : head;
  if (!hasIf && !cursor.isSymbol("{")) return [bodyless(cursor, settled)];
  if (!hasIf && strict) cursor.fail("`if` keyword is required before rule body", head.pos);
  const clauses: Clause[] = [{ value: settled.value, body: ruleBody(cursor) }];
  addElses(cursor, clauses, strict);
  const first = ruleOf(settled, false, clauses);
  return strict || hasIf || clauses.length > 1 ? [first] : [first, ...furtherBodies(cursor, settled)];
}

function furtherBodies(cursor: Cursor, head: Head): Rule[] {
  const rules: Rule[] = [];
  while (cursor.isSymbol("{"))
    rules.push(ruleOf(head, false, [{ value: head.value, body: ruleBody(cursor) }]));
  return rules;
}

function ruleOf({ ref, args, element, pos }: Head, isDefault: boolean, clauses: readonly Clause[]): Rule {
  return { isDefault, ref, args, element, clauses, pos };
}

function asSet(head: Head): Head {
  return { ...head, ref: head.ref.slice(0, -1), element: head.ref.at(-1) };
}

function bodyless(cursor: Cursor, head: Head): Rule {
  const says =
    head.value !== undefined || head.element !== undefined || head.args !== undefined || head.ref.length > 1;
  if (!says) cursor.fail("var cannot be used for rule name", head.pos);
  const clauses: Clause[] = [{ value: head.value, body: [] }];
  addElses(cursor, clauses, false);
  return ruleOf(head, false, clauses);
}

function parseHead(cursor: Cursor, strict: boolean): Head {
  const { pos } = cursor.token;
  const term = parseOperand(cursor);
  const { ref, args } = headName(cursor, term);
  const element = cursor.acceptKeyword("contains") ? parseExpression(cursor) : undefined;
  const hasValue = element === undefined && (cursor.accept("=") || cursor.accept(":="));
  const value = hasValue ? parseExpression(cursor) : undefined;
  const bracketed = ref.length === 2 && term.kind === "ref" && isBracket(term);
  const bracketSet =
    !strict && bracketed && value === undefined && element === undefined && args === undefined;
  return { ref, args, element, value, bracketSet, pos };
}

/** `p[x]` and `p["x"]`, as against `p.x`. */
function isBracket({ path: [key] }: Extract<Term, { kind: "ref" }>): boolean {
  return key?.kind !== "scalar" || key.dotted !== true;
}

function headName(cursor: Cursor, term: Term): Pick<Head, "ref" | "args"> {
  if (term.kind === "call") {
    const [name = "", ...path] = term.name.split(".");
    const keys = path.map((value): Term => ({ kind: "scalar", value, pos: term.pos }));
    return { ref: [{ kind: "scalar", value: name, pos: term.pos }, ...keys], args: term.args };
  }
  const [head, ...path] = term.kind === "ref" ? [term.head, ...term.path] : [term];
  if (head?.kind !== "var") return cursor.fail(`${term.kind} cannot be used for rule name`, term.pos);
  return { ref: [{ kind: "scalar", value: head.name, pos: head.pos }, ...path], args: undefined };
}

/** After `if` (or at v0's brace): statements in braces, or a single one. */
function ruleBody(cursor: Cursor): Body {
  if (!cursor.accept("{")) return [parseStatement(cursor)];
  const body = parseBody(cursor, "}");
  cursor.expect("}");
  return body;
}

function addElses(cursor: Cursor, clauses: Clause[], strict: boolean): void {
  while (cursor.acceptKeyword("else")) {
    const value = cursor.accept("=") || cursor.accept(":=") ? parseExpression(cursor) : undefined;
    const hasIf = cursor.acceptKeyword("if");
    const hasBody = hasIf || (!strict && cursor.isSymbol("{"));
    clauses.push({ value, body: hasBody ? ruleBody(cursor) : [] });
  }
}
