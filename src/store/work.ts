import type { Database, Statement } from "./database.ts";
import { type JobClass, type JobKey, wake } from "./jobs.ts";
import { WorkServer } from "./work-server.ts";

/**
 * Does what a key stands for. It may run again after any interruption, so each of its steps is guarded. What it returns is
 * written in the write that finishes the job, all or none of it; where a guard refuses that the job has failed.
 */
export type JobHandler = (
  key: JobKey,
  signal: AbortSignal,
) => Promise<readonly Statement[] | undefined | void>;

export interface ServeOptions {
  /** Ends the serving: no more claims, what runs may finish for `drainMs`, the rest is aborted and given back. */
  readonly signal: AbortSignal;
  /** How many jobs of a class may run at once in this process. Default: 8 of each. */
  readonly limit?: (jobClass: JobClass) => number;
  /** How long a job stays with a replica that has died. Renewed at a third of it. Default: 15 s. */
  readonly leaseMs?: number;
  /** How often to look for work that nobody told us about. Default: 2 s. */
  readonly pollMs?: number;
  /** How long running handlers may take to finish once the signal is aborted. Default: 10 s. */
  readonly drainMs?: number;
  /** ms since 1970: the clock that the handlers go by. Default: this machine's. */
  readonly now?: () => number;
  /** Called whenever the database has been asked for due work and has answered, at least every `pollMs`. */
  readonly onTurn?: () => void;
  /**
   * Told of a handler that failed (its job backs off, up to 30 s) or lost its lease, with the key; and, without a
   * key, once when the database goes away.
   */
  readonly onError?: (error: unknown, key?: JobKey) => void;
}

/** The queue: wake-ups by key, served by any number of replicas. `docs/decisions/0001-queue-is-one-table.md`. */
export interface Work {
  /** Makes a key due; goes into the same write as the rows that it is about. */
  wake(key: JobKey, atMs: number): Statement;
  /**
   * Runs the handler for due keys until the signal is aborted: one at a time for each key, over all replicas.
   * The handler's signal is aborted when the lease is lost (somebody else may have the key) and at the end of a drain.
   */
  serve(handler: JobHandler, options: ServeOptions): Promise<void>;
}

/** The queue in a database's jobs table. */
export function createWork(database: Database): Work {
  return {
    wake,
    serve: (handler, options) => new WorkServer(database, handler, options).serve(),
  };
}
