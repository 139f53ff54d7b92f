import { BuiltinError } from "../error.ts";
import type { Callee } from "../ir.ts";
import { type Num, parseNumber } from "../number.ts";
import { isArray, isNumber, isSet, RSet, type TypeName, typeName, type Value } from "../value.ts";
import { any, array, boolean, builtin, number, object, oneOf, type Operand, set, string } from "./define.ts";

const TYPES: readonly TypeName[] = ["array", "boolean", "null", "number", "object", "set", "string"];

const nothing: Operand<null> = { wanted: "null", accepts: (value): value is null => value === null };

/** What Go's ParseFloat takes and JSON does too: OPA refuses hexadecimal, blanks, infinities. */
const NUMBER_TEXT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function toNumber(value: null | boolean | string | Num): Num {
  if (isNumber(value)) return value;
  if (value === null) return 0;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (/^[+-]?(?:nan|inf|infinity)$/i.test(value))
    throw new BuiltinError("operand 1 must be valid number string", "eval_type_error");
  const plain = value
    .replace(/^\+/, "")
    .replace(/^(-?)\./, "$10.")
    .replace(/\.(?!\d)/, "");
  const parsed = NUMBER_TEXT.test(value) ? parseNumber(plain) : undefined;
  if (parsed === undefined) throw new BuiltinError("invalid syntax");
  return parsed;
}

/** The deprecated casts let a value of their type through, and nothing else. */
const cast = <T extends Value>(name: string, operand: Operand<T>): Callee =>
  builtin(name, [operand], (value) => value);

const items = oneOf(array, set);

/** Types and casts: https://www.openpolicyagent.org/docs/policy-reference/builtins/types */
export const types: readonly Callee[] = [
  ...TYPES.map((type) => builtin(`is_${type}`, [any], (value) => typeName(value) === type)),
  builtin("type_name", [any], typeName),
  builtin("to_number", [oneOf(nothing, boolean, number, string)], toNumber),
  cast("cast_boolean", boolean),
  cast("cast_null", nothing),
  cast("cast_object", object),
  cast("cast_string", string),
  builtin("cast_array", [items], (value) => (isArray(value) ? value : value.items)),
  builtin("cast_set", [items], (value) => (isSet(value) ? value : RSet.of(value))),
];
