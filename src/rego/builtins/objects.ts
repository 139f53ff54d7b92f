import { BuiltinError } from "../error.ts";
import type { Callee } from "../ir.ts";
import { spend } from "../meter.ts";
import { numText } from "../number.ts";
import {
  entriesOf,
  equalValues,
  isArray,
  isNumber,
  isObject,
  isSet,
  isString,
  lookup,
  type ObjectValue,
  RSet,
  typeName,
  type Value,
} from "../value.ts";
import { objectOf } from "../object-builder.ts";
import { any, array, builtin, elements, object, oneOf, operandError, set } from "./define.ts";

const keys = oneOf(object, set, array);
const pathList = oneOf(set, array);

/** The keys that an array, a set, or an object (its own keys) names. */
function keySet(from: readonly Value[] | RSet | ObjectValue): RSet {
  if (isSet(from)) return from;
  return RSet.of(isArray(from) ? from : entriesOf(from).map(([key]) => key));
}

/** The value under a key, or, if the key is an array, at the end of that path. */
function get(from: ObjectValue, key: Value, fallback: Value): Value {
  if (!isArray(key)) return lookup(from, key) ?? fallback;
  let value: Value | undefined = from;
  for (const step of key) {
    spend(1);
    value = value === undefined ? undefined : lookup(value, step);
  }
  return value ?? fallback;
}

/** Both objects' entries; objects under the same key are merged, else the second's value wins. */
function merged(a: ObjectValue, b: ObjectValue): ObjectValue {
  const entries = entriesOf(b).map(([key, value]) => {
    const old = lookup(a, key);
    const both = old !== undefined && isObject(old) && isObject(value);
    return [key, both ? merged(old, value) : value] as const;
  });
  return objectOf([...entriesOf(a), ...entries]);
}

/** Objects and sets hold the smaller one's entries, arrays its elements in a row. */
function isSubset(whole: Value, part: Value): boolean {
  if (isSet(part) && (isSet(whole) || isArray(whole))) {
    const all = isSet(whole) ? whole : RSet.of(whole);
    return part.items.every((item) => all.has(item));
  }
  if (isArray(part) && isArray(whole)) {
    return whole.some((_, at) => {
      spend(part.length);
      return part.every((item, on) => at + on < whole.length && equalValues(whole[at + on] as Value, item));
    });
  }
  if (!isObject(part) || !isObject(whole))
    throw new BuiltinError("both arguments object.subset must be of the same type or array and set");
  return entriesOf(part).every(([key, value]) => {
    const other = lookup(whole, key);
    if (other === undefined) return false;
    const nested =
      typeName(other) === typeName(value) && typeof value === "object" && value !== null && !isNumber(value);
    return nested ? isSubset(other, value) : equalValues(other, value);
  });
}

/** A JSON pointer's parts (`~1` is a slash, `~0` a tilde), or an array's elements. */
function pathOf(path: Value): readonly Value[] {
  if (isArray(path)) return path;
  if (!isString(path)) {
    const what = "operand 2 must be one of {set, array} containing string paths or array of path segments";
    throw new BuiltinError(`${what} but got ${typeName(path)}`, "eval_type_error");
  }
  const parts = path.replace(/^\/+/, "").split("/");
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Paths as a tree; `true` stands for everything below. Keys are texts: a path's "0" is also an array's index. */
type PathTree = Map<string, PathTree> | true;

function pathTree(paths: readonly Value[] | RSet): PathTree {
  let root: PathTree = new Map();
  for (const path of isSet(paths) ? paths.items : paths) root = grown(root, pathOf(path).map(segment));
  return root;
}

function grown(tree: PathTree, path: readonly string[]): PathTree {
  if (tree === true || path.length === 0) return true;
  let at: Map<string, PathTree> = tree;
  for (const [depth, key] of path.entries()) {
    const next = depth === path.length - 1 ? true : (at.get(key) ?? new Map<string, PathTree>());
    at.set(key, next);
    if (next === true) break;
    at = next;
  }
  return tree;
}

function segment(key: Value): string {
  return isString(key) ? key : isNumber(key) ? numText(key) : JSON.stringify(typeName(key));
}

function filtered(value: Value, tree: PathTree): Value {
  spend(1);
  if (tree === true || (!isObject(value) && !isArray(value))) return value;
  const kept = children(value).filter(([key]) => tree.has(segment(key)));
  const items = kept.map(([key, item]) => [key, filtered(item, tree.get(segment(key)) ?? true)] as const);
  return isArray(value) ? items.map(([, item]) => item) : objectOf(items);
}

function removed(value: Value, tree: PathTree): Value {
  spend(1);
  if (tree === true || (!isObject(value) && !isArray(value))) return value;
  const kept = children(value).filter(([key]) => tree.get(segment(key)) !== true);
  const items = kept.map(([key, item]) => [key, removed(item, tree.get(segment(key)) ?? new Map())] as const);
  return isArray(value) ? items.map(([, item]) => item) : objectOf(items);
}

function children(value: readonly Value[] | ObjectValue): readonly (readonly [Value, Value])[] {
  return isArray(value) ? value.map((item, at) => [at, item] as const) : entriesOf(value);
}

/** Objects: https://www.openpolicyagent.org/docs/policy-reference/builtins/object */
export const objects: readonly Callee[] = [
  builtin("object.get", [object, any, any], get),
  builtin("object.keys", [object], keySet),
  builtin("object.union", [object, object], merged),
  builtin("object.union_n", [array], (list) => elements(list, object, 1).reduce(merged, objectOf([]))),
  builtin("object.remove", [object, keys], (from, names) => {
    const gone = keySet(names);
    return objectOf(entriesOf(from).filter(([key]) => !gone.has(key)));
  }),
  builtin("object.filter", [object, keys], (from, names) => {
    const kept = keySet(names);
    return objectOf(entriesOf(from).filter(([key]) => kept.has(key)));
  }),
  builtin("object.subset", [any, any], isSubset),
  builtin("json.filter", [object, pathList], (from, paths) => filtered(from, pathTree(paths))),
  builtin("json.remove", [object, pathList], (from, paths) => {
    const tree = pathTree(paths);
    if (tree === true) throw operandError(2, "a path to something", from);
    return removed(from, tree);
  }),
];
