import { BuiltinError } from "../error.ts";
import type { Callee } from "../ir.ts";
import { integerOf, type Num, smallInteger } from "../number.ts";
import { isArray, isBoolean, isNumber, isObject, isSet, isString, typeName, type Value } from "../value.ts";

/** What an operand may be. */
export interface Operand<T extends Value> {
  readonly accepts: (value: Value) => value is T;
  /** As OPA words it: `string`, or `one of {array, set}`. */
  readonly wanted: string;
}

function one<T extends Value>(wanted: string, accepts: (value: Value) => value is T): Operand<T> {
  return { accepts, wanted };
}

export const any = one("any", (value): value is Value => value !== undefined);
export const string = one("string", isString);
export const boolean = one("boolean", isBoolean);
export const number = one("number", isNumber);
export const array = one("array", isArray);
export const set = one("set", isSet);
export const object = one("object", isObject);

export const integer = one(
  "integer number",
  (value): value is Num => isNumber(value) && integerOf(value) !== undefined,
);

type ValueOf<O> = O extends Operand<infer V> ? V : never;

/** Any of several types; errors name them in the order given, which is OPA's for each builtin. */
export function oneOf<const T extends readonly Operand<Value>[]>(
  ...operands: T
): Operand<ValueOf<T[number]>> {
  const accepts = (value: Value): value is ValueOf<T[number]> =>
    operands.some((operand) => operand.accepts(value));
  return one(`one of {${operands.map(({ wanted }) => wanted).join(", ")}}`, accepts);
}

type Accepted<T extends readonly Operand<Value>[]> = {
  [K in keyof T]: ValueOf<T[K]>;
};

/** A builtin: its name, what its operands may be, and what it makes of them (undefined: no result). */
export function builtin<const T extends readonly Operand<Value>[]>(
  name: string,
  operands: T,
  run: (...args: Accepted<T>) => Value | undefined,
): Callee {
  const call = run as (...args: readonly Value[]) => Value | undefined;
  const misfit = (args: readonly Value[], wanted: boolean): BuiltinError | "misfit" | undefined => {
    for (let at = 0; at < operands.length; at++) {
      const operand = operands[at] as Operand<Value>;
      const value = args[at] as Value;
      if (!operand.accepts(value)) return wanted ? operandError(at + 1, operand.wanted, value) : "misfit";
    }
    return undefined;
  };
  return { name, arity: operands.length, misfit, run: (args) => call(...args) };
}

/** OPA's words for an operand of the wrong type. */
export function operandError(position: number, wanted: string, got: Value): BuiltinError {
  const is = wanted === "integer number" && isNumber(got) ? "floating-point number" : typeName(got);
  return new BuiltinError(`operand ${position} must be ${wanted} but got ${is}`, "eval_type_error");
}

/** Every element must be of one type. */
export function elements<T extends Value>(
  items: readonly Value[],
  operand: Operand<T>,
  position: number,
): readonly T[] {
  const odd = items.find((item) => !operand.accepts(item));
  if (odd === undefined) return items as readonly T[];
  const what = `operand ${position} must be array of ${operand.wanted}s but got array containing ${typeName(odd)}`;
  throw new BuiltinError(what, "eval_type_error");
}

/** An integer operand that counts or indexes something; far beyond any length it is cut to what a double holds. */
export function indexOf(n: Num): number {
  return smallInteger(n) ?? Number(integerOf(n) ?? 0n);
}
