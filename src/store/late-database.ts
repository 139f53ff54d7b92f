import { setTimeout as sleep } from "node:timers/promises";
import type { Database, Statement, Value, Wake } from "./database.ts";

export interface LateOptions {
  readonly kind: Database["kind"];
  readonly open: () => Promise<Database>;
  /** Why it could not be opened at first. */
  readonly fault: unknown;
  /** Told of every try that fails. */
  readonly onFault: (fault: unknown) => void;
  /** Between two tries. */
  readonly pauseMs: number;
}

/**
 * A database that was away when it should have been opened, and is opened when it is there. Until then whatever is asked of
 * it is refused at once, as it is while a database that was there is away.
 */
export class LateDatabase implements Database {
  readonly kind: Database["kind"];
  /** Resolves when it is open, or when it is closed before that. */
  readonly settled: Promise<void>;
  readonly #options: LateOptions;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<(wakes: readonly Wake[]) => void>();
  #fault: unknown;
  #database: Database | undefined;

  constructor(options: LateOptions) {
    this.kind = options.kind;
    this.#options = options;
    this.#fault = options.fault;
    this.settled = this.#open(this.#closing.signal);
  }

  get isOpen(): boolean {
    return this.#database !== undefined;
  }

  async read<T>(sql: string, params?: readonly Value[]): Promise<T[]> {
    return this.#opened().read<T>(sql, params);
  }

  async claim<T>(statement: Statement): Promise<T[]> {
    return this.#opened().claim<T>(statement);
  }

  async write(statements: readonly Statement[]): Promise<void> {
    return this.#opened().write(statements);
  }

  onWake(callback: (wakes: readonly Wake[]) => void): Disposable {
    if (this.#database !== undefined) return this.#database.onWake(callback);
    const listener: typeof callback = (wakes) => callback(wakes);
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.settled;
    await this.#database?.[Symbol.asyncDispose]();
  }

  #opened(): Database {
    if (this.#database === undefined)
      throw new Error("the database has been away since the start", { cause: this.#fault });
    return this.#database;
  }

  async #open(signal: AbortSignal): Promise<void> {
    const { open, onFault, pauseMs } = this.#options;
    while (this.#database === undefined) {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        this.#database = await open();
      } catch (fault) {
        this.#fault = fault;
        onFault(fault);
      }
    }
    const wakeAll = (wakes: readonly Wake[]) => {
      for (const listener of this.#listeners) listener(wakes);
    };
    this.#database.onWake(wakeAll);
    wakeAll([true]);
  }
}
