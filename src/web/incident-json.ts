import type { Delivery } from "../model/delivery.ts";
import type { Incident } from "../model/incident.ts";
import type { LookedObservation, Run } from "../model/run.ts";
import type { Database } from "../store/database.ts";
import { deliveriesOfIncident } from "../store/deliveries.ts";
import { alertsOfIncident } from "../store/incidents.ts";
import { latestRun, observationsOfRun, runsOfIncident } from "../store/runs.ts";

/** How many alerts from each end, and how many runs, an incident is shown with. */
const alertEdge = 10;
const maxRuns = 100;

/** An incident as the API gives it: times RFC 3339, durations in ms with the unit in the name. */
export async function incidentJson(database: Database, incident: Incident) {
  const [alerts, runs, deliveries] = await Promise.all([
    alertsOfIncident(database, incident.id, alertEdge),
    runsOfIncident(database, incident.id, maxRuns),
    deliveriesOfIncident(database, incident.id),
  ]);
  const observed = await Promise.all(runs.map((run) => observationsOfRun(database, run.id)));
  return {
    ...headJson(incident),
    alerts: alerts.map(({ id, receivedAt, status }) => ({ id, receivedAt: time(receivedAt), status })),
    runs: runs.map((run, index) => runJson(run, observed[index] ?? [])),
    deliveries: deliveries.map((delivery) => deliveryJson(delivery)),
  };
}

/** An incident in a list: only its last run, with what that run saw and told. */
export async function incidentListJson(database: Database, incident: Incident) {
  const run = await latestRun(database, incident.id);
  const [observations, deliveries] = await Promise.all([
    run === undefined ? [] : observationsOfRun(database, run.id),
    deliveriesOfIncident(database, incident.id),
  ]);
  return {
    ...headJson(incident),
    runs: run === undefined ? [] : [runJson(run, observations)],
    deliveries: deliveries.filter(({ runId }) => runId === (run?.id ?? null)).map((one) => deliveryJson(one)),
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
  };
}

function runJson(run: Run, observations: readonly LookedObservation[]) {
  return {
    id: run.id,
    number: run.number,
    cause: run.cause,
    startedAt: time(run.startedAt),
    durationMs: run.endedAt === null ? null : run.endedAt - run.startedAt,
    verdict: run.verdict,
    observations: observations.map(({ look, observation }) => ({
      ...observation,
      look,
      startedAt: time(observation.startedAt),
      attempts: observation.attempts.map((attempt) => ({ ...attempt, startedAt: time(attempt.startedAt) })),
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
