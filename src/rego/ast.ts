import type { Pos } from "./error.ts";
import type { Num } from "./number.ts";

/** What stands for a value in the source, with names not yet looked up. */
export type Term =
  | {
      readonly kind: "scalar";
      readonly value: null | boolean | string | Num;
      /** A key written `.key`: v0 reads the heads `p.x` and `p["x"]` differently. */
      readonly dotted?: true;
      readonly pos: Pos;
    }
  | { readonly kind: "var"; readonly name: string; readonly pos: Pos }
  | { readonly kind: "ref"; readonly head: Term; readonly path: readonly Term[]; readonly pos: Pos }
  | CallTerm
  | { readonly kind: "array" | "set"; readonly items: readonly Term[]; readonly pos: Pos }
  | { readonly kind: "object"; readonly entries: readonly (readonly [Term, Term])[]; readonly pos: Pos }
  | ComprehensionTerm
  | { readonly kind: "template"; readonly parts: readonly (string | TemplatePart)[]; readonly pos: Pos };

/** A call by its dotted name; infix operators are calls too: `a + b` is `plus(a, b)`. */
export interface CallTerm {
  readonly kind: "call";
  readonly name: string;
  readonly args: readonly Term[];
  readonly pos: Pos;
}

export interface ComprehensionTerm {
  readonly kind: "comprehension";
  readonly of: "array" | "set" | "object";
  /** Only an object comprehension has a key. */
  readonly key: Term | undefined;
  readonly value: Term;
  readonly body: Body;
  readonly pos: Pos;
}

/** `{value}`, or `{value with …}`, where the body gives the value its override. */
export interface TemplatePart {
  readonly value: Term;
  readonly body: Body;
}

/** `… with target as value` */
export interface With {
  readonly target: Term;
  readonly value: Term;
}

/** One line of a body. */
export type Statement =
  | { readonly kind: "term"; readonly term: Term; readonly withs: readonly With[]; readonly pos: Pos }
  | {
      readonly kind: "unify" | "assign";
      readonly left: Term;
      readonly right: Term;
      readonly withs: readonly With[];
      readonly pos: Pos;
    }
  | { readonly kind: "not"; readonly inner: Statement; readonly withs: readonly With[]; readonly pos: Pos }
  | {
      readonly kind: "some";
      readonly names: readonly VarTerm[];
      readonly withs: readonly With[];
      readonly pos: Pos;
    }
  | SomeIn
  | Every;

export type VarTerm = Extract<Term, { kind: "var" }>;

export interface SomeIn {
  readonly kind: "someIn";
  readonly key: Term | undefined;
  readonly value: Term;
  readonly domain: Term;
  readonly withs: readonly With[];
  readonly pos: Pos;
}

export interface Every {
  readonly kind: "every";
  readonly key: VarTerm | undefined;
  readonly value: VarTerm;
  readonly domain: Term;
  readonly body: Body;
  readonly withs: readonly With[];
  readonly pos: Pos;
}

export type Body = readonly Statement[];

/** One rule: a head, a body (empty: always true), and what else it may be. */
export interface Rule {
  readonly isDefault: boolean;
  /** The name and the keys behind it, `p.q[x]`. */
  readonly ref: readonly Term[];
  /** A function's parameters. */
  readonly args: readonly Term[] | undefined;
  /** `p contains element` */
  readonly element: Term | undefined;
  readonly clauses: readonly Clause[];
  readonly pos: Pos;
}

/** The rule itself, or one of its `else`s. */
export interface Clause {
  /** Undefined stands for true. */
  readonly value: Term | undefined;
  readonly body: Body;
}

export interface Module {
  readonly path: readonly string[];
  /** What names stand for: paths below `data` or `input`. */
  readonly imports: ReadonlyMap<string, readonly string[]>;
  readonly rules: readonly Rule[];
  readonly version: Version;
}

/** The language a source is read in. v0 words become keywords only when imported; v1 has them all. */
export type Version = "v0" | "v1";
