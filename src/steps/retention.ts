import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../model/errors.ts";
import { wake } from "../store/jobs.ts";
import { sweeps } from "../store/retention.ts";
import type { Limits, Sweep } from "../store/retention.ts";
import type { Context } from "./context.ts";
import { lastDue } from "./digest.ts";

const dayMs = 86_400_000;
/** UTC: night, or at least not the start of an hour, when everybody else's daily work begins. */
const timeOfDayMs = 3 * 3_600_000 + 17 * 60_000;
/** What waits after a start goes first. */
const afterStartMs = 60_000;
/** A batch is followed by this many times as long in which it is somebody else's turn, whatever the disk takes. */
const restShare = 9;
const restMs = { least: 10, most: 5000 } as const;

/**
 * Removes what `server.retention` says is kept no longer: once a day, and a minute after a start or a reload. One replica
 * does it for all. It may be cut off between any two batches, and begins anew then.
 */
export async function retain(context: Context, signal: AbortSignal): Promise<void> {
  const limits = limitsOf(context);
  const removed: Record<string, number> = {};
  for (const [what, sweep] of Object.entries(sweeps)) {
    const count = await sweepAll(context, { sweep, limits }, signal);
    if (count > 0) removed[what] = count;
  }
  if (Object.keys(removed).length > 0) context.log.info("retention", removed);
  await context.database.write([wake("retention", lastDue(timeOfDayMs, context.now()) + dayMs)]);
}

/** A configuration has been loaded: perhaps it keeps less than the one before. */
export async function wakeRetention(context: Context): Promise<void> {
  try {
    await context.database.write([wake("retention", context.now() + afterStartMs)]);
  } catch (error) {
    context.log.warn("retention-not-woken", { error: describeError(error) });
  }
}

function limitsOf(context: Context): Limits {
  const { server, routes } = context.setup().config;
  const now = context.now();
  const unique = [...routes.values()].flatMap(({ name, plugins }) =>
    plugins.unique === null ? [] : [[name, plugins.unique.timeoutMs] as const],
  );
  return {
    now,
    bodies: now - server.retention.bodiesMs,
    history: now - server.retention.historyMs,
    uniqueMs: new Map(unique),
  };
}

/** How many rows went. */
async function sweepAll(
  context: Context,
  { sweep, limits }: { readonly sweep: Sweep; readonly limits: Limits },
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  for (let from: string | null = ""; from !== null;) {
    signal.throwIfAborted();
    const begun = performance.now();
    const batch = await sweep(context.database, limits, from);
    removed += batch.removed;
    from = batch.next;
    const rest = Math.max(restMs.least, (performance.now() - begun) * restShare);
    if (from !== null) await sleep(Math.min(rest, restMs.most), undefined, { signal });
  }
  return removed;
}
