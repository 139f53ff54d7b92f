import { createHash } from "node:crypto";
import { describeError } from "../model/errors.ts";
import { firstIdOf } from "../model/id.ts";
import { digestRoute, newIncident } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import type { Window } from "../model/report.ts";
import { DigestSums } from "../report/digest.ts";
import type { Digest } from "../report/digest.ts";
import { ConflictError } from "../store/database.ts";
import { deadLettersOf } from "../store/dead-letters.ts";
import { incidentById, insertIncident } from "../store/incidents.ts";
import { wake } from "../store/jobs.ts";
import { countedIncidents } from "../store/report.ts";
import type { Context } from "./context.ts";
import { tellStatements } from "./tell.ts";

const dayMs = 86_400_000;

/**
 * Tells the summary of yesterday (UTC), once a day for all replicas: the day's incident has an id of its own, and what is
 * there is not made again. Late where nobody was there at its time; of several days missed only the last is told.
 */
export async function sendDigest(context: Context, signal: AbortSignal): Promise<void> {
  const { digest } = context.setup().config;
  if (digest === null) return;
  const dueAt = lastDue(digest.atMs, context.now());
  const until = dueAt - digest.atMs;
  await tellDay(context, { window: { since: until - dayMs, until }, actions: digest.actions }, signal);
  await context.database.write([wake("digest", dueAt + dayMs)]);
}

/** A digest falls due: what is waiting already, though it be late, stays due when it was. */
export async function wakeDigest(context: Context): Promise<void> {
  const { digest } = context.setup().config;
  if (digest === null) return;
  try {
    await context.database.write([wake("digest", lastDue(digest.atMs, context.now()) + dayMs)]);
  } catch (error) {
    context.log.error("digest-not-due", { error: describeError(error) });
  }
}

/** The last time of day `atMs` (UTC) up to now, in ms since 1970. */
export function lastDue(atMs: number, now: number): number {
  const today = Math.floor(now / dayMs) * dayMs + atMs;
  return today <= now ? today : today - dayMs;
}

async function tellDay(
  context: Context,
  { window, actions }: { readonly window: Window; readonly actions: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const incident = incidentOf(window, context.now());
  const isTold = async () => (await incidentById(context.database, incident.id)) !== undefined;
  if (await isTold()) return;
  const { note, items } = await digestOf(context, window, signal);
  const about = { incidentId: incident.id, runId: null, alertId: null, now: context.now() };
  try {
    await context.database.write([
      insertIncident(incident),
      ...tellStatements(about, [{ event: "digest", actions, note, items }]),
    ]);
  } catch (error) {
    // Has another replica told it? Any other conflict would lose the day.
    if (!(error instanceof ConflictError) || !(await isTold())) throw error;
  }
}

async function digestOf({ database }: Context, window: Window, signal: AbortSignal): Promise<Digest> {
  const sums = new DigestSums();
  for await (const batch of countedIncidents(database, window)) {
    signal.throwIfAborted();
    for (const incident of batch) sums.add(incident);
  }
  return sums.digest(window, await deadLettersOf(database, window));
}

/** The same id for the same day, whoever makes it. */
function incidentOf({ since, until }: Window, now: number): Incident {
  const date = new Date(since).toISOString().slice(0, 10);
  const hash = createHash("sha256").update(`digest ${date}`).digest("hex");
  const id = `${firstIdOf(until)}-7${hash.slice(0, 3)}-8${hash.slice(3, 6)}-${hash.slice(6, 18)}`;
  return { ...newIncident({ route: digestRoute, subject: date, now }), id, state: "open" };
}
