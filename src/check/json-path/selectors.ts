/** Selectors and segments (RFC 9535 §2.3, §2.5). */
import { childrenOf, isArray, isObject, type JsonValue } from "./json-value.ts";
import type { Nodes, Scope } from "./scope.ts";

/** The children of a node that one selector selects. */
export type Selector = (node: JsonValue, scope: Scope) => readonly JsonValue[];
export type Segment = (nodes: readonly JsonValue[], scope: Scope) => readonly JsonValue[];

export function byName(name: string): Selector {
  return (node) => (isObject(node) && Object.hasOwn(node, name) ? [node[name] as JsonValue] : []);
}

export function byIndex(index: number): Selector {
  return (node) => {
    const item = isArray(node) ? node.at(index) : undefined;
    return item === undefined ? [] : [item];
  };
}

export const byWildcard: Selector = childrenOf;

/** `start:end:step`; what is left out depends on the direction (§2.3.4.2.2). */
export function bySlice(start?: number, end?: number, step = 1): Selector {
  return (node) => {
    if (!isArray(node) || step === 0) return [];
    const { length } = node;
    const forwards = step > 0;
    const lowest = forwards ? 0 : -1;
    const bounded = (index: number) =>
      Math.min(Math.max(index < 0 ? length + index : index, lowest), lowest + length);
    const to = bounded(end ?? (forwards ? length : -length - 1));
    const found: JsonValue[] = [];
    for (
      let index = bounded(start ?? (forwards ? 0 : length - 1));
      forwards ? index < to : index > to;
      index += step
    )
      found.push(node[index] as JsonValue);
    return found;
  };
}

export function byFilter(holds: (scope: Scope) => boolean): Selector {
  return (node, { root, meter }) =>
    childrenOf(node).filter((current) => {
      meter.spend(1);
      return holds({ root, current, meter });
    });
}

export function childSegment(selectors: readonly Selector[]): Segment {
  return (nodes, scope) => {
    const found: JsonValue[] = [];
    for (const node of nodes)
      for (const select of selectors) {
        const children = select(node, scope);
        scope.meter.spend(1 + children.length);
        for (const child of children) found.push(child);
      }
    return found;
  };
}

export function descendantSegment(selectors: readonly Selector[]): Segment {
  const children = childSegment(selectors);
  return (nodes, scope) => children(withDescendants(nodes, scope), scope);
}

/** A node before its children, and an item with all below it before the next. */
function withDescendants(nodes: readonly JsonValue[], { meter }: Scope): readonly JsonValue[] {
  const found: JsonValue[] = [];
  const waiting = nodes.toReversed();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    meter.spend(1);
    found.push(next);
    const children = childrenOf(next);
    for (let index = children.length - 1; index >= 0; index -= 1) waiting.push(children[index] as JsonValue);
  }
  return found;
}

export function queryFrom(start: "root" | "current", segments: readonly Segment[]): Nodes {
  return (scope) => {
    scope.meter.spend(1);
    return segments.reduce<readonly JsonValue[]>((nodes, segment) => segment(nodes, scope), [scope[start]]);
  };
}
