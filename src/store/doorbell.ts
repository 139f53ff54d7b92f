/** Wakes one sleeper, now or as soon as it lies down. */
export class Doorbell {
  #rung = false;
  #answer: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#answer?.();
  }

  /** Sleeps until somebody rings, or has rung since the last sleep, or the time is over. */
  async sleep(ms: number): Promise<void> {
    if (!this.#rung) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, ms);
      this.#answer = resolve;
      await promise;
      clearTimeout(timer);
      this.#answer = undefined;
    }
    this.#rung = false;
  }
}
