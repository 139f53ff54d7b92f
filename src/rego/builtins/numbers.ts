import { BuiltinError } from "../error.ts";
import type { Callee } from "../ir.ts";
import { spend } from "../meter.ts";
import {
  add,
  compareNum,
  divide,
  integerOf,
  makeInteger,
  multiply,
  negate,
  type Num,
  remainder,
  roundNum,
  subtract,
} from "../number.ts";
import { visit } from "../runtime.ts";
import { compareValues, equalValues, isSet, RSet, type Value } from "../value.ts";
import { any, builtin, integer, number, oneOf, operandError, set } from "./define.ts";

const numberOrSet = oneOf(number, set);

/** Numbers are subtracted, sets lose what the other has. */
function minus(a: Num | RSet, b: Num | RSet): Value {
  if (isSet(a)) {
    if (!isSet(b)) throw operandError(2, "set", b);
    return RSet.of(a.items.filter((item) => !b.has(item)));
  }
  if (isSet(b)) throw operandError(2, "number", b);
  return subtract(a, b);
}

/** `x in xs`: an object's values, not its keys, are looked through. */
function isMember(item: Value, collection: Value): boolean {
  if (isSet(collection)) return collection.has(item);
  return visit(collection, (_, value) => equalValues(value, item));
}

function isMemberAt(key: Value, item: Value, collection: Value): boolean {
  return visit(collection, (at, value) => equalValues(at, key) && equalValues(value, item));
}

/** More than this many numbers are refused: nobody reads them, and they fill the memory. */
const MAX_RANGE = 1_000_000n;

/** From `from` to `to`, both included, downwards if `to` is less. */
function range(from: Num, to: Num, step: bigint): Value {
  const [start, end] = [integerOf(from) ?? 0n, integerOf(to) ?? 0n];
  const length = (end > start ? end - start : start - end) / step + 1n;
  if (length > MAX_RANGE)
    throw new BuiltinError(`a range of ${length} numbers is longer than the limit ${MAX_RANGE}`);
  spend(Number(length));
  const by = end >= start ? step : -step;
  return Array.from({ length: Number(length) }, (_, at) => makeInteger(start + BigInt(at) * by));
}

function rangeStep(from: Num, to: Num, step: Num): Value {
  const by = integerOf(step) ?? 0n;
  if (by <= 0n) throw new BuiltinError("step must be a positive integer");
  return range(from, to, by);
}

function shift(n: Num, by: Num, left: boolean): Value {
  const count = integerOf(by) ?? 0n;
  if (count < 0n) {
    const reason = "operand 2 must be an unsigned integer number but got a negative integer";
    throw new BuiltinError(reason, "eval_type_error");
  }
  // Beyond this nothing is left of a number, or it is past what numbers may be.
  const bits = count > 20_000n ? 20_000n : count;
  const value = integerOf(n) ?? 0n;
  return makeInteger(left ? value << bits : value >> bits);
}

const bits = (name: string, run: (a: bigint, b: bigint) => bigint): Callee =>
  builtin(name, [integer, integer], (a, b) => makeInteger(run(integerOf(a) ?? 0n, integerOf(b) ?? 0n)));

/** Operators and arithmetic: https://www.openpolicyagent.org/docs/policy-reference/builtins/numbers */
export const numbers: readonly Callee[] = [
  ...["eq", "equal"].map((name) => builtin(name, [any, any], equalValues)),
  builtin("neq", [any, any], (a, b) => !equalValues(a, b)),
  builtin("lt", [any, any], (a, b) => compareValues(a, b) < 0),
  builtin("lte", [any, any], (a, b) => compareValues(a, b) <= 0),
  builtin("gt", [any, any], (a, b) => compareValues(a, b) > 0),
  builtin("gte", [any, any], (a, b) => compareValues(a, b) >= 0),
  builtin("plus", [number, number], add),
  builtin("minus", [numberOrSet, numberOrSet], minus),
  builtin("mul", [number, number], multiply),
  builtin("div", [number, number], divide),
  builtin("rem", [number, number], remainder),
  builtin("abs", [number], (n) => (compareNum(n, 0) < 0 ? negate(n) : n)),
  builtin("ceil", [number], (n) => roundNum(n, "ceil")),
  builtin("floor", [number], (n) => roundNum(n, "floor")),
  builtin("round", [number], (n) => roundNum(n, "round")),
  builtin("numbers.range", [integer, integer], (from, to) => range(from, to, 1n)),
  builtin("numbers.range_step", [integer, integer, integer], rangeStep),
  builtin("internal.member_2", [any, any], isMember),
  builtin("internal.member_3", [any, any, any], isMemberAt),
  bits("bits.and", (a, b) => a & b),
  bits("bits.or", (a, b) => a | b),
  bits("bits.xor", (a, b) => a ^ b),
  builtin("bits.negate", [integer], (n) => makeInteger(~(integerOf(n) ?? 0n))),
  builtin("bits.lsh", [integer, integer], (n, by) => shift(n, by, true)),
  builtin("bits.rsh", [integer, integer], (n, by) => shift(n, by, false)),
];
