import { goQuote } from "../print.ts";
import { runesOf } from "../code-points.ts";

/** An argument as Go sees it. */
export type GoValue =
  | { readonly type: "string"; readonly text: string }
  | { readonly type: "int" | "*big.Int"; readonly value: bigint }
  | { readonly type: "float64"; readonly value: number };

export interface Flags {
  plus?: boolean;
  minus?: boolean;
  sharp?: boolean;
  space?: boolean;
  zero?: boolean;
  width?: number;
  precision?: number | undefined;
}

/** One verb of Go's fmt, https://pkg.go.dev/fmt. A verb that doesn't fit prints a complaint, as there. */
export function formatVerb(verb: string, arg: GoValue, flags: Flags): string {
  if (verb === "T") return padded(arg.type, flags);
  const text = arg.type === "string" ? formatText(verb, arg.text, flags) : undefined;
  const number = arg.type === "float64" ? formatFloat(verb, arg.value, flags) : undefined;
  const whole = "value" in arg && arg.type !== "float64" ? formatWhole(verb, arg, flags) : undefined;
  return text ?? number ?? whole ?? `%!${verb}(${arg.type}=${formatVerb("v", arg, {})})`;
}

/** Pads to the width, counted in code points. */
function padded(text: string, { width = 0, minus, zero }: Flags): string {
  const missing = width - runesOf(text).length;
  if (missing <= 0) return text;
  if (minus === true) return text + " ".repeat(missing);
  return (zero === true ? "0" : " ").repeat(missing) + text;
}

/** Go's big integers take %s as well, and know nothing of characters. */
function formatWhole(
  verb: string,
  { type, value }: Extract<GoValue, { value: bigint }>,
  flags: Flags,
): string | undefined {
  if (type === "int" || RADIX[verb] !== undefined) return formatInteger(verb, value, flags);
  return verb === "s" ? formatInteger("d", value, flags) : undefined;
}

function formatText(verb: string, whole: string, flags: Flags): string | undefined {
  const { precision } = flags;
  const text = precision === undefined ? whole : runesOf(whole).slice(0, precision).join("");
  // `%#v` is Go syntax, and so is a string's.
  if (verb === "v" && flags.sharp === true) return padded(quote(whole, { ...flags, sharp: false }), flags);
  if (verb === "s" || verb === "v") return padded(text, flags);
  if (verb === "q") return padded(quote(text, flags), flags);
  if (verb === "x" || verb === "X") return padded(hexText(verb, whole, flags), flags);
  return undefined;
}

function quote(text: string, { sharp, plus }: Flags): string {
  if (sharp === true && !/[`\ufeff]|[^\P{Cc}\t]/u.test(text)) return `\`${text}\``;
  const quoted = goQuote(text);
  if (plus !== true) return quoted;
  return quoted.replaceAll(/[^\0-\x7f]/gu, (rune) => unicodeEscape(rune.codePointAt(0) ?? 0));
}

function unicodeEscape(code: number): string {
  const hex = code.toString(16);
  return code > 0xffff ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}

function hexText(verb: string, text: string, { sharp, space, precision }: Flags): string {
  const bytes = [...Buffer.from(text, "utf8")]
    .slice(0, precision ?? Infinity)
    .map((byte) => byte.toString(16).padStart(2, "0"));
  const prefix = sharp === true && bytes.length > 0 ? "0x" : "";
  const hex = space === true ? bytes.map((byte) => prefix + byte).join(" ") : prefix + bytes.join("");
  return verb === "X" ? hex.toUpperCase() : hex;
}

const RADIX: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };
const PREFIX: Readonly<Record<string, string>> = { b: "0b", o: "0", x: "0x", X: "0X" };

function formatInteger(verb: string, value: bigint, flags: Flags): string | undefined {
  const radix = RADIX[verb];
  if (radix === undefined) return formatRune(verb, value, flags);
  const size = value < 0n ? -value : value;
  const sign = value < 0n ? "-" : flags.plus === true ? "+" : flags.space === true ? " " : "";
  const prefix = verb === "O" ? "0o" : flags.sharp === true ? (PREFIX[verb] ?? "") : "";
  let digits = size.toString(radix);
  if (flags.precision !== undefined) {
    if (flags.precision === 0 && value === 0n) return padded("", { ...flags, zero: false });
    digits = digits.padStart(flags.precision, "0");
  } else if (flags.zero === true && flags.minus !== true) {
    digits = digits.padStart((flags.width ?? 0) - sign.length, "0");
  }
  const text = `${sign}${prefix}${digits}`;
  return padded(verb === "X" ? text.toUpperCase() : text, { ...flags, zero: false });
}

/** An integer as a character: `%c`, `%q`, `%U`. */
function formatRune(verb: string, value: bigint, flags: Flags): string | undefined {
  const valid = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
  const rune = valid ? String.fromCodePoint(Number(value)) : "\ufffd";
  if (verb === "c") return padded(rune, flags);
  if (verb === "q")
    return padded(`'${goQuote(rune).slice(1, -1).replace('\\"', '"').replace("'", "\\'")}'`, flags);
  if (verb !== "U") return undefined;
  const hex = BigInt.asUintN(64, value).toString(16).toUpperCase();
  const shown = flags.sharp === true && valid ? ` '${rune}'` : "";
  return padded(`U+${hex.padStart(Math.max(4, flags.precision ?? 4), "0")}${shown}`, {
    ...flags,
    zero: false,
  });
}

function formatFloat(verb: string, value: number, flags: Flags): string | undefined {
  const size = floatDigits(verb, Math.abs(value), flags);
  if (size === undefined) return undefined;
  const negative = value < 0 || Object.is(value, -0);
  const sign = negative ? "-" : flags.plus === true ? "+" : flags.space === true ? " " : "";
  if (flags.zero !== true || flags.minus === true) return padded(sign + size, { ...flags, zero: false });
  return sign + padded(size, { ...flags, width: (flags.width ?? 0) - sign.length });
}

function floatDigits(verb: string, size: number, { precision, sharp }: Flags): string | undefined {
  if (verb === "v") return general(size, precision, 21, false);
  if (verb === "g" || verb === "G")
    return upperIf(verb === "G", general(size, precision, undefined, sharp === true));
  if (verb === "e" || verb === "E") return upperIf(verb === "E", exponential(size, precision ?? 6));
  if (verb === "f" || verb === "F") return fixed(size, precision ?? 6);
  return undefined;
}

function upperIf(upper: boolean, text: string): string {
  return upper ? text.toUpperCase() : text;
}

/** JavaScript's limit. */
const MOST_DECIMALS = 100;

/** JavaScript stops at 100 decimals; what follows them is zeros nearly always, and nobody looks. */
function fixed(size: number, precision: number): string {
  const shown = Math.min(precision, MOST_DECIMALS);
  // From 1e21 toFixed switches to exponents; such a double is an integer.
  if (size >= 1e21) return `${BigInt(size)}${precision > 0 ? `.${"0".repeat(precision)}` : ""}`;
  return tiesToEven(size.toFixed(MOST_DECIMALS), size.toFixed(shown), shown) + "0".repeat(precision - shown);
}

/** JavaScript rounds a tie up, Go to the even digit. `exact` has all digits, `rounded` those that are shown. */
function tiesToEven(exact: string, rounded: string, shown: number): string {
  const end = exact.indexOf(".") + 1 + shown;
  if (!/^50*$/.test(exact.slice(end))) return rounded;
  const cut = exact.slice(0, end).replace(/\.$/, "");
  return /[02468]$/.test(cut) ? cut : rounded;
}

/** Go writes at least two digits of exponent. */
function exponential(size: number, precision: number): string {
  const shown = Math.min(precision, MOST_DECIMALS);
  const [rounded = "", exponent = ""] = size.toExponential(shown).split("e");
  const [exact = ""] = size.toExponential(MOST_DECIMALS).split("e");
  const digits = exponent.slice(1).padStart(2, "0");
  return `${tiesToEven(exact, rounded, shown)}${"0".repeat(precision - shown)}e${exponent[0] ?? "+"}${digits}`;
}

/** `%g`: fixed or with an exponent, whichever is for its size; shortest unless a precision is given. */
function general(
  size: number,
  precision: number | undefined,
  from: number | undefined,
  keepZeros: boolean,
): string {
  const digits = precision === 0 ? 1 : precision;
  const text = size.toExponential(digits === undefined ? undefined : Math.min(digits, 100) - 1);
  const exponent = Number(text.split("e")[1]);
  const shortest = digits === undefined;
  const limit = from !== undefined && shortest ? from : shortest ? 21 : digits;
  const bare = (plain: string): string =>
    keepZeros || !plain.includes(".") ? plain : plain.replace(/\.?0+$/, "");
  if (exponent < -4 || exponent >= limit) {
    const [mantissa = "", power = ""] = text.split("e");
    return `${bare(mantissa)}e${power[0]}${power.slice(1).padStart(2, "0")}`;
  }
  if (shortest) return plainDigits(size);
  return bare(fixed(Number(text), Math.max(0, digits - 1 - exponent)));
}

/** The shortest digits without an exponent. */
function plainDigits(size: number): string {
  const text = String(size);
  return text.includes("e") ? fixed(size, MOST_DECIMALS).replace(/\.?0+$/, "") : text;
}
