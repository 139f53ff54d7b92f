/** ms of the machine's monotonic clock: all processes of a benchmark read the same one. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
