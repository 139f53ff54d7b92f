import type { Incident } from "../model/incident.ts";
import { recovered, telling } from "./step.ts";
import type { Policy, Step } from "./step.ts";
import { toldAtArrival } from "./telling.ts";

/** An alert that joins an incident told this long ago is not taken for the old news: its verdict is told again. */
export const retellAfterMs = 3_600_000;

/** How long after its recovery an incident is taken up again by a new alert. */
export const reopenWithinMs = 900_000;

/**
 * A new alert, firing, on an incident that it opens, reopens or joins (verdict.md §6). On one that is spared or
 * recovering it asks for fresh proof: what was seen before it came proves nothing about it.
 */
export function alertFired(incident: Incident, now: number, { plan }: Policy, receivedAt = now): Step {
  const isNew = incident.alertCount === 0;
  const joined: Incident = {
    ...incident,
    alertCount: incident.alertCount + 1,
    openedAt: isNew ? receivedAt : incident.openedAt,
    lastAlertAt: isNew ? receivedAt : Math.max(receivedAt, incident.lastAlertAt),
    progress: { ...incident.progress, senderResolved: false },
  };
  if (incident.state === "closed" || isNew) {
    const begun = checking({ ...joined, closedAt: null, told: null, watchStep: 0 }, now);
    const reason = incident.state === "closed" ? "reopened" : "opened";
    return { incident: begun, tell: telling("trigger", toldAtArrival(plan)), reason };
  }
  if (incident.state === "watching")
    return { incident: checking(joined, now), tell: [], reason: "joined-spared" };
  if (incident.state === "recovering") {
    const progress = { ...joined.progress, cleanRuns: 0, cleanSince: null };
    return { incident: { ...joined, state: "open", progress, nextRunAt: now }, tell: [], reason: "joined" };
  }
  return { incident: isOldNews(joined) ? { ...joined, nextRunAt: now } : joined, tell: [], reason: "joined" };
}

function checking(incident: Incident, now: number): Incident {
  const progress = {
    ...incident.progress,
    cleanRuns: 0,
    cleanSince: null,
    unsureRuns: 0,
    checkingSince: now,
  };
  return { ...incident, state: "checking", progress, nextRunAt: now };
}

/** It was told so long before its last alert that the alert must be told again. */
export function isOldNews({ told, lastAlertAt }: Incident): boolean {
  return told !== null && lastAlertAt - told.at > retellAfterMs;
}

/** The sender says that it is over (verdict.md §6: a resolved alert never starts an incident). */
export function alertResolved(incident: Incident, now: number, policy: Policy): Step {
  const resolved: Incident = { ...incident, progress: { ...incident.progress, senderResolved: true } };
  if (incident.state === "closed") return { incident, tell: [], reason: "no-incident" };
  if (incident.state === "checking") return { incident: resolved, tell: [], reason: "sender-resolved" };
  if (incident.told?.outcome === "inconclusive")
    return recovered(resolved, now, policy, "the sender says resolved");
  return { incident: { ...resolved, nextRunAt: now }, tell: [], reason: "sender-resolved" };
}
