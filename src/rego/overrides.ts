import type { Expr, Override } from "./ir.ts";
import { type Context, type Eval, follow, type Frame, type Mock, withData } from "./runtime.ts";
import { isObject, isSet, entriesOf, isArray, type Value } from "./value.ts";
import { objectOf } from "./object-builder.ts";

/** One override of a `with`, applied to a context; undefined if its value is. */
export type Change = (context: Context, frame: Frame) => Context | undefined;

export function changeOf(override: Override, emit: (expr: Expr) => Eval): Change {
  if (override.kind === "function") return mockOf(override, emit);
  const evaluate = emit(override.value);
  const { path } = override;
  return (context, frame) => {
    const value = evaluate(frame);
    if (value === undefined) return undefined;
    if (override.kind === "input") return { ...context, input: replaced(context.input, path, value) };
    // What is put over a path hides all that was put below it before.
    const others = context.overlays.filter((overlay) => !path.every((name, at) => overlay.path[at] === name));
    return { ...context, overlays: [...others, { path, value }] };
  };
}

function mockOf(
  { name, replacement }: Extract<Override, { kind: "function" }>,
  emit: (expr: Expr) => Eval,
): Change {
  const evaluate: (frame: Frame) => Mock | undefined =
    "op" in replacement ? mockValue(emit(replacement)) : () => ({ callee: replacement });
  return (context, frame) => {
    const mock = evaluate(frame);
    return mock === undefined
      ? undefined
      : { ...context, mocks: new Map([...(context.mocks ?? []), [name, mock]]) };
  };
}

function mockValue(evaluate: Eval): (frame: Frame) => Mock | undefined {
  return (frame) => {
    const value = evaluate(frame);
    return value === undefined ? undefined : { value };
  };
}

/** The context under all changes, each made on top of the ones before, all values taken from outside. */
export function changedContext(frame: Frame, changes: readonly Change[]): Context | undefined {
  let context: Context = { ...frame.context, cache: new Map() };
  for (const change of changes) {
    const next = change(context, frame);
    if (next === undefined) return undefined;
    context = next;
  }
  return withData(context);
}

/** A copy with another value at the end of the path; what is no object on the way becomes one. */
export function replaced(start: Value | undefined, path: readonly string[], value: Value): Value {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const old = start !== undefined && isObject(start) && !isArray(start) && !isSet(start) ? start : {};
  return objectOf([...entriesOf(old), [key, replaced(follow(old, [key]), rest, value)]]);
}
