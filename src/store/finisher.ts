import type { Database } from "./database.ts";
import { finishJob, finishJobs, type JobKey } from "./jobs.ts";

interface Finished {
  readonly key: JobKey;
  readonly token: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Takes finished jobs off the table, those that were claimed together in one statement: half of the queue's cost. */
export class Finisher {
  readonly #database: Database;
  #waiting: Finished[] = [];
  #writing = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Resolves when the job is gone, waits again because it was woken, or is no longer ours. */
  finish(key: JobKey, token: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ key, token, resolve, reject });
    if (!this.#writing) void this.#drain();
    return promise;
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const together = Map.groupBy(this.#waiting.splice(0), ({ token }) => token);
      await Promise.all(Array.from(together, ([token, jobs]) => this.#finishAll(token, jobs)));
    }
    this.#writing = false;
  }

  async #finishAll(token: number, jobs: readonly Finished[]): Promise<void> {
    try {
      const keys = jobs.map(({ key }) => key);
      const rows = await this.#database.claim<{ key: JobKey }>(finishJobs(this.#database.kind, keys, token));
      const gone = new Set(rows.map(({ key }) => key));
      for (const job of jobs) {
        if (gone.has(job.key)) job.resolve();
        else this.#database.write(finishJob(job.key, token)).then(job.resolve, job.reject);
      }
    } catch (error) {
      for (const job of jobs) job.reject(error);
    }
  }
}
