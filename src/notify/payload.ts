import type { Incident } from "../model/incident.ts";
import type { Message } from "../model/message.ts";
import { observationJson } from "../model/observation.ts";

/** Everything there is to know, for programs: docs/actions/webhook.md. */
export function payload(message: Message) {
  const { event, incident, verdict, observations, alert, sentAt } = message;
  const {
    firstLine,
    summary,
    locations,
    evidence,
    changes,
    contrasts,
    items,
    notTested,
    next,
    runbook,
    link,
  } = message;
  return {
    type: `crosscheck.${event}`,
    timestamp: time(sentAt),
    data: {
      event,
      incident: incidentJson(incident),
      verdict,
      observations: observations.map(observationJson),
      message: {
        firstLine,
        summary,
        locations,
        evidence,
        changes,
        contrasts,
        items,
        notTested,
        next,
        runbook,
        link,
      },
      alert,
    },
  };
}

/** Without what only Crosscheck itself works with: `version`, `progress`, `watchStep`. */
function incidentJson(incident: Incident) {
  const { id, route, subject, state, flags, alertCount, outcome, reason, told } = incident;
  return {
    id,
    route,
    subject,
    state,
    flags,
    alertCount,
    outcome,
    reason,
    openedAt: time(incident.openedAt),
    lastAlertAt: time(incident.lastAlertAt),
    closedAt: time(incident.closedAt),
    nextRunAt: time(incident.nextRunAt),
    told: told === null ? null : { ...told, at: time(told.at) },
  };
}

function time(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
