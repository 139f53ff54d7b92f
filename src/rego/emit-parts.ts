import { type Pos, RegoError } from "./error.ts";
import type { Callee } from "./ir.ts";
import { spend, spendText } from "./meter.ts";
import { termText } from "./print.ts";
import {
  type Eval,
  type Frame,
  gather,
  type Gatherer,
  invoke,
  type Match,
  type Step,
  visit,
} from "./runtime.ts";
import { isArray, isObject, isSet, isString, lookup, type RSet, sizeOf, type Value } from "./value.ts";
import { objectOf } from "./object-builder.ts";

/** Calls of one and two arguments, nearly all there are, go without a loop. */
export function callOf(callee: Callee, args: readonly Eval[], pos: Pos): Eval {
  const [first, second, ...rest] = args;
  if (first === undefined || rest.length > 0) return callOfMany(callee, args, pos);
  if (second === undefined) {
    return (frame) => {
      const x = first(frame);
      return x === undefined ? undefined : invoke(callee, [x], frame, pos);
    };
  }
  return (frame) => {
    const x = first(frame);
    if (x === undefined) return undefined;
    const y = second(frame);
    return y === undefined ? undefined : invoke(callee, [x, y], frame, pos);
  };
}

function callOfMany(callee: Callee, args: readonly Eval[], pos: Pos): Eval {
  return (frame) => {
    const values = evaluateAll(args, frame);
    return values === undefined ? undefined : invoke(callee, values, frame, pos);
  };
}

/** Undefined if any of them is. */
function evaluateAll(evals: readonly Eval[], frame: Frame): Value[] | undefined {
  const values: Value[] = [];
  for (const evaluate of evals) {
    const value = evaluate(frame);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

/** An array or set. */
export function itemsOf(evals: readonly Eval[], make: (items: readonly Value[]) => Value): Eval {
  return (frame) => {
    const values = evaluateAll(evals, frame);
    spend(evals.length);
    return values === undefined ? undefined : make(values);
  };
}

export function entriesFrom(keys: readonly Eval[], values: readonly Eval[]): Eval {
  return (frame) => {
    const names = evaluateAll(keys, frame);
    const items = evaluateAll(values, frame);
    if (names === undefined || items === undefined) return undefined;
    return objectOf(names.map((name, at) => [name, items[at] as Value]));
  };
}

/** A literal without variables is made when first needed, and only once. */
export function once(make: () => Value): Eval {
  let made: Value | undefined;
  return () => (made ??= make());
}

export interface CollectParts {
  readonly of: "array" | "set" | "object";
  readonly key: Eval | undefined;
  readonly value: Eval;
  readonly slot: number;
  readonly pos: Pos;
}

/**
 * The frame is the only thing a body's last step can see, so what it gathers waits in a slot of it. The slot is the
 * compiler's own: no variable reads it, hence the casts.
 */
export function gatherStep({ key, value, slot }: CollectParts): Step {
  return (frame) => {
    const item = value(frame);
    const name = key?.(frame);
    const defined = item !== undefined && (key === undefined || name !== undefined);
    if (defined) (frame.slots[slot] as unknown as Gatherer).add(name, item);
    return false;
  };
}

export function collectOf({ of, slot, pos }: CollectParts, body: Step): Eval {
  return (frame) => {
    const gatherer = gather(of, pos);
    frame.slots[slot] = gatherer as unknown as Value;
    body(frame);
    return gatherer.done();
  };
}

/** Each part gives the set of its outcomes: none prints `<undefined>`, several are an error. */
export function templateOf(parts: readonly (string | Eval)[], pos: Pos): Eval {
  return (frame) => {
    const text = parts
      .map((part) => (typeof part === "string" ? part : outcome(part(frame) as RSet, pos)))
      .join("");
    spendText(text.length);
    return text;
  };
}

function outcome({ items: [value, ...others] }: RSet, pos: Pos): string {
  if (others.length > 0) {
    throw new RegoError("eval_conflict_error", "template-strings must not produce multiple outputs", pos);
  }
  if (value === undefined) return "<undefined>";
  return isString(value) ? value : termText(value);
}

export function arrayMatch(items: readonly Match[]): Match {
  return (frame, value) =>
    isArray(value) &&
    value.length === items.length &&
    items.every((item, at) => item(frame, value[at] as Value));
}

export function objectMatch(entries: readonly (readonly [Eval, Match])[]): Match {
  return (frame, value) =>
    isObject(value) &&
    sizeOf(value) === entries.length &&
    entries.every(([key, item]) => {
      const name = key(frame);
      const member = name === undefined ? undefined : lookup(value, name);
      return member !== undefined && item(frame, member);
    });
}

/** Holds if the body does for each element; over what is no collection it does not hold. */
export function everyOf(
  domain: Eval,
  slots: { readonly key: number | undefined; readonly value: number },
  body: Step,
): Step {
  return (frame) => {
    const collection = domain(frame);
    if (collection === undefined || !(isArray(collection) || isSet(collection) || isObject(collection)))
      return false;
    const failed = visit(collection, (name, item) => {
      if (slots.key !== undefined) frame.slots[slots.key] = name;
      frame.slots[slots.value] = item;
      return !body(frame);
    });
    return !failed;
  };
}
