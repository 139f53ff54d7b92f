interface TurnsOptions {
  /** How many may have a turn at once. */
  readonly places: number;
  /** Whoever has a turn and a live server has heard of it by then. */
  readonly silenceMs: number;
  /** However busy the server is. */
  readonly patienceMs: number;
}

/**
 * Turns at a server that takes so many callers at once, in the order in which they were asked for. Whoever waits is told
 * apart why: as long as others are answered the server is there, and busy.
 */
export class Turns {
  readonly #options: TurnsOptions;
  /** In order. */
  readonly #waiting = new Set<() => void>();
  #free: number;
  #answeredAt = -Infinity;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#free = options.places;
  }

  /**
   * Resolves with one's turn, which `leave` ends.
   * @throws Error when nobody has been answered for `silenceMs`, or after `patienceMs`
   */
  async take(): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    const { promise: turn, resolve: begin, reject } = Promise.withResolvers<void>();
    this.#waiting.add(begin);
    const since = performance.now();
    const { silenceMs, patienceMs } = this.#options;
    const look = () => {
      const [fault, lookMs] = this.#outlook(since);
      if (fault === null) {
        timer = setTimeout(look, lookMs);
        return;
      }
      this.#waiting.delete(begin);
      reject(new Error(fault));
    };
    let timer = setTimeout(look, Math.min(silenceMs, patienceMs));
    await turn.finally(() => clearTimeout(timer));
  }

  /** `answered`: the server has said something, good or bad. */
  leave({ answered }: { readonly answered: boolean }): void {
    if (answered) this.#answeredAt = performance.now();
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }

  /** Why somebody who waits since then gives up now, or null and when (ms) to ask again. */
  #outlook(since: number): readonly [fault: string | null, lookMs: number] {
    const { silenceMs, patienceMs } = this.#options;
    const now = performance.now();
    const [waitedMs, silentMs] = [now - since, now - Math.max(since, this.#answeredAt)];
    if (silentMs >= silenceMs) return [`does not answer: nobody has heard of it for ${seconds(silentMs)}`, 0];
    if (waitedMs >= patienceMs)
      return [`is busy: no turn in ${seconds(waitedMs)}, and ${this.#waiting.size} callers are waiting`, 0];
    return [null, Math.min(silenceMs - silentMs, patienceMs - waitedMs)];
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
