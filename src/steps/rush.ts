import { performance, type EventLoopUtilization } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";

/** How many alerts are routed at once, and how many in a rush. */
const usualBatch = 200;
const rushBatch = 25;

/** How long the routing makes way in a rush, and how often it looks whether that is over. */
const pauseMs = 250;
const lookMs = 25;

/** This many alerts since the routing last looked, and twice as many as it took, and no idle moment: a rush. */
const fewAlerts = 100;
const busy = 0.9;

/**
 * Makes the routing yield while alerts come in faster than it can take them and the main thread is at its limit: what is
 * on disk can wait, what is not may be lost with its sender's patience. When the rush is over, or the thread has time to
 * spare, the routing goes on at once; holds are jobs of their own, and are as punctual as ever.
 */
export class Rush {
  readonly #utilization: () => number;
  #received = 0;
  #routed = 0;

  /** `utilization`: how busy the main thread was since the last call, 0 to 1. */
  constructor(utilization: () => number = eventLoop()) {
    this.#utilization = utilization;
  }

  /** Told of alerts that are on disk. */
  received(alerts: number): void {
    this.#received += alerts;
  }

  /** Told of alerts that are routed. */
  routed(alerts: number): void {
    this.#routed += alerts;
  }

  /** Waits for the routing's turn; how many alerts it may take. */
  async turn(signal: AbortSignal): Promise<number> {
    if (!this.#isOn()) return usualBatch;
    for (let waited = 0; waited < pauseMs && !signal.aborted; waited += lookMs) {
      const before = this.#received;
      await sleep(lookMs);
      if (this.#received === before) return usualBatch;
    }
    return rushBatch;
  }

  #isOn(): boolean {
    const [received, routed] = [this.#received, this.#routed];
    [this.#received, this.#routed] = [0, 0];
    const utilization = this.#utilization();
    return received >= fewAlerts && received > 2 * routed && utilization > busy;
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
