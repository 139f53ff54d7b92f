import { RegoError } from "./error.ts";
import type { Expr, Goal, Op, Override, Pattern, Var } from "./ir.ts";

/** The variables that have a value at some point: those from before, and those the goal at hand has bound so far. */
class Bound {
  readonly #before: ReadonlySet<Var>;
  readonly fresh = new Set<Var>();

  constructor(before: ReadonlySet<Var>) {
    this.#before = before;
  }

  has(variable: Var): boolean {
    return this.#before.has(variable) || this.fresh.has(variable);
  }

  bind(variable: Var): void {
    this.fresh.add(variable);
  }
}

/**
 * Puts goals in an order in which each finds the variables it needs bound, and settles what each `=` and reference
 * binds and what it tests. Greedy and stable: a goal moves only if it must. `needed` must be bound at the end.
 */
export function orderBody(
  goals: readonly Goal[],
  before: readonly Var[],
  needed: readonly Expr[] = [],
): readonly Op[] {
  const bound = new Set(before);
  const { ops, stuck } = order(goals, bound);
  const waiting = [...stuck.flatMap((goal) => goalVars([goal])), ...needed.flatMap(exprVars)];
  const unsafe = waiting.find((variable) => variable.name !== "" && !bound.has(variable));
  if (unsafe !== undefined) {
    throw new RegoError("rego_unsafe_var_error", `var ${unsafe.name} is unsafe`, unsafe.pos);
  }
  const [first] = stuck;
  if (first !== undefined) throw new RegoError("rego_unsafe_var_error", "expression is unsafe", first.pos);
  return ops;
}

/** Adds what it binds to `bound`. */
function order(
  goals: readonly Goal[],
  bound: Set<Var>,
): { readonly ops: Op[]; readonly stuck: readonly Goal[] } {
  const ops: Op[] = [];
  let waiting = goals;
  for (;;) {
    const stuck: Goal[] = [];
    for (const goal of waiting) {
      const now = new Bound(bound);
      const op = placeGoal(goal, now);
      if (op === undefined) {
        stuck.push(goal);
        continue;
      }
      ops.push(op);
      now.fresh.forEach((variable) => bound.add(variable));
    }
    if (stuck.length === 0 || stuck.length === waiting.length) return { ops, stuck };
    waiting = stuck;
  }
}

/** The goal in its settled form if it can run now. */
function placeGoal(goal: Goal, bound: Bound): Op | undefined {
  switch (goal.goal) {
    case "test":
      return isGround(goal.expr, bound) ? { op: "test", expr: goal.expr } : undefined;
    case "unify":
      return matchOp(goal.left, goal.right, bound) ?? matchOp(goal.right, goal.left, bound);
    case "lookup":
      return lookupOp(goal, bound);
    case "not":
      return goal.captures.every((variable) => bound.has(variable))
        ? { op: "not", body: goal.body }
        : undefined;
    case "every": {
      const { domain, key, value, body } = goal;
      const ready = isGround(domain, bound) && goal.captures.every((variable) => bound.has(variable));
      return ready ? { op: "every", domain, key, value, body } : undefined;
    }
    case "with":
      return withOp(goal, bound);
  }
}

function matchOp(value: Expr, against: Expr, bound: Bound): Op | undefined {
  if (!isGround(value, bound)) return undefined;
  const pattern = patternOf(against, bound);
  return pattern === undefined ? undefined : { op: "match", expr: value, pattern };
}

function lookupOp({ head, path, target }: Extract<Goal, { goal: "lookup" }>, bound: Bound): Op | undefined {
  if (!isGround(head, bound)) return undefined;
  const keys: Pattern[] = [];
  for (const key of path) {
    const pattern = patternOf(key, bound);
    if (pattern === undefined) return undefined;
    keys.push(pattern);
  }
  const onto = target === undefined ? undefined : patternOf(target, bound);
  if (target !== undefined && onto === undefined) return undefined;
  return { op: "lookup", head, path: keys, target: onto };
}

/** All of a `with`'s goals run under it, together; what they bind stays bound after it. */
function withOp({ overrides, body, slot }: Extract<Goal, { goal: "with" }>, bound: Bound): Op | undefined {
  if (!overrides.flatMap(overrideVars).every((variable) => bound.has(variable))) return undefined;
  const outside = new Set([...goalVars(body)].filter((variable) => bound.has(variable)));
  const { ops, stuck } = order(body, outside);
  if (stuck.length > 0) return undefined;
  for (const variable of outside) bound.bind(variable);
  return { op: "with", overrides, body: ops, slot };
}

/** What to hold a value against: unbound variables bind, bound ones and other terms must be equal. */
function patternOf(expr: Expr, bound: Bound): Pattern | undefined {
  if (isGround(expr, bound)) return { match: "equal", expr };
  if (expr.op === "var") {
    bound.bind(expr.variable);
    return expr.variable.name === "_" ? { match: "any" } : { match: "bind", variable: expr.variable };
  }
  if (expr.op === "array") {
    const items = expr.items.map((item) => patternOf(item, bound));
    return items.every((item) => item !== undefined) ? { match: "array", items } : undefined;
  }
  return expr.op === "object" ? objectPattern(expr.entries, bound) : undefined;
}

function objectPattern(entries: readonly (readonly [Expr, Expr])[], bound: Bound): Pattern | undefined {
  const patterns: (readonly [Expr, Pattern])[] = [];
  for (const [key, value] of entries) {
    const pattern = isGround(key, bound) ? patternOf(value, bound) : undefined;
    if (pattern === undefined) return undefined;
    patterns.push([key, pattern]);
  }
  return { match: "object", entries: patterns };
}

function isGround(expr: Expr, bound: Bound): boolean {
  return exprVars(expr).every((variable) => bound.has(variable));
}

/** The variables whose values an expression needs. */
function exprVars(expr: Expr): readonly Var[] {
  switch (expr.op) {
    case "const":
    case "input":
    case "data":
      return [];
    case "var":
      return [expr.variable];
    case "get":
      return [expr.head, ...expr.path].flatMap(exprVars);
    case "call":
      return expr.args.flatMap(exprVars);
    case "array":
    case "set":
      return expr.items.flatMap(exprVars);
    case "object":
      return expr.entries.flat().flatMap(exprVars);
    case "collect":
      return expr.captures;
    case "template":
      return expr.parts.flatMap((part) => (typeof part === "string" ? [] : part.captures));
  }
}

function overrideVars(override: Override): readonly Var[] {
  if (override.kind !== "function") return exprVars(override.value);
  return "op" in override.replacement ? exprVars(override.replacement) : [];
}

/** All variables that goals mention, each once. */
export function goalVars(goals: readonly Goal[]): readonly Var[] {
  return [...new Set(goals.flatMap(varsOf))];
}

function varsOf(goal: Goal): readonly Var[] {
  switch (goal.goal) {
    case "test":
      return exprVars(goal.expr);
    case "unify":
      // The right side first: in `y := x` it is `x` that an error should name.
      return [...exprVars(goal.right), ...exprVars(goal.left)];
    case "lookup":
      return [goal.head, ...goal.path, ...(goal.target === undefined ? [] : [goal.target])].flatMap(exprVars);
    case "not":
      return goal.captures;
    case "every":
      return [...exprVars(goal.domain), ...goal.captures];
    case "with":
      return [...goal.overrides.flatMap(overrideVars), ...goalVars(goal.body)];
  }
}
