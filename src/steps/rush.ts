import { performance, type EventLoopUtilization } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

/** How many alerts are routed at once, and how many in a rush. */
const usualBatch = 200;
const rushBatch = 25;

/** So many alerts a second, and a main thread that is so busy: a rush. Neither says anything over less than `windowMs`. */
const manyPerSecond = 1000;
const busy = 0.9;
const windowMs = 100;

/** How long the routing makes way each time, how often it looks whether it has to, and for how long in a row it does. */
const pauseMs = 300;
const lookMs = 100;
const patienceMs = 5000;

/** What a rush is known by. */
export interface RushSigns {
  /** How busy the main thread was since the last call, 0 to 1. */
  readonly utilization: () => number;
  /** ms of a clock that never goes back. */
  readonly now: () => number;
}

/**
 * Makes the routing yield while alerts come in faster than the main thread can take and route them: what is on disk can
 * wait, what is not may be lost with its sender's patience, and a flood that is let in at once is over sooner. It yields
 * for 5 s in a row at most, and to nobody once the thread has time to spare; holds are jobs of their own, and are as
 * punctual as ever.
 */
export class Rush {
  readonly #signs: RushSigns;
  #received = 0;
  #lookedAt: number;
  /** Null: there is none. */
  #since: number | null = null;

  constructor(signs: RushSigns = { utilization: eventLoop(), now: () => performance.now() }) {
    this.#signs = signs;
    this.#lookedAt = signs.now();
  }

  /** Told of alerts that are on disk. */
  received(alerts: number): void {
    this.#received += alerts;
  }

  /** Waits for the routing's turn; how many alerts it may take. */
  async turn(signal: AbortSignal): Promise<number> {
    if (!this.#isOn()) return usualBatch;
    for (let waited = 0; waited < pauseMs && !signal.aborted; waited += lookMs) {
      const before = this.#received;
      await sleep(lookMs);
      if (this.#received === before || this.#signs.utilization() < busy) return usualBatch;
    }
    return rushBatch;
  }

  #isOn(): boolean {
    const now = this.#signs.now();
    const elapsedMs = now - this.#lookedAt;
    if (elapsedMs >= windowMs) {
      const isMany = this.#received >= (manyPerSecond * elapsedMs) / 1000;
      const isRush = this.#signs.utilization() >= busy && isMany;
      this.#since = isRush ? (this.#since ?? now) : null;
      this.#received = 0;
      this.#lookedAt = now;
    }
    return this.#since !== null && now - this.#since < patienceMs;
  }
}

function eventLoop(): () => number {
  let last: EventLoopUtilization | undefined;
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    return utilization;
  };
}
