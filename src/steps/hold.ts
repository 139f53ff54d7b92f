import type { Incident } from "../model/incident.ts";
import type { Plan } from "../model/plan.ts";
import { planRun } from "../route/plan.ts";
import { alertById } from "../store/alerts.ts";
import { incidentsOfAlert } from "../store/incidents.ts";
import { wake } from "../store/jobs.ts";
import { latestRun, observationsOfRun } from "../store/runs.ts";
import { withoutRun } from "../verdict/combine.ts";
import { list } from "../verdict/wording.ts";
import type { Alert } from "../model/alert.ts";
import type { Context } from "./context.ts";
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
  if (!found.routed) await routeAlone(context, found.alert);
  const waiting = (await incidentsOfAlert(context.database, alertId)).filter(isWaiting);
  for (const incident of waiting) await overdue(context, incident, found.alert);
}

function isWaiting(incident: Incident): boolean {
  return incident.state === "checking";
}

async function overdue(context: Context, incident: Incident, alert: Alert): Promise<void> {
  const run = await latestRun(context.database, incident.id);
  const plan = run?.endedAt === null ? run.plan : (planNow(context, incident, alert) ?? run?.plan);
  if (plan === undefined) throw new Error(`incident ${incident.id}: nothing says whom to tell`);
  const dueAt = alert.receivedAt + plan.policy.holdMs;
  if (dueAt > context.now()) return context.database.write([wake(`hold:${alert.id}`, dueAt)]);
  const answered = run?.endedAt === null ? await observationsOfRun(context.database, run.id) : [];
  const seconds = Math.round(plan.policy.holdMs / 1000);
  const seen = [...new Set(answered.map(({ observation }) => observation.location))];
  const summary = `no verdict within ${seconds} s; ${seen.length === 0 ? "no location has" : `${list(seen)} only ${seen.length === 1 ? "has" : "have"}`} answered`;
  const verdict = withoutRun({ reason: "overdue", summary });
  await giveVerdict(context, { incidentId: incident.id, plan, verdict, run: null, stillDue: isWaiting });
}

function planNow(context: Context, incident: Incident, alert: Alert): Plan | undefined {
  const { config, surroundings } = context.setup();
  const route = config.routes.get(incident.route);
  return route === undefined ? undefined : planRun(route, alert, surroundings);
}
