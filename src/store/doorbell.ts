/** Wakes one sleeper, now or as soon as it lies down. */
export class Doorbell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Whoever rang before now is about to be answered. */
  answer(): void {
    this.#rung = false;
  }

  /** Sleeps until somebody rings, or has rung since the last sleep, or the time is over. */
  async sleep(ms: number): Promise<void> {
    if (!this.#rung) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      this.#wake = resolve;
      await promise;
      clearTimeout(timer);
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}
