import type { Body, Version } from "./ast.ts";
import { BUILTINS } from "./builtins/all.ts";
import { DEPRECATED, NOT_YET } from "./builtins/names.ts";
import { emitExpr, emitOps } from "./emit.ts";
import { type Pos, RegoError } from "./error.ts";
import type { Callee, Expr, Var } from "./ir.ts";
import { lowerQuery, placeIn } from "./lower-body.ts";
import { orderBody } from "./order.ts";
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

/** What names mean where there are no modules: `input`, `data` and the builtins. */
export function bareGlobals(version: Version, custom: ReadonlyMap<string, Callee>): Globals {
  const roots = new Map<string, Expr>([
    ["input", { op: "input" }],
    ["data", { op: "data" }],
  ]);
  return {
    name: (name) => roots.get(name),
    callee: (name, args, pos) => checkedCallee({ name, args, pos }, version, custom),
    strictNames: version === "v1",
  };
}

interface Call {
  readonly name: string;
  readonly args: number;
  readonly pos: Pos;
}

function checkedCallee(
  { name, args, pos }: Call,
  version: Version,
  custom: ReadonlyMap<string, Callee>,
): Callee {
  const callee = custom.get(name) ?? BUILTINS.get(name);
  if (callee === undefined) {
    const reason = NOT_YET.has(name)
      ? `builtin function ${name} is not supported yet`
      : `undefined function ${name}`;
    throw new RegoError("rego_type_error", reason, pos);
  }
  if (version === "v1" && DEPRECATED.has(name) && !custom.has(name)) {
    throw new RegoError("rego_type_error", `deprecated built-in function calls in expression: ${name}`, pos);
  }
  // One argument more is what the result is held against.
  if (args !== callee.arity && args !== callee.arity + 1) throw arityError(callee, { name, args, pos });
  return callee;
}

function arityError(callee: Callee, { name, args, pos }: Call): RegoError {
  const reason = `function ${name} has arity ${callee.arity}, got ${args} argument${args === 1 ? "" : "s"}`;
  return new RegoError("rego_type_error", reason, pos);
}
