import { spend } from "./meter.ts";
import { type Entry, equalValues, type Key, keyOf, type ObjectValue, RObject, type Value } from "./value.ts";

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
