/** The functions of RFC 9535 §2.4.4 to §2.4.8. */
import type { Comparable } from "./comparisons.ts";
import { fromIRegexp } from "./i-regexp.ts";
import { childrenOf, isArray, isObject, type JsonValue } from "./json-value.ts";
import type { Meter } from "./scope.ts";

/** What each type of the RFC's type system (§2.4.1) is here. */
export interface Typed {
  value: Comparable;
  nodes: readonly JsonValue[];
  logical: boolean;
}
export type TypeName = keyof Typed;

export interface JsonPathFunction {
  readonly takes: readonly ("value" | "nodes")[];
  readonly gives: "value" | "logical";
  /** Expects arguments of the types that it takes. */
  readonly apply: (meter: Meter, ...given: never[]) => Comparable;
}

export const functions: Readonly<Record<string, JsonPathFunction>> = {
  length: { takes: ["value"], gives: "value", apply: lengthOf },
  count: { takes: ["nodes"], gives: "value", apply: (_, nodes: Typed["nodes"]) => nodes.length },
  value: {
    takes: ["nodes"],
    gives: "value",
    apply: (_, nodes: Typed["nodes"]) => (nodes.length === 1 ? nodes[0] : undefined),
  },
  match: { takes: ["value", "value"], gives: "logical", apply: matcher(true) },
  search: { takes: ["value", "value"], gives: "logical", apply: matcher(false) },
};

function lengthOf(meter: Meter, value: Comparable): number | undefined {
  if (typeof value === "string") {
    meter.spend(value.length);
    return Array.from(value).length;
  }
  return isArray(value) || isObject(value) ? childrenOf(value).length : undefined;
}

function matcher(whole: boolean) {
  return (meter: Meter, text: Comparable, pattern: Comparable): boolean => {
    if (typeof text !== "string" || typeof pattern !== "string") return false;
    meter.spend(text.length + pattern.length);
    return fromIRegexp(pattern, whole)?.test(text) ?? false;
  };
}
