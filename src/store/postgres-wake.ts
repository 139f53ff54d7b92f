import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientConfig } from "pg";
import type { Wake } from "./database.ts";

const channel = "crosscheck_wake";
/** News that comes while it is being told waits for so long, for more. */
const gatherMs = 10;
const firstPauseMs = 100;
const longestPauseMs = 5000;

type Query = (sql: string, params: readonly string[]) => Promise<unknown>;

/**
 * News of due jobs between replicas, by NOTIFY. They are hints: whoever serves jobs also looks by itself now and then, so
 * a notification that is lost costs a moment, never a job. That is why it is sent after the commit and not in the
 * transaction, where it would make all replicas' commits wait for each other.
 */
export class WakeChannel implements AsyncDisposable {
  readonly #settings: ClientConfig;
  readonly #query: Query;
  readonly #listeners = new Set<(wakes: readonly Wake[]) => void>();
  readonly #closing = new AbortController();
  /** Our own notifications come back to us; whoever listens here has been told already. */
  readonly #self = randomUUID();
  #listening: Promise<void> | undefined;
  #telling: Promise<void> | undefined;
  #more = false;

  /** `query` is for telling; whoever listens has a connection of its own, by `settings`. */
  constructor(settings: ClientConfig, query: Query) {
    this.#settings = settings;
    this.#query = query;
  }

  /** The connection for listening is opened for the first listener only: most commands have none. */
  listen(callback: (wakes: readonly Wake[]) => void): Disposable {
    const listener: typeof callback = (wakes) => callback(wakes);
    this.#listeners.add(listener);
    this.#listening ??= this.#keepListening();
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Tells the listeners here at once, the other replicas soon; many calls become few notifications. */
  tell(wakes: readonly Wake[]): void {
    this.#wakeAll(wakes);
    this.#more = true;
    this.#telling ??= this.#notify();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#listening, this.#telling]);
  }

  /** Notifications do not say what falls due: `[true]`. */
  #wakeAll(wakes: readonly Wake[] = [true]): void {
    for (const listener of this.#listeners) listener(wakes);
  }

  async #notify(): Promise<void> {
    while (this.#more) {
      this.#more = false;
      await this.#query("select pg_notify($1, $2)", [channel, this.#self]).catch(() => undefined);
      if (this.#more)
        await sleep(gatherMs, undefined, { signal: this.#closing.signal }).catch(() => undefined);
    }
    this.#telling = undefined;
  }

  async #keepListening(): Promise<void> {
    const { signal } = this.#closing;
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      if (await this.#listenUntilBroken(signal)) pauseMs = firstPauseMs;
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }

  /** True if it listened for a while, false if it could not connect. */
  async #listenUntilBroken(signal: AbortSignal): Promise<boolean> {
    const client = new Client(this.#settings);
    const broken = Promise.withResolvers<void>();
    const stop = () => broken.resolve();
    client.on("error", stop);
    client.on("end", stop);
    client.on("notification", ({ payload }) => {
      if (payload !== this.#self) this.#wakeAll();
    });
    signal.addEventListener("abort", stop, { once: true });
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
      // What was told while nobody listened is unknown.
      this.#wakeAll();
      if (!signal.aborted) await broken.promise;
      return true;
    } catch {
      return false;
    } finally {
      signal.removeEventListener("abort", stop);
      await client.end().catch(() => undefined);
    }
  }
}
