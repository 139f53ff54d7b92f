import type { Delivery } from "../model/delivery.ts";
import type { Incident } from "../model/incident.ts";
import type { Message } from "../model/message.ts";
import type { Plan } from "../model/plan.ts";
import { composeMessage } from "../notify/message.ts";
import { planRun } from "../route/plan.ts";
import { alertById, latestAlert } from "../store/alerts.ts";
import { incidentById } from "../store/incidents.ts";
import { observationsOfRun, runById } from "../store/runs.ts";
import type { Alert } from "../model/alert.ts";
import type { Context } from "./context.ts";

/** A delivery's message from the rows as they are now; undefined when its incident is gone. */
export async function messageFor(context: Context, delivery: Delivery): Promise<Message | undefined> {
  const { database } = context;
  const { incidentId, runId } = delivery;
  const [incident, run = null, looked, alert] = await Promise.all([
    incidentById(database, incidentId),
    runId === null ? null : runById(database, runId),
    runId === null ? [] : observationsOfRun(database, runId),
    alertOf(context, delivery),
  ]);
  if (incident === undefined) return undefined;
  return composeMessage({
    delivery,
    incident,
    run,
    verdict: run?.verdict ?? null,
    observations: looked.map(({ observation }) => observation),
    alert,
    rendered: null,
    plan: run?.plan ?? planOf(context, incident, alert),
    publicUrl: context.setup().config.server.publicUrl,
    now: context.now(),
  });
}

async function alertOf(context: Context, { notice, incidentId }: Delivery): Promise<Alert | null> {
  if (notice.alertId === null) return (await latestAlert(context.database, incidentId)) ?? null;
  return (await alertById(context.database, notice.alertId))?.alert ?? null;
}

function planOf(context: Context, incident: Incident, alert: Alert | null): Plan | null {
  const { config, surroundings } = context.setup();
  const route = config.routes.get(incident.route);
  return route === undefined || alert === null
    ? null
    : planRun(route, { alert, subject: incident.subject }, surroundings);
}
