import type { Database } from "./database.ts";
import { renewLease, type ClaimedJob } from "./jobs.ts";

/** How long to wait before a renewal that failed is tried again, as a part of the lease. */
const retryPart = 1 / 15;

interface LeaseOptions {
  readonly leaseMs: number;
  /** `performance.now()` just before the claim was sent: the lease ends no earlier than `leaseMs` after it. */
  readonly claimedAt: number;
  /** The lease has ended or gone to somebody else, who may be running the key by now. */
  onLost(reason: Error): void;
}

/** Keeps a claimed job ours while its handler runs: renews the lease at a third of its time. */
export class Lease {
  readonly #database: Database;
  readonly #job: ClaimedJob;
  readonly #options: LeaseOptions;
  #token: number;
  #endsAt: number;
  #timer: NodeJS.Timeout | undefined;
  #endTimer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | undefined;
  #over = false;

  constructor(database: Database, job: ClaimedJob, options: LeaseOptions) {
    this.#database = database;
    this.#job = job;
    this.#options = options;
    this.#token = job.lease;
    this.#endsAt = options.claimedAt + options.leaseMs;
    this.#renewIn(options.leaseMs / 3);
  }

  /** Stops renewing. The token that finishes the job, or undefined if it is no longer ours to finish. */
  async stop(): Promise<number | undefined> {
    clearTimeout(this.#timer);
    // A renewal under way changes the token.
    await this.#renewing;
    clearTimeout(this.#timer);
    const lost = this.#over;
    this.#over = true;
    return lost ? undefined : this.#token;
  }

  /** How much of it is left if it is not renewed. */
  remainingMs(): number {
    return this.#endsAt - performance.now();
  }

  #renewIn(ms: number): void {
    this.#timer = setTimeout(() => {
      const { promise: ended, resolve } = Promise.withResolvers<void>();
      // The database may not answer at all; the lease ends all the same.
      this.#endTimer = setTimeout(
        () => {
          this.#lose("it could not be renewed in time");
          resolve();
        },
        Math.max(0, this.remainingMs()),
      );
      this.#renewing = Promise.race([this.#renew(), ended]).finally(() => clearTimeout(this.#endTimer));
    }, ms);
  }

  async #renew(): Promise<void> {
    const { leaseMs } = this.#options;
    const sentAt = performance.now();
    try {
      const statement = renewLease(this.#database.kind, this.#job.key, this.#token, leaseMs);
      const [renewed] = await this.#database.claim<{ lease: number }>(statement);
      if (this.#over) return;
      if (!renewed) return this.#lose("somebody else has taken it");
      this.#token = renewed.lease;
      this.#endsAt = sentAt + leaseMs;
      this.#renewIn(leaseMs / 3);
    } catch (error) {
      if (this.#over) return;
      if (this.remainingMs() <= 0) return this.#lose("it could not be renewed", error);
      this.#renewIn(leaseMs * retryPart);
    }
  }

  #lose(why: string, cause?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#options.onLost(new Error(`the lease of job ${this.#job.key} is lost: ${why}`, { cause }));
  }
}
