/**
 * When to look again, for all who wait: every `periodMs`, and at a wake-up, once a period at most. While nobody listens
 * it is silent.
 */
export class Pulse {
  readonly #onWake: (beat: () => void) => Disposable;
  readonly #periodMs: number;
  readonly #listeners = new Set<() => void>();
  #early = false;
  #running: Disposable | undefined;

  constructor(onWake: (beat: () => void) => Disposable, periodMs: number) {
    this.#onWake = onWake;
    this.#periodMs = periodMs;
  }

  /** Resolves at the next beat, or when the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const listener = () => {
        signal.removeEventListener("abort", listener);
        this.#listeners.delete(listener);
        resolve();
      };
      signal.addEventListener("abort", listener, { once: true });
      this.#listeners.add(listener);
      this.#running ??= this.#start();
    });
  }

  #start(): Disposable {
    const listening = this.#onWake(() => {
      if (this.#early) return;
      this.#early = true;
      this.#beat();
    });
    const timer = setInterval(() => {
      this.#early = false;
      if (this.#listeners.size === 0) this.#stop();
      this.#beat();
    }, this.#periodMs);
    return {
      [Symbol.dispose]() {
        clearInterval(timer);
        listening[Symbol.dispose]();
      },
    };
  }

  #stop(): void {
    this.#running?.[Symbol.dispose]();
    this.#running = undefined;
  }

  #beat(): void {
    for (const listener of this.#listeners) listener();
  }
}
