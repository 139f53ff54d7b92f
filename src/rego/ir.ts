import type { BuiltinError, Pos } from "./error.ts";
import type { Context } from "./runtime.ts";
import type { Value } from "./value.ts";

/** A variable with its place in the frame. */
export interface Var {
  /** The name in the source, `_` for a wildcard, empty for what the compiler made. */
  readonly name: string;
  readonly slot: number;
  readonly pos: Pos;
}

/** A function as calls see it, ours or a rule's. */
export interface Callee {
  readonly name: string;
  readonly arity: number;
  /** Says whether operands are of the wrong type: the error itself only if it is wanted. */
  readonly misfit?: (args: readonly Value[], wanted: boolean) => BuiltinError | "misfit" | undefined;
  readonly run: (args: readonly Value[], context: Context) => Value | undefined;
}

/** A term with its names looked up. References that may iterate have become goals of their own. */
export type Expr =
  | { readonly op: "const"; readonly value: Value }
  | { readonly op: "var"; readonly variable: Var }
  | { readonly op: "input" }
  | { readonly op: "data" }
  | { readonly op: "get"; readonly head: Expr; readonly path: readonly Expr[] }
  | { readonly op: "call"; readonly callee: Callee; readonly args: readonly Expr[]; readonly pos: Pos }
  | { readonly op: "array" | "set"; readonly items: readonly Expr[] }
  | { readonly op: "object"; readonly entries: readonly (readonly [Expr, Expr])[] }
  | Collect
  | { readonly op: "template"; readonly parts: readonly (string | Collect)[]; readonly pos: Pos };

/** A comprehension, its body already in order. */
export interface Collect {
  readonly op: "collect";
  readonly of: "array" | "set" | "object";
  readonly key: Expr | undefined;
  readonly value: Expr;
  readonly body: readonly Op[];
  /** Variables of the bodies around it: it can run once they are bound. */
  readonly captures: readonly Var[];
  /** Where the collected values are kept meanwhile. */
  readonly slot: number;
  readonly pos: Pos;
}

/** A statement that is not yet in its place: which variables it binds depends on what runs before it. */
export type Goal =
  | { readonly goal: "test"; readonly expr: Expr; readonly pos: Pos }
  | { readonly goal: "unify"; readonly left: Expr; readonly right: Expr; readonly pos: Pos }
  /** `target = head[path…]`, for each binding of the path; without a target the value must not be false. */
  | {
      readonly goal: "lookup";
      readonly head: Expr;
      readonly path: readonly Expr[];
      readonly target: Expr | undefined;
      readonly pos: Pos;
    }
  | {
      readonly goal: "not";
      readonly body: readonly Op[];
      readonly captures: readonly Var[];
      readonly pos: Pos;
    }
  | EveryGoal
  | WithGoal;

export interface EveryGoal {
  readonly goal: "every";
  readonly domain: Expr;
  readonly key: Var | undefined;
  readonly value: Var;
  readonly body: readonly Op[];
  readonly captures: readonly Var[];
  readonly pos: Pos;
}

export interface WithGoal {
  readonly goal: "with";
  readonly overrides: readonly Override[];
  readonly body: readonly Goal[];
  /** Where the context from before waits. */
  readonly slot: number;
  readonly pos: Pos;
}

/** What a `with` puts in whose place. */
export type Override =
  | { readonly kind: "input" | "data"; readonly path: readonly string[]; readonly value: Expr }
  | { readonly kind: "function"; readonly name: string; readonly replacement: Expr | Callee };

/** What a value is held against; which variables it binds is settled. */
export type Pattern =
  | { readonly match: "any" }
  | { readonly match: "bind"; readonly variable: Var }
  | { readonly match: "equal"; readonly expr: Expr }
  | { readonly match: "array"; readonly items: readonly Pattern[] }
  | { readonly match: "object"; readonly entries: readonly (readonly [Expr, Pattern])[] };

/** A statement in its place. */
export type Op =
  | { readonly op: "test"; readonly expr: Expr }
  | { readonly op: "match"; readonly expr: Expr; readonly pattern: Pattern }
  | {
      readonly op: "lookup";
      readonly head: Expr;
      readonly path: readonly Pattern[];
      readonly target: Pattern | undefined;
    }
  | { readonly op: "not"; readonly body: readonly Op[] }
  | {
      readonly op: "every";
      readonly domain: Expr;
      readonly key: Var | undefined;
      readonly value: Var;
      readonly body: readonly Op[];
    }
  | {
      readonly op: "with";
      readonly overrides: readonly Override[];
      readonly body: readonly Op[];
      readonly slot: number;
    };
