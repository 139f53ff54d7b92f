import { newId } from "../model/id.ts";
import type { Incident } from "../model/incident.ts";
import type { Plan } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import type { Verdict } from "../model/verdict.ts";
import { ConflictError } from "../store/database.ts";
import type { Statement } from "../store/database.ts";
import { incidentById, updateIncident } from "../store/incidents.ts";
import { latestAlert, saysResolved } from "../store/alerts.ts";
import { wake } from "../store/jobs.ts";
import { endRun, insertRun, latestRun } from "../store/runs.ts";
import { verdictGiven } from "../verdict/advance.ts";
import type { Step } from "../verdict/step.ts";
import type { Context } from "./context.ts";
import { knownMutes, underMute } from "./mutes.ts";
import { tellStatements } from "./tell.ts";
import { deliveryIds } from "./without-database.ts";

/** A verdict that is to be stored. */
export interface GivenVerdict {
  readonly incidentId: string;
  readonly plan: Plan;
  readonly verdict: Verdict;
  /** The run it ends; null: whatever run is going, or none (the hold gives verdicts without one). */
  readonly run: Run | null;
  /** Gives it only while this holds; it is asked again after each conflict. */
  readonly stillDue?: (incident: Incident, last: Run | undefined) => boolean;
}

const tries = 8;

/**
 * 4. A verdict is stored: the run ends, the incident takes its next step, deliveries fall due, all in one guarded write
 * (architecture §3). Whoever lost the race reads again and decides again; a run that somebody else ended stays ended.
 */
export async function giveVerdict(context: Context, given: GivenVerdict): Promise<void> {
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const incident = await incidentById(context.database, given.incidentId);
    if (incident === undefined) return;
    const last = await latestRun(context.database, incident.id);
    if (given.stillDue?.(incident, last) === false) return;
    if (given.run !== null && (last?.id !== given.run.id || last.endedAt !== null)) return;
    const now = context.now();
    const cause = given.run?.cause ?? "hold";
    const policy = { plan: given.plan, random: context.random() };
    const startedAt = given.run?.startedAt;
    const senderResolves = await saysResolved(context.database, incident.progress.sources);
    const found = verdictGiven(
      incident,
      { verdict: given.verdict, cause, startedAt, senderResolves },
      now,
      policy,
    );
    const { step, statements: muting } = await underMute(context, incident, found, await knownMutes(context));
    const ended = endedRun(given, last, now);
    const alert = await latestAlert(context.database, incident.id);
    try {
      await context.database.write([
        ...ended.statements,
        ...incidentStatements(step.incident, now),
        ...contrastStatements(given, step, now),
        ...muting,
        ...tellStatements(
          {
            incidentId: incident.id,
            runId: ended.id,
            alertId: alert?.id ?? null,
            now,
            idOf: deliveryIds(ended.id),
          },
          step.tell,
        ),
      ]);
    } catch (error) {
      if (error instanceof ConflictError && attempt < tries) continue;
      throw error;
    }
    report(context, { step, verdict: given.verdict, runId: ended.id, now });
    return;
  }
}

/** What is told as failing is looked at more closely, once nobody waits for it any more. */
function contrastStatements({ run, verdict }: GivenVerdict, { tell }: Step, now: number): Statement[] {
  const isNews = tell.some(({ event }) => event === "verdict" || event === "change");
  const fails = verdict.outcome === "confirmed" || verdict.outcome === "regional";
  return run !== null && isNews && fails ? [wake(`contrast:${run.id}`, now)] : [];
}

/** Ends the run that is going; where none is, the verdict gets a run of its own, so that nothing told is without one. */
function endedRun(
  given: GivenVerdict,
  last: Run | undefined,
  now: number,
): { readonly id: string; readonly statements: Statement[] } {
  const going = given.run ?? (last?.endedAt === null ? last : undefined);
  if (going !== undefined) return { id: going.id, statements: [endRun(going.id, given.verdict, now)] };
  const run: Run = {
    id: newId(),
    incidentId: given.incidentId,
    number: (last?.number ?? 0) + 1,
    cause: "alert",
    plan: given.plan,
    look: 1,
    startedAt: now,
    deadlineAt: now,
    endedAt: now,
    verdict: given.verdict,
  };
  return { id: run.id, statements: [insertRun(run)] };
}

/** The incident's row after a step, and the wake-up for its next run. */
export function incidentStatements(incident: Incident, now: number): Statement[] {
  const due =
    incident.nextRunAt === null ? [] : [wake(`incident:${incident.id}`, Math.max(incident.nextRunAt, now))];
  return [updateIncident(incident), ...due];
}

function report(
  context: Context,
  done: { readonly step: Step; readonly verdict: Verdict; readonly runId: string; readonly now: number },
): void {
  const { step, verdict, runId, now } = done;
  const { id, route, subject, lastAlertAt } = step.incident;
  const seconds = (now - lastAlertAt) / 1000;
  context.metrics.verdicts.inc({ route, outcome: verdict.outcome, reason: verdict.reason });
  context.metrics.incidents.inc({ route, reason: step.reason });
  if (step.reason === "told" || step.reason === "spared")
    context.metrics.timeToVerdict.observe({ route }, seconds);
  context.log.info("verdict", {
    incident: id,
    run: runId,
    route,
    subject,
    outcome: verdict.outcome,
    reason: verdict.reason,
    headline: verdict.headline,
    step: step.reason,
    tells: step.tell.flatMap(({ actions }) => actions).join(" "),
  });
}
