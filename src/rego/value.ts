import { RegoError } from "./error.ts";
import { spend } from "./meter.ts";
import { compareNum, isNum, type Num, numText, toDouble } from "./number.ts";

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

/** Collects an object's entries; the same key twice must bring the same value. */
export class ObjectBuilder {
  readonly #byKey = new Map<Key, Entry>();
  #plain = true;

  /** False if the key is there already with another value. */
  add(key: Value, value: Value): boolean {
    spend(1);
    const id = keyOf(key);
    const known = this.#byKey.get(id);
    if (known !== undefined) return equalValues(known[1], value);
    this.#byKey.set(id, [key, value]);
    this.#plain &&= typeof key === "string";
    return true;
  }

  /** Adds the entry, over one with the same key. */
  set(key: Value, value: Value): void {
    spend(1);
    this.#byKey.set(keyOf(key), [key, value]);
    this.#plain &&= typeof key === "string";
  }

  build(): ObjectValue {
    if (!this.#plain) return new RObject(this.#byKey);
    // A null prototype: `__proto__` is a key like any other.
    const plain = Object.create(null) as Record<string, Value>;
    for (const [key, value] of this.#byKey.values()) plain[key as string] = value;
    return plain;
  }
}

export function objectOf(entries: Iterable<Entry>): ObjectValue {
  const builder = new ObjectBuilder();
  for (const [key, value] of entries) builder.set(key, value);
  return builder.build();
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

/** A text's code points: what Go calls runes, and what Rego counts and cuts by. */
export function runesOf(text: string): string[] {
  return Array.from(text);
}

/** Order by code point, as Go's order of UTF-8 bytes is; UTF-16's differs once a surrogate meets U+E000–U+FFFF. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  let at = 0;
  while (at < end && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === end) return a.length - b.length;
  const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
  return aboveAll(x) - aboveAll(y);
}

/** Surrogates stand for code points beyond all the others. */
function aboveAll(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
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

function canonical(value: Value): string {
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

/**
 * Plain JSON of a value: sets become sorted arrays, keys that are no strings their JSON text (of two alike the later
 * wins), numbers the nearest double unless `number` says otherwise.
 */
export function toJson(value: Value, number: (n: Num) => unknown = toDouble): unknown {
  spend(1);
  if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
  if (isNumber(value)) return number(value);
  if (isArray(value)) return value.map((item) => toJson(item, number));
  if (isSet(value)) return value.items.map((item) => toJson(item, number));
  const plain: Record<string, unknown> = {};
  for (const [key, item] of entriesOf(value)) {
    const name = typeof key === "string" ? key : canonical(setsAsArrays(key));
    // Not `plain[name] = …`: that would set the prototype for `__proto__`.
    Object.defineProperty(plain, name, {
      value: toJson(item, number),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return plain;
}

function setsAsArrays(value: Value): Value {
  return toJson(value, (n) => n) as Value;
}

/** Refuses what no JSON text could say, so that a host's mistake is not taken for data. */
export function fromHost(value: unknown): Value {
  if (typeof value === "function" || typeof value === "symbol") {
    throw new RegoError("eval_internal_error", `a ${typeof value} is no JSON value`);
  }
  return value as Value;
}
