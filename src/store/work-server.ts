import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "./database.ts";
import { Doorbell } from "./doorbell.ts";
import { Finisher } from "./finisher.ts";
import { claimJobs, dueByClass, putOffJob } from "./jobs.ts";
import type { ClaimedJob, ClassDue, JobClass, JobKey } from "./jobs.ts";
import { Lease } from "./lease.ts";
import type { JobHandler, ServeOptions } from "./work.ts";

interface RunningJob {
  readonly class: JobClass;
  readonly lease: Lease;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
}

/** Classes in one claim: more would be a long statement. */
const classesAtOnce = 16;
const rememberedClasses = 32;
const firstRetryMs = 500;
const longestRetryMs = 30_000;
/** How soon to look again at a job that is due and could not be claimed. */
const contendedMs = 20;
const firstOutageMs = 100;
const longestOutageMs = 2000;
const rememberedFailures = 10_000;
/** A handler that was aborted gets a moment to stop before its job is given away. */
const abortGraceMs = 1000;

const defaults = { limit: () => 8, leaseMs: 15_000, pollMs: 2000, drainMs: 10_000, onError: () => undefined };

/** One process's part in serving the jobs: claims what is due, within the limits, and runs it. */
export class WorkServer {
  readonly #database: Database;
  readonly #handler: JobHandler;
  readonly #options: Required<ServeOptions>;
  readonly #running = new Map<JobKey, RunningJob>();
  readonly #failures = new Map<JobKey, number>();
  readonly #finisher: Finisher;
  readonly #bell = new Doorbell();
  #seen: readonly JobClass[] = [];
  #misses = 0;
  #outageMs = 0;
  /** The drain is over: whatever still runs here no longer counts. */
  #stopped = false;

  constructor(database: Database, handler: JobHandler, options: ServeOptions) {
    this.#database = database;
    this.#handler = handler;
    this.#finisher = new Finisher(database);
    this.#options = { ...defaults, ...options };
  }

  async serve(): Promise<void> {
    const { signal } = this.#options;
    const ring = () => this.#bell.ring();
    using _listening = this.#database.onWake(ring);
    signal.addEventListener("abort", ring, { once: true });
    while (!signal.aborted) {
      try {
        const pauseMs = await this.#claimDue();
        this.#outageMs = 0;
        if (pauseMs > 0) await this.#bell.sleep(pauseMs);
      } catch (error) {
        await this.#waitOut(error);
      }
    }
    signal.removeEventListener("abort", ring);
    await this.#drain();
  }

  /** Starts what is due and free to run; returns how long there is nothing to do. */
  async #claimDue(): Promise<number> {
    const { kind } = this.#database;
    const { sql, params } = dueByClass(kind, Date.now());
    // Side by side: the claim takes from the classes seen so far, while the query looks for others and for what is next.
    const [started, classes] = await Promise.all([this.#claim(), this.#database.read<ClassDue>(sql, params)]);
    this.#remember(classes);
    if (started > 0) {
      this.#misses = 0;
      return 0;
    }
    const free = classes.filter((each) => this.#free(each.class) > 0);
    const pauseMs = Math.min(this.#options.pollMs, ...free.map(({ wait_ms }) => wait_ms));
    if (pauseMs > 0) return pauseMs;
    // Due and not claimed: a class just seen, a job just become due, or one that a write or another replica has locked.
    this.#misses += 1;
    return this.#misses > 1 ? contendedMs : 0;
  }

  async #claim(): Promise<number> {
    const { leaseMs } = this.#options;
    const wanted = this.#seen
      .map((each) => ({ class: each, limit: this.#free(each) }))
      .filter(({ limit }) => limit > 0)
      .slice(0, classesAtOnce);
    if (wanted.length === 0) return 0;
    const claimedAt = performance.now();
    const claim = claimJobs(this.#database.kind, wanted, { leaseMs, nowMs: Date.now() });
    const jobs = await this.#database.claim<ClaimedJob>(claim);
    for (const job of jobs) this.#start(job, claimedAt);
    return jobs.length;
  }

  /** In the order of the next claim: holds and incidents before lanes, however late those are, then who waits longest. */
  #remember(classes: readonly ClassDue[]): void {
    const waiting = classes
      .toSorted((a, b) => turn(a) - turn(b) || a.wait_ms - b.wait_ms)
      .map((each) => each.class);
    // Those without a job now come last, so that their next one is claimed at once.
    const idle = this.#seen.filter((each) => !waiting.includes(each));
    this.#seen = [...waiting, ...idle].slice(0, Math.max(waiting.length, rememberedClasses));
  }

  #free(jobClass: JobClass): number {
    const limit = this.#options.limit(jobClass);
    let busy = 0;
    for (const running of this.#running.values()) if (running.class === jobClass) busy += 1;
    return limit - busy;
  }

  #start(job: ClaimedJob, claimedAt: number): void {
    if (this.#running.has(job.key)) {
      // We lost its lease and got it again, and the old handler has not heeded its signal yet.
      void succeeds(this.#putOff(job.key, job.lease, this.#options.leaseMs / 3));
      return;
    }
    const controller = new AbortController();
    const onLost = (reason: Error) => controller.abort(reason);
    const lease = new Lease(this.#database, job, { leaseMs: this.#options.leaseMs, claimedAt, onLost });
    const ended = this.#run(job.key, lease, controller.signal).finally(() => {
      this.#running.delete(job.key);
      // Its place is free, and it may have been woken while it ran.
      this.#bell.ring();
    });
    this.#running.set(job.key, { class: job.class, lease, controller, ended });
  }

  async #run(key: JobKey, lease: Lease, signal: AbortSignal): Promise<void> {
    let settle: (token: number) => Promise<void>;
    try {
      await this.#handler(key, signal);
      this.#failures.delete(key);
      settle = (token) => this.#finisher.finish(key, token);
    } catch (error) {
      // Aborted: given back as it was. Failed: later and later, but never out of sight.
      const pauseMs = signal.aborted ? 0 : this.#backOff(key);
      if (!signal.aborted) this.#options.onError(error, key);
      settle = (token) => this.#putOff(key, token, pauseMs);
    }
    const token = await lease.stop();
    if (token !== undefined) await this.#settle(() => settle(token), lease);
    else if (!this.#stopped) this.#options.onError(signal.reason, key);
  }

  /** Tries until the lease is over; after that the job is anyone's, and runs again. */
  async #settle(write: () => Promise<void>, lease: Lease): Promise<void> {
    for (let pauseMs = firstOutageMs; !(await succeeds(write())); pauseMs *= 2) {
      if (this.#stopped || lease.remainingMs() < pauseMs) return;
      await sleep(pauseMs);
    }
  }

  #putOff(key: JobKey, token: number, pauseMs: number): Promise<void> {
    return this.#database.write(putOffJob(key, token, Date.now() + pauseMs));
  }

  #backOff(key: JobKey): number {
    const failures = this.#failures.get(key) ?? 0;
    // Only a count of the recent past: keys that fail elsewhere afterwards must not pile up here.
    if (this.#failures.size >= rememberedFailures) this.#failures.clear();
    this.#failures.set(key, failures + 1);
    return jittered(Math.min(firstRetryMs * 2 ** failures, longestRetryMs));
  }

  async #waitOut(cause: unknown): Promise<void> {
    if (this.#outageMs === 0) this.#options.onError(cause);
    this.#outageMs = Math.min(Math.max(this.#outageMs * 2, firstOutageMs), longestOutageMs);
    const { signal } = this.#options;
    await sleep(jittered(this.#outageMs), undefined, { signal }).catch(() => undefined);
  }

  async #drain(): Promise<void> {
    if (!(await this.#allEndWithin(this.#options.drainMs))) {
      for (const { controller } of this.#running.values())
        controller.abort(new Error("Crosscheck is stopping"));
      await this.#allEndWithin(abortGraceMs);
    }
    this.#stopped = true;
    await Promise.all(Array.from(this.#running, ([key, job]) => this.#giveBack(key, job)));
  }

  async #giveBack(key: JobKey, { lease }: RunningJob): Promise<void> {
    const token = await lease.stop();
    if (token !== undefined) await succeeds(this.#putOff(key, token, 0));
  }

  async #allEndWithin(ms: number): Promise<boolean> {
    const ended = Promise.all(Array.from(this.#running.values(), (job) => job.ended)).then(() => true);
    const timer = new AbortController();
    const late = sleep(ms, false, { signal: timer.signal }).catch(() => false);
    return Promise.race([ended, late]).finally(() => timer.abort());
  }
}

function turn({ class: name }: ClassDue): number {
  return name.startsWith("lane:") ? 1 : 0;
}

/** Between half of it and all of it, so that those who failed together do not come back together. */
function jittered(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}

async function succeeds(promise: Promise<void>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}
