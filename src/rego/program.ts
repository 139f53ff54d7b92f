import type { Clause, Term } from "./ast.ts";
import { type ClauseCode, evaluateFunction, evaluateGroup, type GroupCode } from "./evaluate.ts";
import { emitExpr, emitOps } from "./emit.ts";
import { RegoError } from "./error.ts";
import type { Callee, Expr, Var } from "./ir.ts";
import { constant, lowerDeclared, lowerTerm, type Place, pushUnify } from "./lower.ts";
import { lowerStatements, placeIn } from "./lower-body.ts";
import { orderBody } from "./order.ts";
import { type PackageNode, type RuleGroup, type Sourced } from "./rules.ts";
import type { Context } from "./runtime.ts";
import { directNames, type Globals, type Layout, Scope } from "./scope.ts";
import type { Value } from "./value.ts";

/** The rules of all modules, compiled. */
export class RuleProgram {
  readonly root: PackageNode;
  readonly #code = new Map<RuleGroup, GroupCode>();

  constructor(root: PackageNode) {
    this.root = root;
  }

  add(group: RuleGroup, code: GroupCode): void {
    this.#code.set(group, code);
  }

  valueOf(group: RuleGroup, context: Context): Value | undefined {
    return evaluateGroup(this.#codeOf(group), context);
  }

  /** The group as a function that calls can name. */
  callee(group: RuleGroup): Callee {
    const name = ["data", ...group.path].join(".");
    return {
      name,
      arity: group.arity,
      run: (args, context) => evaluateFunction(this.#codeOf(group), args, context),
    };
  }

  #codeOf(group: RuleGroup): GroupCode {
    const code = this.#code.get(group);
    if (code === undefined)
      throw new RegoError("eval_internal_error", `rule ${group.path.join(".")} was not compiled`);
    return code;
  }
}

/** Compiles a group's rules, each against what names mean in its own module. */
export function compileGroup(group: RuleGroup, globalsOf: (sourced: Sourced) => Globals): GroupCode {
  const chains = group.rules.map((sourced) => {
    const globals = globalsOf(sourced);
    return sourced.rule.clauses.map((clause) => compileClause(clause, sourced, globals));
  });
  const elements = group.rules.map(({ rule }) => rule.element !== undefined);
  const { fallback } = group;
  const [clause] = fallback?.rule.clauses ?? [];
  const last =
    fallback === undefined || clause === undefined
      ? undefined
      : compileClause(clause, fallback, globalsOf(fallback));
  return { group, chains, elements, fallback: last };
}

function compileClause(clause: Clause, { rule, keys }: Sourced, globals: Globals): ClauseCode {
  const layout: Layout = { size: 0 };
  const value = rule.element ?? clause.value;
  const heads = value === undefined ? keys : [...keys, value];
  const scope = new Scope(layout, directNames(clause.body, ...heads));
  const place = placeIn(scope, globals);
  const params = (rule.args ?? []).map(({ pos }) => scope.fresh("", pos));
  const pending = declareParams(rule.args ?? [], place);
  lowerStatements(clause.body, place);
  const result = value === undefined ? constant(true) : lowerTerm(value, place);
  const path = keys.map((key) => lowerTerm(key, place));
  scope.checkUsed();
  pending.forEach((pattern, at) =>
    pushUnify(place, pattern, { op: "var", variable: params[at] as Var }, rule.pos),
  );
  const ops = orderBody(place.goals, params, [result, ...path]);
  return {
    run: emitOps(ops, (frame) => frame.found(frame)),
    value: emitExpr(result),
    keys: path.map(emitExpr),
    frameSize: layout.size,
  };
}

/** Parameters are patterns; a name that comes twice must be the same both times. */
function declareParams(args: readonly Term[], place: Place): readonly Expr[] {
  const seen = new Set<string>();
  return args.map((arg) => {
    if (arg.kind !== "var" || arg.name === "_") return lowerDeclared(arg, place);
    const again = seen.has(arg.name);
    seen.add(arg.name);
    return again ? lowerTerm(arg, place) : lowerDeclared(arg, place);
  });
}
