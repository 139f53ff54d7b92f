import { setTimeout as sleep } from "node:timers/promises";
import { startHelper } from "../helper.ts";

export type ReceiverQuestion = ReceiverSettings | "count" | "arrivals" | "forget";

/** How it is to answer from now on. */
export interface ReceiverSettings {
  /** Default: 0, at once. */
  readonly answerAfterMs?: number;
}

export interface Arrivals {
  readonly url: string;
  readonly requests: number;
  /** How many different alerts have arrived. */
  readonly alerts: number;
  /** When alert n arrived first, by the machine's clock; only where `arrivals` was asked. */
  readonly arrivals: ReadonlyMap<number, number>;
}

/** Whoever is told: a process that takes every webhook. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  /** What has arrived, once it is so many alerts, or nothing more comes for `patienceMs`, or `limitMs` is over. */
  arrivals(wanted: number, limitMs: number): Promise<ReadonlyMap<number, number>>;
  forget(): Promise<void>;
}

const patienceMs = 3000;

export async function startReceiver(settings: ReceiverSettings = {}): Promise<Receiver> {
  const helper = startHelper<ReceiverQuestion, Arrivals>(new URL("process.ts", import.meta.url));
  const { url } = await helper.ask(settings);
  return {
    url,
    async arrivals(wanted, limitMs) {
      const end = performance.now() + limitMs;
      let seen = -1;
      let lastNews = performance.now();
      while (seen < wanted && performance.now() < Math.min(end, lastNews + patienceMs)) {
        const { alerts } = await helper.ask("count");
        if (alerts > seen) lastNews = performance.now();
        seen = alerts;
        await sleep(20);
      }
      return (await helper.ask("arrivals")).arrivals;
    },
    async forget() {
      await helper.ask("forget");
    },
    [Symbol.asyncDispose]: () => helper[Symbol.asyncDispose](),
  };
}
