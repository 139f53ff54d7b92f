import type { Incident } from "../model/incident.ts";
import type { Plan } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import { planRun } from "../route/plan.ts";
import { alertById } from "../store/alerts.ts";
import { incidentsOfAlert } from "../store/incidents.ts";
import { wake } from "../store/jobs.ts";
import { observationsOfRun, runsOfIncident } from "../store/runs.ts";
import { isOldNews } from "../verdict/alert-step.ts";
import { withoutRun } from "../verdict/combine.ts";
import { list } from "../verdict/wording.ts";
import type { Alert } from "../model/alert.ts";
import type { Context } from "./context.ts";
import { leftUntil } from "./leave.ts";
import { lastResort } from "./last-resort.ts";
import { routeAlone } from "./route.ts";
import { giveVerdict } from "./verdict.ts";

/**
 * The hold of an alert is over (verdict.md §4): each of its incidents that has no verdict yet gets one, inconclusive
 * because it is overdue, and that pages. An alert that nobody has routed by now is routed first. Only a stored verdict
 * disarms a hold.
 */
export async function endHold(context: Context, alertId: string): Promise<void> {
  const found = await alertById(context.database, alertId);
  if (found === undefined) return;
  if (!found.routed) {
    await routeAlone(context, found.alert);
    // Somebody else may have been first, or nobody: the hold stands until the alert is in an incident.
    const again = await alertById(context.database, alertId);
    if (again?.routed === false) throw new Error(`alert ${alertId} is not routed yet`);
  }
  for (const incident of await incidentsOfAlert(context.database, alertId)) {
    await endHoldOf(context, incident, found.alert);
  }
}

/** How long after its alert an incident of a route that is not in the configuration here is left to a replica that may know it. */
const unknownMs = 60_000;

/** Whether the incident still owes this alert a verdict. */
function isOwed(incident: Incident, alert: Alert, last: Run | undefined): boolean {
  if (incident.state === "checking") return !incident.progress.senderResolved;
  if (incident.state !== "open" && incident.state !== "recovering") return false;
  return isOldNews(incident) && (last?.endedAt ?? 0) < alert.receivedAt;
}

/**
 * A check that began after the alert came is its verdict, though a later alert may have the incident checked again. One that
 * was only set aside to begin anew (`interrupted`) has told nobody anything.
 */
function hasVerdict(runs: readonly Run[], alert: Alert): boolean {
  return runs.some(
    ({ cause, verdict, startedAt }) =>
      cause === "alert" &&
      verdict !== null &&
      verdict.reason !== "interrupted" &&
      startedAt >= alert.receivedAt,
  );
}

async function endHoldOf(context: Context, incident: Incident, alert: Alert): Promise<void> {
  const runs = await runsOfIncident(context.database, incident.id, 2);
  const run = runs.at(-1);
  if (hasVerdict(runs, alert) || !isOwed(incident, alert, run)) return;
  const going = run?.endedAt === null ? run : undefined;
  const known = going?.plan ?? planNow(context, incident, alert) ?? run?.plan;
  if (known === undefined) {
    const left = await leftUntil(context, alert.receivedAt, unknownMs);
    if (left !== undefined) return context.database.write([wake(`hold:${alert.id}`, left)]);
  }
  const plan = known ?? lastResort(context, incident);
  const dueAt = alert.receivedAt + plan.policy.holdMs;
  if (dueAt > context.now()) return context.database.write([wake(`hold:${alert.id}`, dueAt)]);
  const answered = going === undefined ? [] : await observationsOfRun(context.database, going.id);
  const seen = [...new Set(answered.map(({ observation }) => observation.location))];
  const verdict = withoutRun({ reason: "overdue", summary: overdueSummary(plan, seen) });
  await giveVerdict(context, {
    incidentId: incident.id,
    plan,
    verdict,
    run: null,
    stillDue: (now, last) => isOwed(now, alert, last),
  });
}

function overdueSummary(plan: Plan, seen: readonly string[]): string {
  const seconds = Math.round(plan.policy.holdMs / 1000);
  const who =
    seen.length === 0 ? "no location has" : `only ${list(seen)} ${seen.length === 1 ? "has" : "have"}`;
  return `no verdict within ${seconds} s; ${who} answered`;
}

/** From the configuration of now; undefined where a reload took the route away. */
function planNow(context: Context, { route: name, subject }: Incident, alert: Alert): Plan | undefined {
  const { config, surroundings } = context.setup();
  const route = config.routes.get(name);
  return route === undefined ? undefined : planRun(route, { alert, subject }, surroundings);
}
