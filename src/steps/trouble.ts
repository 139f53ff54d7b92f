import { newIncident, troubleRoute } from "../model/incident.ts";
import { describeError } from "../model/errors.ts";
import { ConflictError } from "../store/database.ts";
import { currentIncident, insertIncident } from "../store/incidents.ts";
import { wake } from "../store/jobs.ts";
import type { Context } from "./context.ts";
import { tellStatements } from "./tell.ts";

/** Crosscheck's own health, by cause (verdict.md §5). */
export const troubleCauses = [
  "unrouted-alert",
  "dead-letter",
  "fallback",
  "refused-ingest",
  "refused-api",
  "certificate",
  "refused-reload",
  "location-unusable",
  "check-unusable",
  "queue-age",
  "pressure",
  "database-away",
  "database-damaged",
  "no-spool",
  "stale-config",
  "configs-differ",
  "versions-differ",
  "clock-skew",
  "disk",
  "heartbeat",
  "job-failed",
] as const;
export type TroubleCause = (typeof troubleCauses)[number];

const quietMs = 3_600_000;

/**
 * Tells `trouble:` that something of ours needs a person, at most once an hour for each cause and thing. It never
 * throws: what cannot be told is in the log and the metrics.
 */
export async function reportTrouble(
  context: Context,
  cause: TroubleCause,
  about: { readonly what: string; readonly note: string },
): Promise<void> {
  context.metrics.trouble.inc({ cause });
  context.log.warn("trouble", { cause, what: about.what, note: about.note });
  const { config } = context.setup();
  if (config.trouble.length === 0) return;
  try {
    await openTrouble(context, `${cause}: ${about.what}`, about.note);
  } catch (error) {
    if (!(error instanceof ConflictError))
      context.log.error("trouble-not-told", { cause, error: describeError(error) });
  }
}

async function openTrouble(context: Context, subject: string, note: string): Promise<void> {
  const now = context.now();
  if ((await currentIncident(context.database, { route: troubleRoute, subject }, now)) !== undefined) return;
  const incident = newIncident({ route: troubleRoute, subject, now });
  const told = tellStatements({ incidentId: incident.id, runId: null, alertId: null, now }, [
    { event: "trouble", actions: context.setup().config.trouble, note },
  ]);
  const quietUntil = now + quietMs;
  await context.database.write([
    insertIncident({ ...incident, state: "open", nextRunAt: quietUntil }),
    ...told,
    wake(`incident:${incident.id}`, quietUntil),
  ]);
}
