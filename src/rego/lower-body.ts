import type { Body, Every, SomeIn, Statement, Term } from "./ast.ts";
import { RegoError } from "./error.ts";
import type { Expr, Goal, Var } from "./ir.ts";
import {
  declareIn,
  lowerDeclared,
  lowerSource,
  lowerTerm,
  outputArgument,
  type Place,
  pushUnify,
  type Source,
} from "./lower.ts";
import { lowerOverride } from "./lower-with.ts";
import { goalVars, orderBody } from "./order.ts";
import { directNames, type Globals, type Scope } from "./scope.ts";

/** A place at the start of a body. */
export function placeIn(scope: Scope, globals: Globals): Place {
  return { scope, goals: [], globals, statements: lowerStatements };
}

export function lowerStatements(body: Body, place: Place): void {
  for (const statement of body) lowerStatement(statement, place);
}

/** Turns a statement into goals; the order of statements matters only for what `:=` and `some` declare. */
function lowerStatement(statement: Statement, place: Place): void {
  if (statement.withs.length > 0) return lowerWith(statement, place);
  switch (statement.kind) {
    case "term":
      return pushTest(statement.term, place);
    case "assign":
      checkAssignable(statement.left);
      return pushSource(
        lowerSource(statement.right, place),
        lowerDeclared(statement.left, place),
        place,
        statement,
      );
    case "unify":
      return unify(statement.left, statement.right, place);
    case "not":
      return not(statement.inner, place);
    case "some":
      return statement.names.forEach(({ name, pos }) => void declareIn(place, name, pos, "be used"));
    case "someIn":
      return someIn(statement, place);
    case "every":
      return every(statement, place);
  }
}

/** The values are worked out before and outside; the statement's goals stay together under the override. */
function lowerWith(statement: Statement, place: Place): void {
  const overrides = statement.withs.map((one) => lowerOverride(one, place));
  const goals: Goal[] = [];
  lowerStatement({ ...statement, withs: [] }, { ...place, goals });
  const { slot } = place.scope.fresh("", statement.pos);
  place.goals.push({ goal: "with", overrides, body: goals, slot, pos: statement.pos });
}

function pushTest(term: Term, place: Place): void {
  const output = outputArgument(term, place);
  if (output !== undefined) {
    const source = lowerSource(term, place);
    return pushSource(source, lowerTerm(output, place), place, term);
  }
  const source = lowerSource(term, place);
  const { pos } = term;
  if (source.kind === "value") place.goals.push({ goal: "test", expr: source.expr, pos });
  else place.goals.push({ goal: "lookup", head: source.head, path: source.path, target: undefined, pos });
}

/** Adds the goal that gives `target` what the source yields. */
function pushSource(source: Source, target: Expr, place: Place, { pos }: Pick<Term, "pos">): void {
  if (source.kind === "value") pushUnify(place, target, source.expr, pos);
  else place.goals.push({ goal: "lookup", head: source.head, path: source.path, target, pos });
}

function unify(left: Term, right: Term, place: Place): void {
  const source = lowerSource(right, place);
  if (source.kind === "lookup") return pushSource(source, lowerTerm(left, place), place, right);
  pushSource(lowerSource(left, place), source.expr, place, left);
}

const ASSIGNABLE = new Set<Term["kind"]>(["var", "array", "object"]);

function checkAssignable(left: Term): void {
  if (ASSIGNABLE.has(left.kind)) return;
  throw new RegoError("rego_compile_error", `cannot assign to ${left.kind}`, left.pos);
}

function not(inner: Statement, place: Place): void {
  const goals: Goal[] = [];
  lowerStatement(inner, { ...place, goals });
  // Nothing under `not` may be unbound but what we made ourselves: it could not be said what is negated.
  const captures = goalVars(goals).filter(({ name }) => name !== "");
  place.goals.push({ goal: "not", body: orderBody(goals, captures), captures, pos: inner.pos });
}

/** `some k, v in xs` is `v = xs[k]` with new variables; over a set the key is the element itself. */
function someIn({ key, value, domain, pos }: SomeIn, place: Place): void {
  const head = lowerTerm(domain, place);
  const each = key === undefined ? wildcard(place, pos) : lowerDeclared(key, place);
  const target = lowerDeclared(value, place);
  place.goals.push({ goal: "lookup", head, path: [each], target, pos });
}

function wildcard({ scope }: Place, pos: Statement["pos"]): Expr {
  return { op: "var", variable: scope.fresh("_", pos) };
}

function every({ key, value, domain, body, pos }: Every, place: Place): void {
  const over = lowerTerm(domain, place);
  const scope = place.scope.inner(directNames(body));
  const inner: Place = { ...place, scope, goals: [] };
  const keyVar = key === undefined ? undefined : declareIn(inner, key.name, key.pos);
  const valueVar = declareIn(inner, value.name, value.pos);
  lowerStatements(body, inner);
  scope.checkUsed();
  const captures = [...scope.captures];
  const bound = [...captures, valueVar, ...(keyVar === undefined ? [] : [keyVar])];
  const ops = orderBody(inner.goals, bound);
  place.goals.push({ goal: "every", domain: over, key: keyVar, value: valueVar, body: ops, captures, pos });
}

/**
 * A query's statements, each with the variable its value goes to. A single term keeps `false` as its value; among
 * several statements `false` ends the branch.
 */
export function lowerQuery(body: Body, place: Place): readonly (Var | undefined)[] {
  return body.map((statement) => {
    if (
      statement.kind !== "term" ||
      statement.withs.length > 0 ||
      outputArgument(statement.term, place) !== undefined
    ) {
      lowerStatement(statement, place);
      return undefined;
    }
    const variable = place.scope.fresh("", statement.pos);
    const target: Expr = { op: "var", variable };
    pushSource(lowerSource(statement.term, place), target, place, statement.term);
    if (body.length > 1) place.goals.push({ goal: "test", expr: target, pos: statement.pos });
    return variable;
  });
}
