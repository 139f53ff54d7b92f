/** The value below which a part of the values lies; NaN where there are none. */
export function quantile(values: Iterable<number>, part: number): number {
  const sorted = Float64Array.from(values).toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}

export function median(values: Iterable<number>): number {
  return quantile(values, 0.5);
}
