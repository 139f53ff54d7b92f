import type { Incident } from "../model/incident.ts";
import { replicasSeen } from "../store/replicas.ts";
import type { Context } from "./context.ts";

/** Another replica counts as long as it has been heard of within this time: three of its beats. */
const presentMs = 30_000;
/** How soon it may be taken up again, by whoever comes first. */
const pauseMs = 1000;

/**
 * When to look again at something due since `dueAt` (ms) that the configuration here does not know; undefined: nobody else
 * can be expected to know it either. While a reload goes from replica to replica another may already, or still, know it:
 * what we cannot do is left to it, for `patienceMs` at most. Read when it is asked, for the other may have been reloaded
 * just now.
 */
export async function leftUntil(
  context: Context,
  dueAt: number,
  patienceMs: number,
): Promise<number | undefined> {
  const now = context.now();
  // A folder is served by one process.
  if (context.database.kind === "sqlite" || now - dueAt >= patienceMs) return undefined;
  const { hash } = context.setup().config;
  const present = await replicasSeen(context.database, now - presentMs);
  if (present.every(({ configHash }) => configHash === hash)) return undefined;
  // Not in step with the other, which else might always come second.
  return now + pauseMs * (0.5 + context.random() / 2);
}

/** How long an incident of a route that is not in the configuration here is left to a replica that may know it. */
const unknownRouteMs = 30_000;

/** The same for an incident's first run; undefined where it is ours to begin. */
export async function runLeftUntil(
  context: Context,
  { route, nextRunAt }: Incident,
): Promise<number | undefined> {
  if (nextRunAt === null || context.setup().config.routes.has(route)) return undefined;
  return leftUntil(context, nextRunAt, unknownRouteMs);
}
