import { BuiltinError, type Pos, RegoError } from "./error.ts";
import type { Callee } from "./ir.ts";
import { spend } from "./meter.ts";
import { forced, isArray, isObject, isSet, lookup, RObject, RSet, sortedKeys, type Value } from "./value.ts";
import { ObjectBuilder } from "./object-builder.ts";

/** What one evaluation runs against. `with` runs a part of it in a changed copy. */
export interface Context {
  readonly input: Value | undefined;
  readonly data: Value;
  /** A builtin's error ends the evaluation instead of the branch. */
  readonly strict: boolean;
  /** Values of rules and calls found so far, by whatever they belong to. */
  readonly cache: Map<object, unknown>;
  /** What `data` is in a context: the base document, with the packages in it if there are any. */
  readonly rooted: (context: Context) => Value;
  /** The base document. */
  readonly base: Value;
  /** What `with` put in place of parts of `data`. */
  readonly overlays: readonly Overlay[];
  /** What `with` put in place of functions. */
  readonly mocks: ReadonlyMap<string, Mock> | undefined;
}

/** A context whose `data` sees the context itself: rules read it, and are read through it. */
export function withData(settings: Omit<Context, "data">): Context {
  const context = { ...settings, data: null as Value };
  context.data = settings.rooted(context);
  return context;
}

export interface Overlay {
  readonly path: readonly string[];
  readonly value: Value;
}

export type Mock = { readonly value: Value } | { readonly callee: Callee };

/** The variables of one run of a body; the bodies within it have their own slots in the same frame. */
export class Frame {
  readonly slots: (Value | undefined)[];
  context: Context;
  /** What a query does with each of its results. */
  readonly found: Step;

  constructor(size: number, context: Context, found: Step) {
    this.slots = [];
    // Filled one by one: `Array.from({ length })` costs more than a whole condition.
    for (let slot = 0; slot < size; slot++) this.slots.push(undefined);
    this.context = context;
    this.found = found;
  }
}

export type Eval = (frame: Frame) => Value | undefined;
/** True: stop looking for more, whoever asked has what it needs. */
export type Step = (frame: Frame) => boolean;
/** Holds a value against a pattern, binding the pattern's variables. */
export type Match = (frame: Frame, value: Value) => boolean;

/** A statement holds unless its value is undefined or false. */
export function holds(value: Value | undefined): boolean {
  return value !== undefined && value !== false;
}

/** Follows a path of keys; undefined as soon as there is nothing. */
export function follow(start: Value | undefined, path: readonly string[]): Value | undefined {
  let value = start;
  for (const key of path) {
    if (value === undefined) return undefined;
    value = lookup(value, key);
  }
  return value;
}

/** Goes through a collection in Rego's order; a scalar has nothing to go through. True if a visit said stop. */
export function visit(start: Value, each: (key: Value, value: Value) => boolean): boolean {
  const container = forced(start);
  if (typeof container !== "object" || container === null) return false;
  if (isArray(container)) {
    for (let at = 0; at < container.length; at++) {
      spend(1);
      if (each(at, container[at] as Value)) return true;
    }
    return false;
  }
  if (isSet(container)) return visitAll(container.items, (item) => each(item, item));
  if (container instanceof RObject) return visitAll(container.entries, ([key, value]) => each(key, value));
  if (!isObject(container)) return false;
  return visitAll(sortedKeys(container), (key) => each(key, container[key] as Value));
}

function visitAll<T>(items: readonly T[], each: (item: T) => boolean): boolean {
  for (const item of items) {
    spend(1);
    if (each(item)) return true;
  }
  return false;
}

/** Where a comprehension gathers its values. */
export interface Gatherer {
  readonly add: (key: Value | undefined, value: Value) => void;
  readonly done: () => Value;
}

export function gather(of: "array" | "set" | "object", pos: Pos): Gatherer {
  if (of === "object") return gatherObject(pos);
  const items: Value[] = [];
  const add = (_: Value | undefined, value: Value): void => {
    spend(1);
    items.push(value);
  };
  return { add, done: () => (of === "array" ? items : RSet.of(items)) };
}

function gatherObject(pos: Pos): Gatherer {
  const builder = new ObjectBuilder();
  const add = (key: Value | undefined, value: Value): void => {
    if (key === undefined || builder.add(key, value)) return;
    throw new RegoError("eval_conflict_error", "object keys must be unique", pos);
  };
  return { add, done: () => builder.build() };
}

/** Calls a function; what a builtin complains of is undefined, or an error at the call's place if strict. */
export function invoke(callee: Callee, args: readonly Value[], frame: Frame, pos: Pos): Value | undefined {
  const { context } = frame;
  const mock = context.mocks?.get(callee.name);
  if (mock !== undefined) return mocked(mock, args, frame, { callee, pos });
  try {
    // Operands of the wrong type are everyday (a missing check on the input): no error is made if nobody will see it.
    const complaint = callee.misfit?.(args, context.strict);
    return complaint === undefined ? callee.run(args, context) : refused(complaint);
  } catch (error) {
    if (!(error instanceof BuiltinError)) throw error;
    if (!context.strict) return undefined;
    throw new RegoError(error.code, `${callee.name}: ${error.message}`, pos, { cause: error });
  }
}

/** Within the mock's own run the original is what its name means. */
function mocked(
  mock: Mock,
  args: readonly Value[],
  frame: Frame,
  call: { callee: Callee; pos: Pos },
): Value | undefined {
  if ("value" in mock) return mock.value;
  const outer = frame.context;
  const mocks = new Map(outer.mocks);
  mocks.delete(call.callee.name);
  frame.context = { ...outer, mocks, cache: new Map() };
  const result = invoke(mock.callee, args, frame, call.pos);
  frame.context = outer;
  return result;
}

function refused(complaint: BuiltinError | "misfit"): undefined {
  if (complaint !== "misfit") throw complaint;
}
