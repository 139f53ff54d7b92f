import { setTimeout as sleep } from "node:timers/promises";
import { ConflictError, type Database, type Statement, type Wake } from "./database.ts";
import { Doorbell } from "./doorbell.ts";
import { Failures, jittered } from "./failures.ts";
import { Finisher, type Finished } from "./finisher.ts";
import { claimJobs, dueByClass, jobClass, putOffJob } from "./jobs.ts";
import type { ClaimedJob, ClassDue, JobClass, JobKey } from "./jobs.ts";
import { Lease } from "./lease.ts";
import { outcome, type Outcome } from "./outcome.ts";
import { SeenClasses } from "./seen-classes.ts";
import type { JobHandler, ServeOptions } from "./work.ts";

interface RunningJob {
  readonly class: JobClass;
  readonly lease: Lease;
  readonly controller: AbortController;
  readonly ended: Promise<void>;
  /** When (ms) it was made due again while it ran: there may be something to claim when it ends. */
  dueAt: number;
}

/** So long after a claim the next one waits for company: every claim costs as much, however many jobs it finds. */
const gatherMs = 5;
/** While claims find work, how often to look for classes that are not known yet. */
const lookEveryMs = 50;
/** How soon to look again at a job that is due and could not be claimed. */
const contendedMs = 20;
const firstOutageMs = 100;
const longestOutageMs = 2000;
/** A handler that was aborted gets a moment to stop before its job is given away. */
const abortGraceMs = 1000;

const defaults = {
  limit: () => 8,
  leaseMs: 15_000,
  pollMs: 2000,
  drainMs: 10_000,
  now: Date.now,
  onTurn: () => undefined,
  onError: () => undefined,
};

/** One process's part in serving the jobs: claims what is due, within the limits, and runs it. */
export class WorkServer {
  readonly #database: Database;
  readonly #handler: JobHandler;
  readonly #options: Required<ServeOptions>;
  readonly #running = new Map<JobKey, RunningJob>();
  readonly #failures = new Failures();
  readonly #finisher: Finisher;
  readonly #bell = new Doorbell();
  readonly #classes = new SeenClasses();
  /** Heard while a claim is under way, and to be heard when it has begun what it got. */
  #unheard: Wake[] | undefined;
  #claimedAt = -Infinity;
  #lookedAt = -Infinity;
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
    using _listening = this.#database.onWake((wakes) => this.#hear(wakes));
    signal.addEventListener("abort", ring, { once: true });
    while (!signal.aborted) {
      try {
        const pauseMs = await this.#claimDue();
        this.#outageMs = 0;
        this.#options.onTurn();
        // Whoever rang to stop may have been answered as if there were work.
        if (pauseMs > 0 && !signal.aborted) await this.#bell.sleep(pauseMs);
      } catch (error) {
        await this.#waitOut(error);
      }
    }
    signal.removeEventListener("abort", ring);
    await this.#drain();
  }

  /** Only what can be claimed before the next look is worth a claim: each costs the same, whatever it finds. */
  #hear(wakes: readonly Wake[]): void {
    if (this.#unheard !== undefined) return void this.#unheard.push(...wakes);
    for (const wake of wakes) {
      if (wake === true) {
        for (const job of this.#running.values()) job.dueAt = -Infinity;
        this.#bell.ring();
        continue;
      }
      const running = this.#running.get(wake.key);
      if (running !== undefined) running.dueAt = Math.min(running.dueAt, wake.at);
      else if (this.#isSoon(wake.at) && this.#free(jobClass(wake.key)) > 0) this.#bell.ring();
    }
  }

  #isSoon(at: number): boolean {
    return at <= this.#options.now() + this.#options.pollMs;
  }

  /** Starts what is due and free to run; returns how long there is nothing to do. */
  async #claimDue(): Promise<number> {
    const early = this.#claimedAt + gatherMs - performance.now();
    if (early > 0) await sleep(early);
    this.#claimedAt = performance.now();
    this.#bell.answer();
    const started = await this.#claim();
    if (started > 0) this.#misses = 0;
    if (started > 0 && performance.now() - this.#lookedAt < lookEveryMs) return 0;
    const pauseMs = await this.#untilNext();
    if (started > 0 || pauseMs > 0) return pauseMs;
    // Due and not claimed: a class just seen, a job just become due, or one that a write or another replica has locked.
    this.#misses += 1;
    return this.#misses > 1 ? contendedMs : 0;
  }

  /** Looks which classes there are, and how long it is until one that is free has a job due. */
  async #untilNext(): Promise<number> {
    this.#lookedAt = performance.now();
    const { sql, params } = dueByClass(this.#database.kind, this.#options.now());
    const classes = await this.#database.read<ClassDue>(sql, params);
    this.#classes.remember(classes);
    const free = classes.filter((each) => this.#free(each.class) > 0);
    return Math.min(this.#options.pollMs, ...free.map(({ wait_ms }) => wait_ms));
  }

  async #claim(): Promise<number> {
    const { leaseMs } = this.#options;
    const wanted = this.#classes.wanted((each) => this.#free(each));
    if (wanted.length === 0) return 0;
    const claimedAt = performance.now();
    const claim = claimJobs(this.#database.kind, wanted, { leaseMs, nowMs: this.#options.now() });
    const unheard: Wake[] = (this.#unheard = []);
    try {
      const jobs = await this.#database.claim<ClaimedJob>(claim);
      for (const job of jobs) this.#start(job, claimedAt);
      return jobs.length;
    } finally {
      this.#unheard = undefined;
      this.#hear(unheard);
    }
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
      void outcome(() => this.#putOff(job.key, job.lease, this.#options.leaseMs / 3));
      return;
    }
    const controller = new AbortController();
    const onLost = (reason: Error) => controller.abort(reason);
    const lease = new Lease(this.#database, job, { leaseMs: this.#options.leaseMs, claimedAt, onLost });
    const ended = this.#run(job.key, lease, controller.signal).finally(() => {
      const hadNone = this.#free(job.class) <= 0;
      this.#running.delete(job.key);
      if (hadNone || this.#isSoon(running.dueAt)) this.#bell.ring();
    });
    const running = { class: job.class, lease, controller, ended, dueAt: Infinity };
    this.#running.set(job.key, running);
  }

  async #run(key: JobKey, lease: Lease, signal: AbortSignal): Promise<void> {
    const ran = await outcome(async () => (await this.#handler(key, signal)) ?? []);
    const token = await lease.stop();
    if (token === undefined) return this.#leave(key, ran, signal);
    const finished = "error" in ran ? ran : await this.#finish({ key, token, ending: ran.value }, lease);
    if (this.#stopped) return;
    if (!("error" in finished)) {
      this.#failures.forget(key);
      return;
    }
    // Aborted: given back as it was.
    const pauseMs = signal.aborted ? 0 : this.#failures.add(key);
    if (!signal.aborted) this.#options.onError(finished.error, key);
    await outcome(() => this.#settle(() => this.#putOff(key, token, pauseMs), lease));
  }

  #finish(job: Finished, lease: Lease): Promise<Outcome<void>> {
    return outcome(() => this.#settle(() => this.#finisher.finish(job), lease));
  }

  /** Somebody else may have the job by now. What has been done here is true all the same. */
  async #leave(key: JobKey, ran: Outcome<readonly Statement[]>, signal: AbortSignal): Promise<void> {
    if (this.#stopped) return;
    if ("value" in ran) await outcome(() => this.#database.write(ran.value));
    this.#options.onError(signal.reason, key);
  }

  /** Tries until the lease is over; after that the job is anyone's, and runs again. */
  async #settle(write: () => Promise<void>, lease: Lease): Promise<void> {
    for (let pauseMs = firstOutageMs; ; pauseMs *= 2) {
      try {
        return await write();
      } catch (error) {
        const isRefused = error instanceof ConflictError;
        if (isRefused || this.#stopped || lease.remainingMs() < pauseMs) throw error;
      }
      await sleep(pauseMs);
    }
  }

  #putOff(key: JobKey, token: number, pauseMs: number): Promise<void> {
    return this.#database.write(putOffJob(key, token, this.#options.now() + pauseMs));
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
    if (token !== undefined) await outcome(() => this.#putOff(key, token, 0));
  }

  async #allEndWithin(ms: number): Promise<boolean> {
    const ended = Promise.all(Array.from(this.#running.values(), (job) => job.ended)).then(() => true);
    const timer = new AbortController();
    const late = sleep(ms, false, { signal: timer.signal }).catch(() => false);
    return Promise.race([ended, late]).finally(() => timer.abort());
  }
}
