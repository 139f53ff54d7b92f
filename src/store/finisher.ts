import type { Database, Statement } from "./database.ts";
import { finishJobs, type JobKey } from "./jobs.ts";

/** Jobs in one write: enough to share the commit, few enough that nobody waits for long. */
const batchLimit = 128;

/** A job whose handler has run. */
export interface Finished {
  readonly key: JobKey;
  /** Proves that it is ours. */
  readonly token: number;
  /** What is left to be written. */
  readonly ending: readonly Statement[];
}

interface Waiting extends PromiseWithResolvers<void> {
  readonly job: Finished;
}

/**
 * Writes what handlers leave to be written and takes their jobs off the table, in one write: those that end while another
 * is under way go together.
 */
export class Finisher {
  readonly #database: Database;
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Resolves when the ending is written and the job is gone, or waits again because it was woken; no longer ours, it is
   * left alone. Rejects when nothing of it has happened.
   */
  finish(job: Finished): Promise<void> {
    const waiting = { job, ...Promise.withResolvers<void>() };
    this.#waiting.push(waiting);
    if (!this.#writing) void this.#drain();
    return waiting.promise;
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#writeTogether(this.#waiting.splice(0, batchLimit));
    this.#writing = false;
  }

  /** All or none; where that fails each alone, so that nobody waits for another's conflict. */
  async #writeTogether(waiting: readonly Waiting[]): Promise<void> {
    try {
      await this.#write(waiting.map(({ job }) => job));
      for (const { resolve } of waiting) resolve();
    } catch (error) {
      const [only, ...others] = waiting;
      if (others.length === 0) only?.reject(error);
      else await Promise.all(waiting.map((one) => this.#writeTogether([one])));
    }
  }

  #write(jobs: readonly Finished[]): Promise<void> {
    const claimed = Map.groupBy(jobs, ({ token }) => token);
    const gone = Array.from(claimed, ([token, ofIt]) =>
      finishJobs(
        this.#database.kind,
        ofIt.map(({ key }) => key),
        token,
      ),
    );
    return this.#database.write([...jobs.flatMap(({ ending }) => ending), ...gone.flat()]);
  }
}
