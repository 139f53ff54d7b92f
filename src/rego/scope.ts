import type { Body, Statement, Term } from "./ast.ts";
import { type Pos, RegoError } from "./error.ts";
import type { Callee, Expr, Var } from "./ir.ts";

/** What names mean outside a body: imports, rules, `input`, `data`, functions. */
export interface Globals {
  readonly name: (name: string) => Expr | undefined;
  readonly callee: (name: string, args: number, pos: Pos) => Callee;
  /** The function of a name, whatever its arity; for `with`. */
  readonly functionNamed: (name: string, pos: Pos) => Callee | undefined;
  /** Told of every reference, so that rules know what they depend on. */
  readonly refer: (root: Expr, path: readonly Expr[]) => void;
  /** v1 forbids locals named `input` or `data`. */
  readonly strictNames: boolean;
}

/** Numbers the slots of one frame. */
export interface Layout {
  size: number;
}

/**
 * The names of one body. A name that nothing declares belongs to the outermost body in which it stands outside of
 * comprehensions and `every`: so a comprehension shares the names its surroundings use, and has others to itself.
 */
export class Scope {
  readonly #parent: Scope | undefined;
  readonly #layout: Layout;
  readonly #declared = new Map<string, Var>();
  readonly #implicit = new Map<string, Var>();
  readonly #direct: ReadonlySet<string>;
  /** Names that `some` declared and nothing has used yet. */
  readonly #unused = new Map<string, Var>();
  readonly #bySome = new Set<string>();
  readonly #seen = new Set<string>();
  /** Variables of outer scopes that this one, or one within it, reads. */
  readonly captures = new Set<Var>();

  constructor(layout: Layout, direct: ReadonlySet<string>, parent?: Scope) {
    this.#layout = layout;
    this.#direct = direct;
    this.#parent = parent;
  }

  /** A scope for a body within this one. */
  inner(direct: ReadonlySet<string>): Scope {
    return new Scope(this.#layout, direct, this);
  }

  /** A new variable that no name leads to. */
  fresh(name: string, pos: Pos): Var {
    return { name, slot: this.#layout.size++, pos };
  }

  /** The variables a query's result shows. */
  get named(): readonly Var[] {
    return [...this.#declared.values(), ...this.#implicit.values()];
  }

  declare(name: string, pos: Pos, must: "be new" | "be used"): Var {
    if (this.#declared.has(name)) {
      const how = this.#bySome.has(name) ? "declared" : "assigned";
      throw new RegoError("rego_compile_error", `var ${name} ${how} above`, pos);
    }
    if (this.#seen.has(name)) throw new RegoError("rego_compile_error", `var ${name} referenced above`, pos);
    const variable = this.fresh(name, pos);
    this.#declared.set(name, variable);
    if (must === "be used") {
      this.#bySome.add(name);
      this.#unused.set(name, variable);
    }
    return variable;
  }

  /** The variable a name stands for here; undefined leaves the globals to be asked, before `implicit`. */
  declared(name: string): Var | undefined {
    const found = this.#find(name);
    if (found === undefined) this.#seen.add(name);
    return found;
  }

  #find(name: string): Var | undefined {
    const own = this.#declared.get(name);
    this.#unused.delete(name);
    if (own !== undefined) return own;
    const outer = this.#parent === undefined ? undefined : this.#parent.#find(name);
    if (outer !== undefined) this.captures.add(outer);
    return outer;
  }

  /** The variable of a name nobody declared. */
  implicit(name: string, pos: Pos): Var {
    const outer = this.#parent?.claimed(name, pos);
    if (outer === undefined) return this.#own(name, pos);
    this.captures.add(outer);
    return outer;
  }

  /** The variable, if this body or one around it uses the name directly. */
  claimed(name: string, pos: Pos): Var | undefined {
    const outer = this.#parent?.claimed(name, pos);
    if (outer !== undefined) {
      this.captures.add(outer);
      return outer;
    }
    return this.#direct.has(name) ? this.#own(name, pos) : undefined;
  }

  #own(name: string, pos: Pos): Var {
    let variable = this.#implicit.get(name);
    if (variable === undefined) {
      variable = this.fresh(name, pos);
      this.#implicit.set(name, variable);
    }
    return variable;
  }

  /** To be called at the end of the body: a `some` that nothing uses is an error. */
  checkUsed(): void {
    for (const { name, pos } of this.#unused.values()) {
      throw new RegoError("rego_compile_error", `declared var ${name} unused`, pos);
    }
  }
}

/** The names a body uses itself: not those within comprehensions and `every`, not those it is only about to declare. */
export function directNames(body: Body, ...heads: readonly Term[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const statement of body) addStatement(statement, names);
  for (const head of heads) addTerm(head, names);
  for (const name of body.flatMap(declaredNames)) names.delete(name);
  return names;
}

function declaredNames(statement: Statement): readonly string[] {
  const names = new Set<string>();
  if (statement.kind === "assign") addTerm(statement.left, names);
  if (statement.kind === "some") for (const { name } of statement.names) names.add(name);
  if (statement.kind === "someIn") addTerm(statement.value, names);
  if (statement.kind === "someIn" && statement.key !== undefined) addTerm(statement.key, names);
  return [...names];
}

function addStatement(statement: Statement, names: Set<string>): void {
  for (const { value } of statement.withs) addTerm(value, names);
  if (statement.kind === "term") addTerm(statement.term, names);
  if (statement.kind === "unify") addTerm(statement.left, names);
  if (statement.kind === "unify" || statement.kind === "assign") addTerm(statement.right, names);
  if (statement.kind === "not") addStatement(statement.inner, names);
  if (statement.kind === "someIn" || statement.kind === "every") addTerm(statement.domain, names);
}

function addTerm(term: Term, names: Set<string>): void {
  if (term.kind === "var") names.add(term.name);
  else for (const part of subterms(term)) addTerm(part, names);
}

/** The terms a term is made of; a comprehension's are its own business. */
function subterms(term: Term): readonly Term[] {
  if (term.kind === "ref") return [term.head, ...term.path];
  if (term.kind === "call") return term.args;
  if (term.kind === "array" || term.kind === "set") return term.items;
  return term.kind === "object" ? term.entries.flat() : [];
}
