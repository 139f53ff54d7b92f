import type { Body, ComprehensionTerm, Term, VarTerm } from "./ast.ts";
import { type Pos, RegoError } from "./error.ts";
import type { Collect, Expr, Goal, Var } from "./ir.ts";
import { orderBody } from "./order.ts";
import { directNames, type Globals, type Scope } from "./scope.ts";
import type { Value } from "./value.ts";

/** Where lowering is: the names in force, and the list that goals are added to. */
export interface Place {
  readonly scope: Scope;
  readonly goals: Goal[];
  readonly globals: Globals;
  /** Lowers a body's statements; statements and terms contain each other, and so would their files. */
  readonly statements: (body: Body, place: Place) => void;
}

/** A term's value, or the reference it is read by if that may iterate. */
export type Source =
  | { readonly kind: "value"; readonly expr: Expr }
  | { readonly kind: "lookup"; readonly head: Expr; readonly path: readonly Expr[] };

export function constant(value: Value): Expr {
  return { op: "const", value };
}

/** Lowers a term to a value: iterating references within it become goals that bind a variable of ours. */
export function lowerTerm(term: Term, place: Place): Expr {
  const source = lowerSource(term, place);
  if (source.kind === "value") return source.expr;
  const target: Expr = { op: "var", variable: place.scope.fresh("", term.pos) };
  place.goals.push({ goal: "lookup", head: source.head, path: source.path, target, pos: term.pos });
  return target;
}

export function lowerSource(term: Term, place: Place): Source {
  if (term.kind === "ref") return reference(term, place);
  if (term.kind === "call") return callOrRelation(term, place);
  return { kind: "value", expr: plain(term, place) };
}

function plain(term: Exclude<Term, { kind: "ref" | "call" }>, place: Place): Expr {
  switch (term.kind) {
    case "scalar":
      return constant(term.value);
    case "var":
      return lowerName(term.name, term.pos, place);
    case "array":
    case "set":
      return { op: term.kind, items: term.items.map((item) => lowerTerm(item, place)) };
    case "object": {
      const entries = term.entries.map(
        ([key, value]) => [lowerTerm(key, place), lowerTerm(value, place)] as const,
      );
      return { op: "object", entries };
    }
    case "comprehension":
      return comprehension(term, place);
    case "template":
      return template(term, place);
  }
}

/** Looks a name up: a declared variable, else an import, rule, `input` or `data`, else a variable of the body. */
function lowerName(name: string, pos: Pos, { scope, globals }: Place): Expr {
  if (name === "_") return { op: "var", variable: scope.fresh("_", pos) };
  const declared = scope.declared(name);
  if (declared !== undefined) return { op: "var", variable: declared };
  const known = globals.name(name);
  if (known?.op === "get") globals.refer(known.head, known.path);
  if (known?.op === "data") globals.refer(known, []);
  return known ?? { op: "var", variable: scope.implicit(name, pos) };
}

function reference(term: Extract<Term, { kind: "ref" }>, place: Place): Source {
  const head = term.head.kind === "var" ? lowerHead(term.head, place) : lowerTerm(term.head, place);
  const keys = term.path.map((key) => lowerTerm(key, place));
  // An import or a rule's name is itself a path below `data`.
  const [root, path] = head.op === "get" ? [head.head, [...head.path, ...keys]] : [head, keys];
  place.globals.refer(root, path);
  if (path.some(mayIterate)) return { kind: "lookup", head: root, path };
  return { kind: "value", expr: { op: "get", head: root, path } };
}

/** Like a name on its own, but what the whole reference depends on is not known yet. */
function lowerHead({ name, pos }: VarTerm, place: Place): Expr {
  return lowerName(name, pos, { ...place, globals: { ...place.globals, refer: () => undefined } });
}

/** A variable as a key may be unbound, and then the reference goes through all the keys. */
function mayIterate(key: Expr): boolean {
  if (key.op === "var") return true;
  if (key.op === "array") return key.items.some(mayIterate);
  return key.op === "object" && key.entries.some(([, value]) => mayIterate(value));
}

function callOrRelation(term: Extract<Term, { kind: "call" }>, place: Place): Source {
  const callee = place.globals.callee(term.name, term.args.length, term.pos);
  const args = term.args.map((arg) => lowerTerm(arg, place));
  const { pos } = term;
  const expr: Expr = { op: "call", callee, args: args.slice(0, callee.arity), pos };
  if (callee.name === "walk") {
    const each: Expr = { op: "var", variable: place.scope.fresh("_", pos) };
    return { kind: "lookup", head: expr, path: [each] };
  }
  return { kind: "value", expr };
}

/** True for `f(x, y)` where `f` takes one argument: the last is what the result must be. */
export function outputArgument(term: Term, { globals }: Place): Term | undefined {
  if (term.kind !== "call") return undefined;
  const { arity } = globals.callee(term.name, term.args.length, term.pos);
  return term.args.length === arity + 1 ? term.args.at(-1) : undefined;
}

function comprehension(term: ComprehensionTerm, place: Place): Collect {
  const heads = term.key === undefined ? [term.value] : [term.key, term.value];
  const scope = place.scope.inner(directNames(term.body, ...heads));
  const inner: Place = { ...place, scope, goals: [] };
  place.statements(term.body, inner);
  return collect(inner, place, term);
}

/** Lowers a comprehension's head, after its body, and puts the body in order. */
function collect(
  inner: Place,
  outer: Place,
  { of, key, value, pos }: Omit<ComprehensionTerm, "body" | "kind">,
): Collect {
  const head = { key: key === undefined ? undefined : lowerTerm(key, inner), value: lowerTerm(value, inner) };
  inner.scope.checkUsed();
  const captures = [...inner.scope.captures];
  const needed = [head.key, head.value].filter((expr) => expr !== undefined);
  const body = orderBody(inner.goals, captures, needed);
  return { op: "collect", of, ...head, body, captures, slot: outer.scope.fresh("", pos).slot, pos };
}

/** Each part is a set comprehension `{x | x = part}`: empty if the part is undefined, and more than one is an error. */
function template(term: Extract<Term, { kind: "template" }>, place: Place): Expr {
  const parts = term.parts.map((part): string | Collect => {
    if (typeof part === "string") return part;
    const scope = place.scope.inner(directNames(part.body, part.value));
    const inner: Place = { ...place, scope, goals: [] };
    place.statements(part.body, inner);
    return collect(inner, place, { of: "set", key: undefined, value: part.value, pos: part.value.pos });
  });
  return { op: "template", parts, pos: term.pos };
}

/** Adds `left = right`, taken apart where both sides are written out, so that each pair can wait for its own moment. */
export function pushUnify(place: Place, left: Expr, right: Expr, pos: Pos): void {
  if (left.op === "array" && right.op === "array") {
    if (left.items.length !== right.items.length) return pushFalse(place, pos);
    return left.items.forEach((item, at) => pushUnify(place, item, right.items[at] as Expr, pos));
  }
  if (left.op === "object" && right.op === "object") {
    const pairs = matchingEntries(left.entries, right.entries);
    if (pairs === "never") return pushFalse(place, pos);
    if (pairs !== undefined) return pairs.forEach(([a, b]) => pushUnify(place, a, b, pos));
  }
  place.goals.push({ goal: "unify", left, right, pos });
}

function pushFalse(place: Place, pos: Pos): void {
  place.goals.push({ goal: "test", expr: constant(false), pos });
}

type Entries = readonly (readonly [Expr, Expr])[];

function matchingEntries(
  left: Entries,
  right: Entries,
): readonly (readonly [Expr, Expr])[] | "never" | undefined {
  const values = textKeys(right);
  const names = textKeys(left);
  if (values === undefined || names === undefined) return undefined;
  if (names.size !== values.size) return "never";
  const pairs: (readonly [Expr, Expr])[] = [];
  for (const [name, value] of names) {
    const other = values.get(name);
    if (other === undefined) return "never";
    pairs.push([value, other]);
  }
  return pairs;
}

/** The entries by key if all keys are different strings. */
function textKeys(entries: Entries): Map<string, Expr> | undefined {
  const byKey = new Map<string, Expr>();
  for (const [key, value] of entries) {
    if (key.op !== "const" || typeof key.value !== "string" || byKey.has(key.value)) return undefined;
    byKey.set(key.value, value);
  }
  return byKey;
}

/** What `:=`, `some … in` and function heads may have on their left: every variable in it becomes a new one. */
export function lowerDeclared(term: Term, place: Place): Expr {
  if (term.kind === "var") return { op: "var", variable: declareIn(place, term.name, term.pos) };
  if (term.kind === "array")
    return { op: "array", items: term.items.map((item) => lowerDeclared(item, place)) };
  if (term.kind === "object") {
    const entries = term.entries.map(
      ([key, value]) => [lowerTerm(key, place), lowerDeclared(value, place)] as const,
    );
    return { op: "object", entries };
  }
  return lowerTerm(term, place);
}

export function declareIn(
  { scope, globals }: Place,
  name: string,
  pos: Pos,
  must: "be new" | "be used" = "be new",
): Var {
  if (name === "_") return scope.fresh("_", pos);
  if (globals.strictNames && (name === "input" || name === "data")) {
    const reason = `variables must not shadow ${name} (use a different variable name)`;
    throw new RegoError("rego_compile_error", reason, pos);
  }
  return scope.declare(name, pos, must);
}
