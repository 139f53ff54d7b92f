import type { Module, Version } from "./ast.ts";
import { BUILTINS } from "./builtins/all.ts";
import { DEPRECATED, NOT_YET } from "./builtins/names.ts";
import { type Pos, RegoError } from "./error.ts";
import type { Callee, Expr } from "./ir.ts";
import type { RuleProgram } from "./program.ts";
import { isGroup, type PackageNode, type RuleGroup } from "./rules.ts";
import type { Globals } from "./scope.ts";

/** All that names may lead to. */
export interface World {
  readonly program: RuleProgram;
  readonly custom: ReadonlyMap<string, Callee>;
  readonly version: Version;
}

/** What names mean in a module (in a query: none), and which rules it is told that they lead to. */
export function globalsOf(
  world: World,
  module: Module | undefined,
  depends: (group: RuleGroup) => void,
): Globals {
  const { root } = world.program;
  const functionAt = (name: string): RuleGroup | undefined => {
    const group = groupAt(root, fullPath(name, module));
    return group?.kind === "function" ? group : undefined;
  };
  const version = module?.version ?? world.version;
  return {
    name: (name) => meaning(name, module, root),
    callee: (name, args, pos) => {
      const group = functionAt(name);
      if (group === undefined) return builtinCallee({ name, args, pos }, version, world.custom);
      depends(group);
      return checkArity(world.program.callee(group), { name, args, pos });
    },
    functionNamed: (name, pos) => {
      const group = functionAt(name);
      if (group === undefined) return builtinNamed(name, pos, world.custom);
      depends(group);
      return world.program.callee(group);
    },
    refer: (head, path) => {
      if (head.op === "data") for (const group of reached(root, path)) depends(group);
    },
    strictNames: version === "v1",
  };
}

function meaning(name: string, module: Module | undefined, root: PackageNode): Expr | undefined {
  if (name === "input" || name === "data") return { op: name };
  const imported = module?.imports.get(name);
  if (imported !== undefined) return reference(imported);
  if (module === undefined) return undefined;
  const node = nodeAt(root, module.path);
  const isRule =
    node !== undefined && !isGroup(node) && node.children.has(name) && hasRule(node.children.get(name));
  return isRule ? reference(["data", ...module.path, name]) : undefined;
}

/** A package's children are rules, paths of rules, or packages of their own, which are no names here. */
function hasRule(node: PackageNode | RuleGroup | undefined): boolean {
  return node !== undefined && (isGroup(node) || !node.isPackage);
}

function reference([root, ...path]: readonly string[]): Expr {
  const head: Expr = { op: root === "input" ? "input" : "data" };
  if (path.length === 0) return head;
  return { op: "get", head, path: path.map((value): Expr => ({ op: "const", value })) };
}

/** The path below `data` that a function's name may mean. */
function fullPath(name: string, module: Module | undefined): readonly string[] {
  const [first = "", ...rest] = name.split(".");
  if (first === "data") return rest;
  const imported = module?.imports.get(first);
  if (imported !== undefined) return [...imported.slice(1), ...rest];
  return module === undefined ? [] : [...module.path, first, ...rest];
}

function nodeAt(root: PackageNode, path: readonly string[]): PackageNode | RuleGroup | undefined {
  let node: PackageNode | RuleGroup | undefined = root;
  for (const name of path) {
    if (node === undefined || isGroup(node)) return undefined;
    node = node.children.get(name);
  }
  return node;
}

function groupAt(root: PackageNode, path: readonly string[]): RuleGroup | undefined {
  const node = nodeAt(root, path);
  return node !== undefined && isGroup(node) ? node : undefined;
}

/** The rules a reference may read: those on its way, and all below its end. A key not known yet may be any. */
function reached(
  node: PackageNode | RuleGroup | undefined,
  [key, ...rest]: readonly Expr[],
): readonly RuleGroup[] {
  if (node === undefined) return [];
  if (isGroup(node) || key === undefined) return below(node);
  if (key.op !== "const") return [...node.children.values()].flatMap((child) => reached(child, rest));
  return typeof key.value === "string" ? reached(node.children.get(key.value), rest) : [];
}

function below(node: PackageNode | RuleGroup): readonly RuleGroup[] {
  if (isGroup(node)) return node.kind === "function" ? [] : [node];
  return [...node.children.values()].flatMap(below);
}

interface Call {
  readonly name: string;
  readonly args: number;
  readonly pos: Pos;
}

function builtinCallee(call: Call, version: Version, custom: ReadonlyMap<string, Callee>): Callee {
  const { name, pos } = call;
  const callee = builtinNamed(name, pos, custom);
  if (callee === undefined) throw new RegoError("rego_type_error", `undefined function ${name}`, pos);
  if (version === "v1" && DEPRECATED.has(name) && !custom.has(name)) {
    throw new RegoError("rego_type_error", `deprecated built-in function calls in expression: ${name}`, pos);
  }
  return checkArity(callee, call);
}

function builtinNamed(name: string, pos: Pos, custom: ReadonlyMap<string, Callee>): Callee | undefined {
  const callee = custom.get(name) ?? BUILTINS.get(name);
  if (callee !== undefined || !NOT_YET.has(name)) return callee;
  throw new RegoError("rego_type_error", `builtin function ${name} is not supported yet`, pos);
}

/** One argument more than the arity is what the result is held against. */
function checkArity(callee: Callee, { name, args, pos }: Call): Callee {
  if (args === callee.arity || args === callee.arity + 1) return callee;
  const reason = `function ${name} has arity ${callee.arity}, got ${args} argument${args === 1 ? "" : "s"}`;
  throw new RegoError("rego_type_error", reason, pos);
}
