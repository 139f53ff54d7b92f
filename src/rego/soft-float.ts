/** `coef * 10^exp` */
export interface Decimal {
  readonly coef: bigint;
  readonly exp: number;
}

/** `mant * 2^exp`, the mantissa of at most 64 bits: what Go's big.Float is when nothing sets its precision. */
export interface Soft {
  readonly mant: bigint;
  readonly exp: number;
}

const BITS = 64;

/** The float nearest to a decimal. */
export function softFrom({ coef, exp }: Decimal): Soft {
  return exp >= 0 ? roundRatio(coef * 10n ** BigInt(exp), 1n) : roundRatio(coef, 10n ** BigInt(-exp));
}

export function softSum(a: Soft, b: Soft): Soft {
  const low = Math.min(a.exp, b.exp);
  const sum = (a.mant << BigInt(a.exp - low)) + (b.mant << BigInt(b.exp - low));
  return scaled(roundRatio(sum, 1n), low);
}

export function softProduct(a: Soft, b: Soft): Soft {
  return scaled(roundRatio(a.mant * b.mant, 1n), a.exp + b.exp);
}

/** The caller has seen to it that `b` is not zero. */
export function divideSoft(a: Soft, b: Soft): Soft {
  return scaled(roundRatio(a.mant, b.mant), a.exp - b.exp);
}

function scaled(value: Soft, by: number): Soft {
  return { mant: value.mant, exp: value.exp + by };
}

function bitLength(value: bigint): number {
  const hex = value.toString(16);
  return hex.length * 4 - Math.clz32(Number.parseInt(hex[0] ?? "0", 16)) + 28;
}

/** num/den rounded to 64 bits, ties to even. */
function roundRatio(num: bigint, den: bigint): Soft {
  if (num === 0n) return { mant: 0n, exp: 0 };
  const negative = num < 0n !== den < 0n;
  const [n, d] = [num < 0n ? -num : num, den < 0n ? -den : den];
  // Two bits more than wanted, then one rounding that knows whether anything was cut off below.
  const shift = BITS + 2 - (bitLength(n) - bitLength(d));
  const [top, bottom] = shift >= 0 ? [n << BigInt(shift), d] : [n, d << BigInt(-shift)];
  const quotient = top / bottom;
  const sticky = top % bottom === 0n ? 0n : 1n;
  const extra = bitLength(quotient) - BITS;
  const cut = BigInt(extra);
  const half = 1n << (cut - 1n);
  const rest = quotient & ((1n << cut) - 1n);
  let mant = quotient >> cut;
  if (rest > half || (rest === half && (sticky === 1n || (mant & 1n) === 1n))) mant += 1n;
  return { mant: negative ? -mant : mant, exp: extra - shift };
}

/** The shortest decimal that lies nearer to `value` than to any other float of 64 bits. */
export function shortest(value: Soft): Decimal {
  if (value.mant === 0n) return { coef: 0n, exp: 0 };
  const negative = value.mant < 0n;
  const size = negative ? -value.mant : value.mant;
  const pad = BigInt(BITS - bitLength(size));
  const exp = value.exp - Number(pad);
  const mant = size << pad;
  // In quarters of a unit in the last place: the neighbours' midpoints are 2 away (1 below a power of two).
  const below = mant === 1n << BigInt(BITS - 1) ? 1n : 2n;
  const inclusive = (mant & 1n) === 0n;
  const [scale, unit] = exp >= 2 ? [1n << BigInt(exp - 2), 1n] : [1n, 1n << BigInt(2 - exp)];
  const edges = {
    low: (mant * 4n - below) * scale,
    exact: mant * 4n * scale,
    high: (mant * 4n + 2n) * scale,
    unit,
    inclusive,
  };
  const coef = pick(edges);
  return negative ? { coef: -coef.coef, exp: coef.exp } : coef;
}

interface Edges {
  readonly low: bigint;
  readonly exact: bigint;
  readonly high: bigint;
  /** All three are in parts of this many to one. */
  readonly unit: bigint;
  readonly inclusive: boolean;
}

/** Tries ever finer powers of ten until one multiple lies between the edges. */
function pick({ low, exact, high, unit, inclusive }: Edges): Decimal {
  const inside = (at: bigint, factor: bigint): boolean => {
    const [from, to] = [low * factor, high * factor];
    return inclusive ? at >= from && at <= to : at > from && at < to;
  };
  for (let exp = Math.floor((bitLength(high) - bitLength(unit) + 1) * 0.30103) + 1; ; exp--) {
    // Compare candidate * 10^exp with value/unit, both sides multiplied to whole numbers.
    const ten = 10n ** BigInt(Math.abs(exp));
    const [step, factor] = exp >= 0 ? [ten * unit, 1n] : [unit, ten];
    const down = (exact * factor) / step;
    const [lower, upper] = [down * step, (down + 1n) * step];
    const okDown = down > 0n && inside(lower, factor);
    const okUp = inside(upper, factor);
    if (okDown && okUp) {
      const nearerUp = upper - exact * factor < exact * factor - lower;
      return { coef: nearerUp ? down + 1n : down, exp };
    }
    if (okDown) return { coef: down, exp };
    if (okUp) return { coef: down + 1n, exp };
  }
}
