import type { Callee } from "../ir.ts";
import { spend } from "../meter.ts";
import { add, multiply } from "../number.ts";
import {
  compareValues,
  entriesOf,
  isArray,
  isObject,
  isString,
  RSet,
  sizeOf,
  sortValues,
  type Value,
} from "../value.ts";
import {
  any,
  array,
  builtin,
  elements,
  indexOf,
  integer,
  number,
  object,
  oneOf,
  set,
  string,
} from "./define.ts";

const list = oneOf(array, set);

function itemsOf(collection: readonly Value[] | RSet): readonly Value[] {
  return isArray(collection) ? collection : collection.items;
}

function count(collection: Value): number | undefined {
  if (isString(collection)) return codePoints(collection);
  if (isArray(collection)) return collection.length;
  if (collection instanceof RSet) return collection.size;
  return isObject(collection) ? sizeOf(collection) : undefined;
}

function codePoints(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) {
    if ((text.codePointAt(at) ?? 0) > 0xffff) {
      length--;
      at++;
    }
  }
  spend(1 + (text.length >>> 6));
  return length;
}

/** The greatest (or, turned round, least) item; nothing of an empty collection. */
function extreme(collection: readonly Value[] | RSet, sign: 1 | -1): Value | undefined {
  const [first, ...rest] = itemsOf(collection);
  spend(rest.length);
  if (first === undefined) return undefined;
  return rest.reduce((best, item) => (compareValues(item, best) * sign > 0 ? item : best), first);
}

function joined(...parts: readonly (readonly Value[])[]): Value {
  spend(parts.reduce((total, part) => total + part.length, 0));
  return parts.flat(1);
}

/** Bounds outside of the array are moved to its ends. */
function slice(items: readonly Value[], from: number, to: number): Value {
  const start = Math.max(0, from);
  const end = Math.min(items.length, to);
  if (start >= end) return [];
  spend(end - start);
  return items.slice(start, end);
}

const setOfSets = (name: string, merge: (sets: readonly RSet[]) => RSet): Callee =>
  builtin(name, [set], (sets) => merge(elements(sets.items, set, 1)));

function union(sets: readonly RSet[]): RSet {
  return RSet.of(sets.flatMap(({ items }) => items));
}

function intersection([first, ...others]: readonly RSet[]): RSet {
  if (first === undefined) return RSet.of([]);
  return RSet.of(first.items.filter((item) => others.every((other) => other.has(item))));
}

/** Aggregates, arrays and sets: https://www.openpolicyagent.org/docs/policy-reference/builtins/aggregates */
export const collections: readonly Callee[] = [
  builtin("count", [oneOf(array, object, set, string)], count),
  builtin("sum", [list], (items) => elements(itemsOf(items), number, 1).reduce(add, 0)),
  builtin("product", [list], (items) => elements(itemsOf(items), number, 1).reduce(multiply, 1)),
  builtin("max", [list], (items) => extreme(items, 1)),
  builtin("min", [list], (items) => extreme(items, -1)),
  builtin("sort", [list], (items) => sortValues(itemsOf(items))),
  builtin("all", [list], (items) => itemsOf(items).every((item) => item === true)),
  builtin("any", [list], (items) => itemsOf(items).includes(true)),
  builtin("array.concat", [array, array], joined),
  builtin("array.reverse", [array], (items) => items.toReversed()),
  builtin("array.slice", [array, integer, integer], (items, from, to) =>
    slice(items, indexOf(from), indexOf(to)),
  ),
  builtin("array.flatten", [array], (items) =>
    joined(...items.map((item) => (isArray(item) ? item : [item]))),
  ),
  builtin("and", [set, set], (a, b) => intersection([a, b])),
  builtin("or", [set, set], (a, b) => union([a, b])),
  builtin("set_diff", [set, set], (a, b) => RSet.of(a.items.filter((item) => !b.has(item)))),
  setOfSets("union", union),
  setOfSets("intersection", intersection),
  builtin("walk", [any], walked),
];

/** Every value within a value, itself first, with the path to it: the relation `walk(x, [path, value])`. */
function walked(start: Value): Value {
  const pairs: Value[] = [];
  const visitAt = (path: readonly Value[], value: Value): void => {
    spend(1 + path.length);
    pairs.push([path, value]);
    for (const [key, item] of childrenOf(value)) visitAt([...path, key], item);
  };
  visitAt([], start);
  return pairs;
}

function childrenOf(value: Value): readonly (readonly [Value, Value])[] {
  if (isArray(value)) return value.map((item, at) => [at, item] as const);
  if (value instanceof RSet) return value.items.map((item) => [item, item] as const);
  return isObject(value) ? entriesOf(value) : [];
}
