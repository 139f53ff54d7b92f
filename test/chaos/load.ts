import { setTimeout as sleep } from "node:timers/promises";
import type { Random } from "../fixtures/random.ts";
import type { Ledger } from "./judge.ts";

/** An alert to be sent. */
export interface Draft {
  readonly kind: string;
  readonly path: string;
  readonly body: object;
}

export interface LoadOptions {
  readonly ledger: Ledger;
  readonly random: Random;
  /** Alerts a second. */
  readonly rate: number;
  /** Where the next one goes; undefined while nobody is there. */
  readonly target: () => string | undefined;
  readonly draft: (mark: string) => Draft;
}

/** No more calls than this wait for their answer: senders in the world are not endless either. */
const callsAtOnce = 200;
const answerLimitMs = 60_000;

/** Sends alerts at a rate until it is stopped, and enters into the ledger what is answered. */
export class Load implements AsyncDisposable {
  readonly #options: LoadOptions;
  readonly #calls = new Set<Promise<void>>();
  readonly #running: Promise<void>;
  #stopped = false;
  /** ms that the slowest answer took. */
  slowestMs = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Sends nothing more, and waits for the last answer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
    await Promise.all(this.#calls);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(): Promise<void> {
    const { rate, target } = this.#options;
    let last = performance.now();
    let due = 0;
    while (!this.#stopped) {
      // The beat of the load: what has become due since is sent.
      await sleep(5);
      const now = performance.now();
      due = Math.min(due + ((now - last) / 1000) * rate, callsAtOnce);
      last = now;
      for (; due >= 1 && this.#calls.size < callsAtOnce; due -= 1) {
        const url = target();
        if (url !== undefined) this.#begin(url);
      }
    }
  }

  #begin(url: string): void {
    const call = this.#send(url);
    this.#calls.add(call);
    void call.finally(() => this.#calls.delete(call));
  }

  async #send(url: string): Promise<void> {
    const { ledger, draft } = this.#options;
    const mark = ledger.nextMark();
    const { kind, path, body } = draft(mark);
    const sentAt = performance.now();
    try {
      const response = await fetch(url + path, {
        method: "POST",
        body: JSON.stringify({ mark, ...body }),
        signal: AbortSignal.timeout(answerLimitMs),
      });
      const text = await response.text();
      this.slowestMs = Math.max(this.slowestMs, performance.now() - sentAt);
      if (response.status === 202) {
        const { id } = JSON.parse(text) as { id: string };
        ledger.accepted.set(mark, { id, kind, at: Date.now() });
      } else if (response.status === 503 && /^\d+$/.test(response.headers.get("retry-after") ?? "")) {
        ledger.refused += 1;
      } else {
        ledger.odd.push(`POST ${path} answered ${response.status} ${text.slice(0, 200)}`);
      }
    } catch {
      // The 202 may have been on its way: such an alert may be told or not.
      ledger.unanswered += 1;
    }
  }
}
