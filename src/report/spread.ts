/** As fine as a time to verdict is of interest, in ms. */
const stepMs = 100;

/** How some durations are spread, in as little room for a million of them as for ten. */
export class Spread {
  readonly #counts = new Map<number, number>();
  #size = 0;

  add(ms: number): void {
    const step = Math.round(Math.max(ms, 0) / stepMs);
    this.#counts.set(step, (this.#counts.get(step) ?? 0) + 1);
    this.#size += 1;
  }

  /** The shortest that is at least as long as such a share (0 to 1) of them, to 100 ms; null: there are none. */
  quantile(share: number): number | null {
    let before = 0;
    for (const step of [...this.#counts.keys()].toSorted((a, b) => a - b)) {
      before += this.#counts.get(step) ?? 0;
      if (before >= share * this.#size) return step * stepMs;
    }
    return null;
  }
}
