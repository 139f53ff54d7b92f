import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "./model/errors.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Context, Setup } from "./steps/context.ts";
import { reportTrouble } from "./steps/trouble.ts";
import { ConflictError } from "./store/database.ts";
import { jobClass, queueAgeMs } from "./store/jobs.ts";
import type { JobClass, JobKey } from "./store/jobs.ts";
import { createWork } from "./store/work.ts";

const usualPlaces = 32;

/** A lane is claimed before there is a place for its message, and ends after: with as many on their way none lies idle. */
const lanesForAPlace = 2;

/**
 * How many jobs of a class run at once in this process: runs spend their time waiting, so do deliveries, of which each
 * action has its own number. Those that run together share commits, which makes each cheaper (docs/benchmarks.md).
 */
function limit(name: JobClass, { config }: Setup): number {
  if (["inbox", "retention", "self-tests", "digest"].includes(name)) return 1;
  // They are many questions each, and nobody waits for them: alerts must not either.
  if (name === "contrast") return 2;
  if (name.startsWith("lane:")) {
    const concurrency = config.actions.get(name.slice("lane:".length))?.concurrency;
    return concurrency === undefined ? usualPlaces : lanesForAPlace * concurrency;
  }
  return name === "incident" ? config.server.runsAtOnce : usualPlaces;
}

/**
 * How long the work of a process that died waits for another. On PostgreSQL with what it takes to notice it stays within
 * 15 s; on SQLite nobody else can have it, and the next start frees it.
 */
const leaseMs = { postgres: 10_000, sqlite: 30_000 } as const;

const queueLookMs = 5000;
/** Work that has been due for this long says that something is stuck, or that this is too much for the machine. */
export const tooOldMs = 10_000;

/** Looks now and then how old the queue is, for the metrics and for whoever hears of our troubles. */
export async function watchQueue(context: Context, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sleep(queueLookMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    // 0 while the database is away: that is told elsewhere.
    const ageMs = await queueAgeMs(context.database, context.now()).catch(() => 0);
    context.metrics.queueAge.set(ageMs / 1000);
    if (ageMs < tooOldMs) continue;
    const note = `work that was due ${Math.round(ageMs / 1000)} s ago has not been begun`;
    await reportTrouble(context, "queue-age", { what: "queue", note });
  }
}

/**
 * Works through whatever is due until the signal is aborted, then lets go of it for another process to take. `onTurn` is
 * called each time that the database has been asked for work.
 */
export async function runWorker(
  context: Context,
  pipeline: Pipeline,
  signal: AbortSignal,
  onTurn: () => void = () => undefined,
): Promise<void> {
  await createWork(context.database).serve((key, jobSignal) => pipeline.handle(key, jobSignal), {
    signal,
    limit: (name) => limit(name, context.setup()),
    leaseMs: leaseMs[context.database.kind],
    now: () => context.now(),
    onTurn,
    onError: (error, key) => {
      reportFailure(context, error, key);
    },
  });
}

function reportFailure(context: Context, error: unknown, key: JobKey | undefined): void {
  // Somebody else was first; the step runs again and finds what they did.
  if (error instanceof ConflictError) {
    context.log.info("job-raced", { job: key, error: error.message });
    return;
  }
  const why = describeError(error);
  context.log.error("job-failed", { job: key, error: why });
  if (key === undefined) return;
  const what = jobClass(key);
  void reportTrouble(context, "job-failed", {
    what,
    note: `a step failed and is tried again: ${key}: ${why}`,
  });
}
