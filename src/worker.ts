import { describeError } from "./model/errors.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Context } from "./steps/context.ts";
import { reportTrouble } from "./steps/trouble.ts";
import { ConflictError } from "./store/database.ts";
import { jobClass } from "./store/jobs.ts";
import type { JobClass, JobKey } from "./store/jobs.ts";
import { createWork } from "./store/work.ts";

/**
 * How many jobs of a class run at once in this process: runs spend their time waiting, so do deliveries. Those that run
 * together share commits, which makes each cheaper (docs/benchmarks.md).
 */
function limit(name: JobClass): number {
  if (name === "inbox" || name === "retention") return 1;
  return name === "incident" ? 50 : 32;
}

/**
 * How long the work of a process that died waits for another. On PostgreSQL with what it takes to notice it stays within
 * 15 s; on SQLite nobody else can have it.
 */
const leaseMs = { postgres: 10_000, sqlite: 4000 } as const;

/** Works through whatever is due until the signal is aborted, then lets go of it for another process to take. */
export async function runWorker(context: Context, pipeline: Pipeline, signal: AbortSignal): Promise<void> {
  await createWork(context.database).serve((key, jobSignal) => pipeline.handle(key, jobSignal), {
    signal,
    limit,
    leaseMs: leaseMs[context.database.kind],
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
