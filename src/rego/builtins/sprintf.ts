import { BuiltinError } from "../error.ts";
import { spendText } from "../meter.ts";
import { integerOf, toDouble } from "../number.ts";
import { termText } from "../print.ts";
import { isNumber, isString, type Value } from "../value.ts";
import { type Flags, formatVerb, type GoValue } from "./go-format.ts";

/** Widths and precisions beyond this are refused by Go's fmt as well. */
const MAX_WIDTH = 1_000_000;

/** OPA's sprintf: Go's fmt.Sprintf over integers, floats and strings; all other values are their text. */
export function sprintf(format: string, args: readonly Value[]): string {
  return new Printer(args.map(goValue)).print(format);
}

function goValue(value: Value): GoValue {
  if (isString(value)) return { type: "string", text: value };
  if (!isNumber(value)) return { type: "string", text: termText(value) };
  const whole = integerOf(value);
  if (whole === undefined) return { type: "float64", value: toDouble(value) };
  return { type: fitsInt64(whole) ? "int" : "*big.Int", value: whole };
}

function fitsInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** One run of Go's doPrintf: where it is in the format and which argument comes next. */
class Printer {
  readonly #args: readonly GoValue[];
  #format = "";
  #at = 0;
  #next = 0;
  #reordered = false;
  #badIndex = false;
  #out = "";

  constructor(args: readonly GoValue[]) {
    this.#args = args;
  }

  print(format: string): string {
    this.#format = format;
    for (;;) {
      const percent = format.indexOf("%", this.#at);
      this.#emit(format.slice(this.#at, percent === -1 ? undefined : percent));
      if (percent === -1) break;
      this.#at = percent + 1;
      this.#verb();
    }
    if (!this.#reordered && this.#next < this.#args.length) {
      const extra = this.#args.slice(this.#next).map((arg) => `${arg.type}=${formatVerb("v", arg, {})}`);
      this.#emit(`%!(EXTRA ${extra.join(", ")})`);
    }
    return this.#out;
  }

  #emit(text: string): void {
    this.#out += text;
    spendText(text.length);
    if (this.#out.length > 8_000_000) throw new BuiltinError("the text is too long");
  }

  /** `%[flags][width][.precision][argument index]verb` */
  #verb(): void {
    const flags: Flags = {};
    this.#badIndex = false;
    this.#readFlags(flags);
    let indexed = this.#argumentIndex();
    const width = this.#size("WIDTH", flags);
    if (width !== undefined) flags.width = width;
    if (indexed && width !== undefined && !this.#wasStar) this.#badIndex = true;
    if (this.#peek() === ".") {
      this.#at++;
      if (indexed) this.#badIndex = true;
      indexed = this.#argumentIndex();
      flags.precision = this.#size("PREC", flags) ?? (this.#badPrecision ? undefined : 0);
    }
    if (!indexed) this.#argumentIndex();
    const verb = this.#takeRune();
    if (verb === undefined) this.#emit("%!(NOVERB)");
    else if (verb === "%") this.#emit("%");
    else if (this.#badIndex) this.#emit(`%!${verb}(BADINDEX)`);
    else if (this.#next >= this.#args.length) this.#emit(`%!${verb}(MISSING)`);
    else this.#emit(formatVerb(verb, this.#args[this.#next++] as GoValue, flags));
  }

  #peek(): string | undefined {
    return this.#format[this.#at];
  }

  #takeRune(): string | undefined {
    const code = this.#format.codePointAt(this.#at);
    if (code === undefined) return undefined;
    const rune = String.fromCodePoint(code);
    this.#at += rune.length;
    return rune;
  }

  #readFlags(flags: Flags): void {
    for (;;) {
      const flag = this.#peek();
      if (flag === "#") flags.sharp = true;
      else if (flag === "0") flags.zero = true;
      else if (flag === "+") flags.plus = true;
      else if (flag === "-") flags.minus = true;
      else if (flag === " ") flags.space = true;
      else return;
      this.#at++;
    }
  }

  #wasStar = false;
  #badPrecision = false;

  /** A number, or `*` for the next argument's. */
  #size(what: "WIDTH" | "PREC", flags: Flags): number | undefined {
    this.#wasStar = this.#peek() === "*";
    this.#badPrecision = false;
    if (this.#wasStar) {
      this.#at++;
      return this.#sizeFromArgument(what, flags);
    }
    const digits = /^\d+/.exec(this.#format.slice(this.#at, this.#at + 20))?.[0];
    if (digits === undefined) return undefined;
    this.#at += digits.length;
    if (Number(digits) <= MAX_WIDTH) return Number(digits);
    throw new BuiltinError(`a ${what.toLowerCase()} of ${digits} is too large`);
  }

  #sizeFromArgument(what: "WIDTH" | "PREC", flags: Flags): number | undefined {
    const arg = this.#args[this.#next];
    const size = arg?.type === "int" ? Number(arg.value) : undefined;
    if (arg !== undefined) this.#next++;
    const usable = size !== undefined && Math.abs(size) <= MAX_WIDTH && (what === "WIDTH" || size >= 0);
    if (!usable) {
      this.#badPrecision = true;
      // Go leaves a negative precision out without a word.
      if (size === undefined || Math.abs(size) > MAX_WIDTH) this.#emit(`%!(BAD${what})`);
      return undefined;
    }
    if (size < 0) flags.minus = true;
    return Math.abs(size);
  }

  /** `[n]` chooses the argument. True if there was one. */
  #argumentIndex(): boolean {
    if (this.#peek() !== "[") return false;
    this.#reordered = true;
    const close = this.#format.indexOf("]", this.#at);
    if (close === -1) {
      this.#badIndex = true;
      this.#at++;
      return false;
    }
    const text = this.#format.slice(this.#at + 1, close);
    this.#at = close + 1;
    const index = /^\d{1,7}$/.test(text) ? Number(text) : 0;
    if (index >= 1 && index <= this.#args.length) this.#next = index - 1;
    else this.#badIndex = true;
    return true;
  }
}
