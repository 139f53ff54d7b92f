import type { RuleProgram } from "./program.ts";
import type { Context } from "./runtime.ts";
import { replaced } from "./overrides.ts";
import { isGroup, type PackageNode, type RuleGroup } from "./rules.ts";
import { entriesOf, type Entry, forced, isObject, isString, Lazy, lookup, type Value } from "./value.ts";
import { objectOf } from "./object-builder.ts";

/** What `data` is in a context: the base document, and above it what the rules of the packages make. */
export function dataOf(program: RuleProgram | undefined): (context: Context) => Value {
  return (context) => {
    if (program === undefined) {
      return context.overlays.reduce((data, { path, value }) => replaced(data, path, value), context.base);
    }
    return new PackageValue({ program, context, path: [] }, program.root, context.base).asValue;
  };
}

interface At {
  readonly program: RuleProgram;
  readonly context: Context;
  readonly path: readonly string[];
}

/** A path below `data` where packages, rules, base documents and overrides meet. */
class PackageValue extends Lazy {
  readonly #at: At;
  readonly #node: PackageNode | undefined;
  readonly #base: Value | undefined;

  constructor(at: At, node: PackageNode | undefined, base: Value | undefined) {
    super();
    this.#at = at;
    this.#node = node;
    this.#base = base;
  }

  get(key: Value): Value | undefined {
    const base = this.#base === undefined ? undefined : lookup(this.#base, key);
    if (!isString(key)) return base;
    const path = [...this.#at.path, key];
    const overlays = overlaysAt(this.#at.context, path);
    const exact = overlays.find((overlay) => overlay.path.length === path.length);
    const below = overlays.length > (exact === undefined ? 0 : 1);
    if (exact !== undefined)
      return below ? new PackageValue({ ...this.#at, path }, undefined, exact.value).asValue : exact.value;
    const child = this.#node?.children.get(key);
    if (child !== undefined && isGroup(child)) return this.#rule(child, path, below);
    if (child === undefined && !below) return base;
    return new PackageValue({ ...this.#at, path }, child, base).asValue;
  }

  #rule(group: RuleGroup, path: readonly string[], below: boolean): Value | undefined {
    const { program, context } = this.#at;
    if (group.kind === "function") return undefined;
    if (below)
      return new PackageValue({ ...this.#at, path }, undefined, program.valueOf(group, context)).asValue;
    return program.valueOf(group, context);
  }

  /** Rules win over the base document; what is undefined leaves no key. */
  force(): Value | undefined {
    const base = this.#base;
    if (base !== undefined && !isObject(base)) return base;
    const names = [
      ...(this.#node?.children.keys() ?? []),
      ...overlaysAt(this.#at.context, this.#at.path).map(({ path }) => path[this.#at.path.length]),
    ];
    const entries = new Map<Value, Value>(base === undefined ? [] : entriesOf(base));
    for (const name of names) {
      const value = name === undefined ? undefined : this.get(name);
      const whole = forced(value);
      if (name !== undefined && whole !== undefined) entries.set(name, whole);
    }
    return objectOf([...entries] as Entry[]);
  }
}

/** The overrides at a path and below it. */
function overlaysAt({ overlays }: Context, path: readonly string[]): Context["overlays"] {
  return overlays.filter((overlay) => overlay.path.length >= path.length && follows(path, overlay.path));
}

function follows(path: readonly string[], longer: readonly string[]): boolean {
  return path.every((name, at) => longer[at] === name);
}
