import type { Body, Module, Version } from "./ast.ts";
import { emitExpr, emitOps } from "./emit.ts";
import { RegoError } from "./error.ts";
import { globalsOf, type World } from "./globals.ts";
import type { Callee, Expr, Var } from "./ir.ts";
import { lowerQuery, placeIn } from "./lower-body.ts";
import { orderBody } from "./order.ts";
import { compileGroup, RuleProgram } from "./program.ts";
import { type RuleGroup, ruleTree } from "./rules.ts";
import type { Eval, Step } from "./runtime.ts";
import { directNames, type Globals, type Layout, Scope } from "./scope.ts";

/** A query ready to run. */
export interface CompiledQuery {
  readonly frameSize: number;
  /** Calls the frame's `found` for each result. */
  readonly run: Step;
  /** The variables a result shows. */
  readonly variables: readonly Var[];
  /** The values of the statements that are terms; the others are true where they hold. */
  readonly values: readonly (Eval | undefined)[];
}

/** Compiles the rules of all modules. */
export function compileProgram(
  modules: readonly Module[],
  version: Version,
  custom: ReadonlyMap<string, Callee>,
): World {
  const { root, groups } = ruleTree(modules);
  const program = new RuleProgram(root);
  const world: World = { program, custom, version };
  const uses = new Map<RuleGroup, Set<RuleGroup>>();
  for (const group of groups) {
    const used = new Set<RuleGroup>();
    uses.set(group, used);
    program.add(
      group,
      compileGroup(group, ({ module }) => globalsOf(world, module, (other) => void used.add(other))),
    );
  }
  checkRecursion(uses);
  return world;
}

/** A rule may not depend on itself, however indirectly. */
function checkRecursion(uses: ReadonlyMap<RuleGroup, ReadonlySet<RuleGroup>>): void {
  const done = new Set<RuleGroup>();
  const visit = (group: RuleGroup, trail: readonly RuleGroup[]): void => {
    const names = trail.slice(trail.indexOf(group)).map(nameOf);
    if (trail.includes(group)) {
      const reason = `rule ${nameOf(group)} is recursive: ${[...names, nameOf(group)].join(" -> ")}`;
      throw new RegoError("rego_recursion_error", reason, group.pos);
    }
    if (done.has(group)) return;
    for (const used of uses.get(group) ?? []) visit(used, [...trail, group]);
    done.add(group);
  };
  for (const group of uses.keys()) visit(group, []);
}

function nameOf({ path }: RuleGroup): string {
  return ["data", ...path].join(".");
}

/** What names mean to a query. */
export function queryGlobals(world: World): Globals {
  return globalsOf(world, undefined, () => undefined);
}

/** Compiles a body against what its names mean. */
export function compileQuery(body: Body, globals: Globals): CompiledQuery {
  const layout: Layout = { size: 0 };
  const scope = new Scope(layout, directNames(body));
  const place = placeIn(scope, globals);
  const values = lowerQuery(body, place);
  scope.checkUsed();
  const needed = values
    .filter((variable) => variable !== undefined)
    .map((variable): Expr => ({ op: "var", variable }));
  const ops = orderBody(place.goals, [], needed);
  return {
    run: emitOps(ops, (frame) => frame.found(frame)),
    variables: scope.named,
    values: values.map((variable) =>
      variable === undefined ? undefined : emitExpr({ op: "var", variable }),
    ),
    frameSize: layout.size,
  };
}
