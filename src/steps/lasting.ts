/** How soon what is still wrong is told again: whoever hears of it keeps to once an hour, and may have missed it. */
const againMs = 300_000;

/** Something that is wrong and is told when it lasts; over, it is forgotten. */
export class Lasting {
  readonly #afterMs: number;
  #since: number | null = null;
  #toldAt: number | null = null;

  /** `afterMs`: how long it may be so before anybody is told. */
  constructor(afterMs: number) {
    this.#afterMs = afterMs;
  }

  /** Notes whether it is so at `now` (ms); since when it has been, if that is to be told now. */
  note(isSo: boolean, now: number): number | undefined {
    if (!isSo) {
      this.#since = null;
      this.#toldAt = null;
      return undefined;
    }
    this.#since ??= now;
    const early = now - this.#since < this.#afterMs;
    if (early || (this.#toldAt !== null && now - this.#toldAt < againMs)) return undefined;
    this.#toldAt = now;
    return this.#since;
  }
}
