import type { Delivery } from "../model/delivery.ts";
import type { Incident } from "../model/incident.ts";
import { observationJson } from "../model/observation.ts";
import type { LookedObservation } from "../model/run.ts";
import { contrastsOfRun } from "../store/contrasts.ts";
import type { Database } from "../store/database.ts";
import { deliveriesOfIncident } from "../store/deliveries.ts";
import { alertsOfIncident } from "../store/incidents.ts";
import { shownObservations, shownRuns } from "../store/runs.ts";
import type { ShownRun } from "../store/runs.ts";

/** How many alerts from each end, and how many runs, an incident is shown with. */
const alertEdge = 10;
const maxRuns = 100;
/** Of so many, what they saw too: that is most of an incident, megabytes once it has gone on for a while. */
const maxObservedRuns = 10;

/** An incident as the API gives it: times RFC 3339, durations in ms with the unit in the name. */
export async function incidentJson(database: Database, incident: Incident) {
  const [alerts, runs, deliveries] = await Promise.all([
    alertsOfIncident(database, incident.id, alertEdge),
    shownRuns(database, incident.id, maxRuns),
    deliveriesOfIncident(database, incident.id),
  ]);
  const older = runs.slice(0, -maxObservedRuns).map((run) => runJson(run, null));
  const last = runs.slice(-maxObservedRuns).map((run) => observedRunJson(database, run));
  return {
    ...headJson(incident),
    alerts: alerts.map(({ id, receivedAt, status, bodyRemovedAt }) => ({
      id,
      receivedAt: time(receivedAt),
      status,
      bodyRemovedAt: time(bodyRemovedAt),
    })),
    runs: [...older, ...(await Promise.all(last))],
    deliveries: deliveries.map((delivery) => deliveryJson(delivery)),
  };
}

/** An incident in a list: only its last run, with what that run saw and told. */
export async function incidentListJson(database: Database, incident: Incident) {
  const [runs, deliveries] = await Promise.all([
    shownRuns(database, incident.id, 1),
    deliveriesOfIncident(database, incident.id),
  ]);
  const runId = runs[0]?.id ?? null;
  return {
    ...headJson(incident),
    runs: await Promise.all(runs.map((run) => observedRunJson(database, run))),
    deliveries: deliveries.filter((one) => one.runId === runId).map((one) => deliveryJson(one)),
  };
}

function headJson(incident: Incident) {
  return {
    id: incident.id,
    route: incident.route,
    subject: incident.subject,
    state: incident.state,
    flags: incident.flags,
    alertCount: incident.alertCount,
    openedAt: time(incident.openedAt),
    lastAlertAt: time(incident.lastAlertAt),
    closedAt: time(incident.closedAt),
    nextRunAt: time(incident.nextRunAt),
    outcome: incident.outcome,
    reason: incident.reason,
    mark: incident.mark,
  };
}

async function observedRunJson(database: Database, run: ShownRun) {
  const [observations, contrasts] = await Promise.all([
    shownObservations(database, run.id),
    contrastsOfRun(database, run.id),
  ]);
  return { ...runJson(run, observations), contrasts };
}

/** Without observations it says so: none would read as "saw nothing". */
function runJson(run: ShownRun, observations: readonly LookedObservation[] | null) {
  return {
    id: run.id,
    number: run.number,
    cause: run.cause,
    startedAt: time(run.startedAt),
    durationMs: run.endedAt === null ? null : run.endedAt - run.startedAt,
    verdict: run.verdict,
    observationsOmitted: observations === null,
    observations: (observations ?? []).map(({ look, observation }) => ({
      ...observationJson(observation),
      look,
    })),
  };
}

export function deliveryJson(delivery: Delivery) {
  return {
    id: delivery.id,
    incident: delivery.incidentId,
    action: delivery.action,
    number: delivery.number,
    event: delivery.event,
    run: delivery.runId,
    note: delivery.notice.note,
    state: delivery.state,
    attempts: delivery.attempts,
    error: delivery.error,
    createdAt: time(delivery.createdAt),
    nextAttemptAt: delivery.state === "pending" ? time(delivery.nextAt) : null,
    deliveredAt: time(delivery.deliveredAt),
  };
}

function time(ms: number): string;
function time(ms: number | null): string | null;
function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
