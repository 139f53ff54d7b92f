import { spend } from "./meter.ts";
import { compareNum, isNum, type Num, numText } from "./number.ts";
import { compareText } from "./code-points.ts";

/**
 * What Rego computes with. JSON stays as it came (nothing is copied on the way in): arrays are JS arrays, objects with
 * string keys plain objects, read only through `Object.hasOwn`. Nothing here is ever changed once it is a value.
 * Undefined is no value; functions return it for "nothing".
 */
export type Value = null | boolean | string | Num | readonly Value[] | StringMap | RObject | RSet;

export interface StringMap {
  readonly [key: string]: Value;
}

/** A value's identity in a Map: equal values, and only they, have the same key. */
export type Key = string | number | boolean | null;

export type Entry = readonly [Value, Value];

/** A set: elements by key. `items` is sorted when first asked for. */
export class RSet {
  readonly #byKey: ReadonlyMap<Key, Value>;
  #sorted: readonly Value[] | undefined;

  private constructor(byKey: ReadonlyMap<Key, Value>) {
    this.#byKey = byKey;
  }

  static of(items: Iterable<Value>): RSet {
    const byKey = new Map<Key, Value>();
    for (const item of items) {
      spend(1);
      byKey.set(keyOf(item), item);
    }
    return new RSet(byKey);
  }

  get size(): number {
    return this.#byKey.size;
  }

  has(item: Value): boolean {
    return this.#byKey.has(keyOf(item));
  }

  get items(): readonly Value[] {
    this.#sorted ??= sortValues([...this.#byKey.values()]);
    return this.#sorted;
  }
}

/** An object at least one of whose keys is not a string. */
export class RObject {
  readonly #byKey: ReadonlyMap<Key, Entry>;
  #sorted: readonly Entry[] | undefined;

  constructor(byKey: ReadonlyMap<Key, Entry>) {
    this.#byKey = byKey;
  }

  get size(): number {
    return this.#byKey.size;
  }

  get(key: Value): Value | undefined {
    return this.#byKey.get(keyOf(key))?.[1];
  }

  get entries(): readonly Entry[] {
    this.#sorted ??= [...this.#byKey.values()].toSorted((a, b) => compareValues(a[0], b[0]));
    return this.#sorted;
  }
}

export type ObjectValue = StringMap | RObject;

/**
 * A document not worked out yet: what packages hold. References step through it; it is forced before it can become
 * a variable's or anything's value, so no builtin ever meets one.
 */
export abstract class Lazy {
  abstract get(key: Value): Value | undefined;
  abstract force(): Value | undefined;

  /** It stands where values do, on the way to one. */
  get asValue(): Value {
    return this as unknown as Value;
  }
}

/** The finished value. */
export function forced(value: Value | undefined): Value | undefined {
  const document: unknown = value;
  return document instanceof Lazy ? document.force() : value;
}

export const isString = (value: Value): value is string => typeof value === "string";
export const isBoolean = (value: Value): value is boolean => typeof value === "boolean";
export const isArray = (value: Value): value is readonly Value[] => Array.isArray(value);
export const isSet = (value: Value): value is RSet => value instanceof RSet;
export const isNumber = (value: Value): value is Num => isNum(value);

export function isObject(value: Value): value is ObjectValue {
  return typeof value === "object" && value !== null && !isArray(value) && !isSet(value) && !isNum(value);
}

export type TypeName = "null" | "boolean" | "number" | "string" | "array" | "object" | "set";

/** In the order in which values of different types sort. */
const TYPES: readonly TypeName[] = ["null", "boolean", "number", "string", "array", "object", "set"];

export function typeName(value: Value): TypeName {
  return TYPES[typeRank(value)] ?? "null";
}

function typeRank(value: Value): number {
  if (typeof value === "string") return 3;
  if (typeof value === "boolean") return 1;
  if (value === null) return 0;
  if (isNum(value)) return 2;
  if (isArray(value)) return 4;
  return isSet(value) ? 6 : 5;
}

/** The order of all values: null, booleans, numbers, strings, arrays, objects, sets. */
export function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  const rank = typeRank(a);
  const other = typeRank(b);
  if (rank !== other) return rank - other;
  if (rank === 3) return compareText(a as string, b as string);
  if (rank === 2) return compareNum(a as Num, b as Num);
  if (rank === 1) return a === true ? 1 : -1;
  if (rank === 4) return compareArrays(a as readonly Value[], b as readonly Value[]);
  if (rank === 6) return compareArrays((a as RSet).items, (b as RSet).items);
  return compareArrays(entriesOf(a as ObjectValue).flat(), entriesOf(b as ObjectValue).flat());
}

function compareArrays(a: readonly Value[], b: readonly Value[]): number {
  for (let at = 0; at < a.length && at < b.length; at++) {
    spend(1);
    const order = compareValues(a[at] as Value, b[at] as Value);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export function equalValues(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a === "string" || typeof b === "string" || a === null || b === null) return false;
  return compareValues(a, b) === 0;
}

/** A sorted copy. Nothing moves if the values are in order already, which is the usual case. */
export function sortValues(values: readonly Value[]): readonly Value[] {
  spend(values.length);
  return values.toSorted(compareValues);
}

/** The keys of a JSON object in Rego's order. */
export function sortedKeys(object: StringMap): readonly string[] {
  const keys = Object.keys(object);
  for (let at = 1; at < keys.length; at++) {
    if (compareText(keys[at - 1] as string, keys[at] as string) > 0) return keys.toSorted(compareText);
  }
  return keys;
}

/** An object's entries, sorted by key. */
export function entriesOf(object: ObjectValue): readonly Entry[] {
  if (object instanceof RObject) return object.entries;
  return sortedKeys(object).map((key): Entry => [key, object[key] as Value]);
}

export function sizeOf(object: ObjectValue): number {
  return object instanceof RObject ? object.size : Object.keys(object).length;
}

/** What a collection holds under a key: `xs[key]`. */
export function lookup(container: Value, key: Value): Value | undefined {
  if (typeof container !== "object" || container === null) return undefined;
  if (typeof key === "string" && !isArray(container) && isObject(container)) {
    if (container instanceof RObject || container instanceof Lazy) return container.get(key);
    return Object.hasOwn(container, key) ? container[key] : undefined;
  }
  if (isArray(container)) {
    const index = typeof key === "number" ? key : -1;
    return Number.isInteger(index) && index >= 0 && index < container.length ? container[index] : undefined;
  }
  if (isSet(container)) return container.has(key) ? key : undefined;
  return container instanceof RObject || container instanceof Lazy ? container.get(key) : undefined;
}

/** A value's key in a Map. Strings are marked, so that the texts of other values can't be taken for them. */
export function keyOf(value: Value): Key {
  if (typeof value === "string") return `"${value}`;
  if (typeof value === "boolean" || value === null) return value;
  if (typeof value === "number" && (Number.isSafeInteger(value) || !Number.isInteger(value))) return value;
  return canonical(value);
}

/** A text that equal values, and only they, have. */
export function canonical(value: Value): string {
  spend(1);
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "boolean" || value === null) return String(value);
  if (isNumber(value)) return numText(value);
  if (isArray(value)) return `[${value.map(canonical).join()}]`;
  if (isSet(value)) return `<${value.items.map(canonical).join()}>`;
  return `{${entriesOf(value)
    .map(([key, item]) => `${canonical(key)}:${canonical(item)}`)
    .join()}}`;
}
