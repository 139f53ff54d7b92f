import type { Module, Rule, Term } from "./ast.ts";
import { RegoError, type Pos } from "./error.ts";

/** A rule with the module it is from. */
export interface Sourced {
  readonly rule: Rule;
  readonly module: Module;
  /** The keys behind the group's path: what the rule adds is there. */
  readonly keys: readonly Term[];
}

export type GroupKind = "complete" | "function" | "set" | "object";

/** All rules of one path below `data`, which make one value (or function) together. */
export interface RuleGroup {
  readonly path: readonly string[];
  readonly kind: GroupKind;
  readonly arity: number;
  readonly rules: readonly Sourced[];
  readonly fallback: Sourced | undefined;
  readonly pos: Pos;
}

/** Packages and groups by name; a package without rules is a node without children. */
export interface PackageNode {
  readonly children: Map<string, PackageNode | RuleGroup>;
  /** A package's own node; the others are parts of rules' names, as `q` in `q.r := 1`. */
  isPackage: boolean;
}

export function isGroup(node: PackageNode | RuleGroup): node is RuleGroup {
  return "kind" in node;
}

/** Sorts the rules of all modules into groups, and those into a tree. */
export function ruleTree(modules: readonly Module[]): {
  readonly root: PackageNode;
  readonly groups: readonly RuleGroup[];
} {
  const placed = modules.flatMap((module) => module.rules.map((rule) => placeRule(module, rule)));
  // Where one rule has keys that are only known at run time, all rules at and below that path make one object.
  const dynamic = placed.filter(({ sourced }) => sourced.keys.length > 0).map(({ path }) => path);
  const byPath = Map.groupBy(
    placed.map((rule) => underDynamic(rule, dynamic)),
    ({ path }) => JSON.stringify(path),
  );
  const groups = [...byPath.values()].map(groupOf);
  const root: PackageNode = { children: new Map(), isPackage: false };
  for (const { path } of modules) descend(root, path).isPackage = true;
  for (const group of groups) insert(root, group);
  return { root, groups };
}

interface Placed {
  readonly path: readonly string[];
  readonly sourced: Sourced;
}

function placeRule(module: Module, rule: Rule): Placed {
  const dynamicAt = rule.ref.findIndex((key) => key.kind !== "scalar" || typeof key.value !== "string");
  const cut = dynamicAt === -1 ? rule.ref.length : dynamicAt;
  const names = rule.ref
    .slice(0, cut)
    .map((key) => (key.kind === "scalar" && typeof key.value === "string" ? key.value : ""));
  return { path: [...module.path, ...names], sourced: { rule, module, keys: rule.ref.slice(cut) } };
}

function underDynamic({ path, sourced }: Placed, dynamic: readonly (readonly string[])[]): Placed {
  const above = dynamic.filter(
    (prefix) => prefix.length <= path.length && prefix.every((name, at) => path[at] === name),
  );
  const cut = Math.min(path.length, ...above.map(({ length }) => length));
  const { pos } = sourced.rule;
  const moved = path.slice(cut).map((value): Term => ({ kind: "scalar", value, pos }));
  return { path: path.slice(0, cut), sourced: { ...sourced, keys: [...moved, ...sourced.keys] } };
}

function groupOf(placed: readonly Placed[]): RuleGroup {
  const { path, sourced } = placed[0] as Placed;
  const all = placed.map(({ sourced: one }) => one);
  const defaults = all.filter(({ rule }) => rule.isDefault);
  const rules = all.filter(({ rule }) => !rule.isDefault);
  const name = ["data", ...path].join(".");
  const { pos } = sourced.rule;
  const [, second] = defaults;
  if (second !== undefined)
    throw new RegoError("rego_type_error", `multiple default rules ${name} found`, second.rule.pos);
  const kinds = new Set(rules.map(kindOf));
  // A rule with keys makes an object, and so all its neighbours do.
  const kind = kinds.has("object") ? "object" : kindOf(rules[0] ?? sourced);
  if (kinds.size > 1 && kind !== "object")
    throw new RegoError("rego_type_error", `conflicting rules ${name} found`, pos);
  const arities = new Set(all.map(({ rule }) => rule.args?.length ?? 0));
  if (arities.size > 1) throw new RegoError("rego_type_error", `conflicting rules ${name} found`, pos);
  const arity = sourced.rule.args?.length ?? 0;
  return { path, kind, arity, rules, fallback: defaults[0], pos };
}

function kindOf({ rule, keys }: Sourced): GroupKind {
  if (rule.args !== undefined) return "function";
  if (keys.length > 0) return "object";
  return rule.element === undefined ? "complete" : "set";
}

function descend(root: PackageNode, path: readonly string[]): PackageNode {
  let node = root;
  for (const name of path) {
    const child = node.children.get(name) ?? { children: new Map(), isPackage: false };
    if (isGroup(child)) throw conflict(child);
    node.children.set(name, child);
    node = child;
  }
  return node;
}

function insert(root: PackageNode, group: RuleGroup): void {
  const parent = descend(root, group.path.slice(0, -1));
  const name = group.path.at(-1) ?? "";
  if (parent.children.has(name)) throw conflict(group);
  parent.children.set(name, group);
}

function conflict({ path, pos }: RuleGroup): RegoError {
  return new RegoError(
    "rego_type_error",
    `rule data.${path.join(".")} conflicts with a package or rule below it`,
    pos,
  );
}
