/** How values compare (RFC 9535 §2.3.5.2.2); undefined is Nothing, which is there when a query selects no node. */
import { childrenOf, isArray, isObject, type JsonValue } from "./json-value.ts";
import type { Meter } from "./scope.ts";

export type Comparable = JsonValue | undefined;
type Comparison = (a: Comparable, b: Comparable, meter: Meter) => boolean;

export const comparisons = {
  "==": equal,
  "!=": (a, b, meter) => !equal(a, b, meter),
  "<": precedes,
  ">": (a, b, meter) => precedes(b, a, meter),
  "<=": (a, b, meter) => precedes(a, b, meter) || equal(a, b, meter),
  ">=": (a, b, meter) => precedes(b, a, meter) || equal(a, b, meter),
} satisfies Record<string, Comparison>;

function equal(a: Comparable, b: Comparable, meter: Meter): boolean {
  meter.spend(costOf(a, b));
  if (a === b) return true;
  if (isArray(a))
    return isArray(b) && a.length === b.length && a.every((item, index) => equal(item, b[index], meter));
  return (
    isObject(a) &&
    isObject(b) &&
    childrenOf(a).length === childrenOf(b).length &&
    Object.entries(a).every(([name, value]) => Object.hasOwn(b, name) && equal(value, b[name], meter))
  );
}

/** Only numbers and strings have an order, each among themselves. */
function precedes(a: Comparable, b: Comparable, meter: Meter): boolean {
  if (typeof a === "number" && typeof b === "number") return a < b;
  if (typeof a !== "string" || typeof b !== "string") return false;
  meter.spend(costOf(a, b));
  let at = 0;
  while (at < a.length && a[at] === b[at]) at += 1;
  // By code point: `<` compares UTF-16 units, where U+10000 comes before U+FFFF.
  return (a.codePointAt(at) ?? -1) < (b.codePointAt(at) ?? -1);
}

function costOf(a: Comparable, b: Comparable): number {
  return typeof a === "string" && typeof b === "string" ? Math.min(a.length, b.length) : 1;
}
