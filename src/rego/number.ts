import { BuiltinError, RegoError } from "./error.ts";
import { divideSoft, type Decimal, shortest, softFrom, softSum, softProduct } from "./soft-float.ts";

/**
 * A Rego number is an exact decimal. It is held as a JS number when that number's shortest text is the decimal
 * (safe integers, everyday fractions), as a bigint when it is an integer beyond 2^53, else as a `Dec`. JSON input may
 * also bring large integers as JS numbers (1e20); every function here takes those by their shortest text.
 */
export type Num = number | bigint | Dec;

/** A decimal no JS number can say: `coef * 10^exp`, `coef` not divisible by ten, `exp` negative. */
export class Dec implements Decimal {
  readonly coef: bigint;
  readonly exp: number;

  constructor(coef: bigint, exp: number) {
    this.coef = coef;
    this.exp = exp;
  }
}

/** Exponents and integers beyond this many digits are refused, so that no number can fill the memory. */
const MAX_DIGITS = 4096;

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Reads a number's text (JSON's syntax, leading zeros allowed); undefined if it is none or is too large. */
export function parseNumber(text: string): Num | undefined {
  if (text.length < 15 && /^-?\d+$/.test(text)) return Number(text) + 0;
  const parts = NUMBER.exec(text);
  if (parts === null || text.length > MAX_DIGITS) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = parts;
  const exp = Number(exponent) - fraction.length;
  if (Math.abs(exp) > MAX_DIGITS - text.length) return undefined;
  return makeNum({ coef: BigInt(`${sign}${whole}${fraction}`), exp });
}

/** The one representation of a decimal. */
function makeNum(decimal: Decimal): Num {
  const { coef, exp } = stripZeros(decimal);
  if (coef === 0n) return 0;
  if (exp >= 0) {
    if (exp > MAX_DIGITS) throw tooLarge();
    return makeInteger(coef * 10n ** BigInt(exp));
  }
  if (exp < -MAX_DIGITS) throw tooLarge();
  const near = Number(`${coef}e${exp}`);
  if (Number.isFinite(near) && near !== 0) {
    const said = stripZeros(parseDouble(near));
    if (said.coef === coef && said.exp === exp) return near;
  }
  return new Dec(coef, exp);
}

/** The one representation of an integer. */
export function makeInteger(value: bigint): number | bigint {
  if (value <= 9007199254740991n && value >= -9007199254740991n) return Number(value);
  const limit = 10n ** BigInt(MAX_DIGITS);
  if (value > limit || value < -limit) throw tooLarge();
  return value;
}

function tooLarge(): RegoError {
  return new RegoError("eval_budget_error", `a number of more than ${MAX_DIGITS} digits`);
}

function stripZeros({ coef, exp }: Decimal): Decimal {
  let [rest, power] = [coef, exp];
  if (rest === 0n) return { coef: 0n, exp: 0 };
  while (rest % 10n === 0n) {
    rest /= 10n;
    power++;
  }
  return { coef: rest, exp: power };
}

function parseDouble(value: number): Decimal {
  // JSON.parse makes Infinity of 1e999; it is taken as the largest double, which keeps order and crashes nothing.
  const finite = Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, Number.isNaN(value) ? 0 : value));
  const [, sign, whole = "", fraction = "", exponent = "0"] = NUMBER.exec(String(finite)) ?? [];
  return { coef: BigInt(`${sign}${whole}${fraction}`), exp: Number(exponent) - fraction.length };
}

/** The exact decimal of a number. */
function decimalOf(n: Num): Decimal {
  if (typeof n === "bigint") return { coef: n, exp: 0 };
  if (typeof n === "number") return Number.isSafeInteger(n) ? { coef: BigInt(n), exp: 0 } : parseDouble(n);
  return n;
}

export function isNum(value: unknown): value is Num {
  return typeof value === "number" || typeof value === "bigint" || value instanceof Dec;
}

/** The number as an exact integer, or undefined if it has a fraction. */
export function integerOf(n: Num): bigint | undefined {
  if (typeof n === "bigint") return n;
  if (n instanceof Dec) return undefined;
  if (!Number.isInteger(n))
    return Number.isFinite(n) ? undefined : integerOf(Math.sign(n) * Number.MAX_VALUE);
  const { coef, exp } = decimalOf(n);
  return exp >= 0 ? coef * 10n ** BigInt(exp) : coef / 10n ** BigInt(-exp);
}

/** The number as a safe JS integer, or undefined. */
export function smallInteger(n: Num): number | undefined {
  return typeof n === "number" && Number.isSafeInteger(n) ? n : undefined;
}

/** Order by exact value. */
export function compareNum(a: Num, b: Num): number {
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : a > b ? 1 : 0;
  const [x, y] = [decimalOf(a), decimalOf(b)];
  const shift = BigInt(Math.abs(x.exp - y.exp));
  const left = x.exp > y.exp ? x.coef * 10n ** shift : x.coef;
  const right = y.exp > x.exp ? y.coef * 10n ** shift : y.coef;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** The number's text: plain for integers, else the shortest decimal. */
export function numText(n: Num): string {
  if (typeof n === "number" && (Number.isSafeInteger(n) || !Number.isInteger(n))) {
    return Number.isFinite(n) ? String(n + 0) : numText(Math.sign(n) * Number.MAX_VALUE || 0);
  }
  const { coef, exp } = decimalOf(n);
  if (exp >= 0) return String(coef * 10n ** BigInt(exp));
  const sign = coef < 0n ? "-" : "";
  const digits = String(coef < 0n ? -coef : coef);
  // Below 1e-6 as JavaScript writes small numbers: one digit, a point, an exponent.
  const power = digits.length + exp - 1;
  if (power < -7) return `${sign}${digits[0]}${digits.length > 1 ? "." : ""}${digits.slice(1)}e${power}`;
  const padded = digits.padStart(1 - exp, "0");
  return `${sign}${padded.slice(0, exp)}.${padded.slice(exp)}`;
}

/** The nearest double. */
export function toDouble(n: Num): number {
  return typeof n === "number" ? n : Number(numText(n));
}

/** Integers are exact at any size; all else goes through a float of 64 bits, as in OPA's topdown/arithmetic.go. */
export function add(a: Num, b: Num): Num {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && Number.isSafeInteger(sum)) return sum;
  }
  const [x, y] = [integerOf(a), integerOf(b)];
  if (x !== undefined && y !== undefined) return makeInteger(x + y);
  return makeNum(shortest(softSum(softFrom(decimalOf(a)), softFrom(decimalOf(b)))));
}

export function negate(n: Num): Num {
  if (typeof n === "number") return 0 - n;
  return typeof n === "bigint" ? makeInteger(-n) : new Dec(-n.coef, n.exp);
}

export function subtract(a: Num, b: Num): Num {
  return add(a, negate(b));
}

export function multiply(a: Num, b: Num): Num {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b;
    if (Number.isSafeInteger(a) && Number.isSafeInteger(b) && Number.isSafeInteger(product))
      return product + 0;
  }
  const [x, y] = [integerOf(a), integerOf(b)];
  if (x !== undefined && y !== undefined) return makeInteger(x * y);
  return makeNum(shortest(softProduct(softFrom(decimalOf(a)), softFrom(decimalOf(b)))));
}

export function divide(a: Num, b: Num): Num {
  if (compareNum(b, 0) === 0) throw new BuiltinError("divide by zero");
  const [x, y] = [integerOf(a), integerOf(b)];
  if (x !== undefined && y !== undefined && x % y === 0n) return makeInteger(x / y);
  return makeNum(shortest(divideSoft(softFrom(decimalOf(a)), softFrom(decimalOf(b)))));
}

export function remainder(a: Num, b: Num): Num {
  const [x, y] = [integerOf(a), integerOf(b)];
  if (x === undefined || y === undefined) throw new BuiltinError("modulo on floating-point number");
  if (y === 0n) throw new BuiltinError("modulo by zero");
  return makeInteger(x % y);
}

/** Rounds to an integer; `round` goes half away from zero, as Go's does. */
export function roundNum(n: Num, how: "floor" | "ceil" | "round"): Num {
  if (integerOf(n) !== undefined) return n;
  const { coef, exp } = decimalOf(n);
  const unit = 10n ** BigInt(-exp);
  const cut = coef / unit;
  const rest = coef - cut * unit;
  if (how === "round") {
    const away = (rest < 0n ? -rest : rest) * 2n >= unit;
    return makeInteger(away ? cut + (coef < 0n ? -1n : 1n) : cut);
  }
  if (how === "floor") return makeInteger(rest < 0n ? cut - 1n : cut);
  return makeInteger(rest > 0n ? cut + 1n : cut);
}
