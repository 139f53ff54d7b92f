import { RegoError } from "./error.ts";
import { spend } from "./meter.ts";
import { type Num, toDouble } from "./number.ts";
import { canonical, entriesOf, isArray, isNumber, isSet, type Value } from "./value.ts";

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
