import type { Alert } from "../model/alert.ts";
import { flappingFlag } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import type { VerdictPolicy } from "../model/plan.ts";
import { flagged, isFlapping, recent, recovered, telling, unflagged } from "./step.ts";
import type { Policy, Step } from "./step.ts";
import { toldAtArrival } from "./telling.ts";

/** An alert that joins an incident told this long ago is not taken for the old news: its verdict is told again. */
export const retellAfterMs = 3_600_000;

/** What of an alert moves an incident. */
export type Arrival = Pick<Alert, "source" | "receivedAt">;

/**
 * A new alert, firing, on an incident that it opens, reopens or joins (verdict.md §6). On one that is spared or
 * recovering it asks for fresh proof: what was seen before it came proves nothing about it. Without an `arrival` it came
 * just now, from nobody in particular.
 */
export function alertFired(incident: Incident, now: number, policy: Policy, arrival?: Arrival): Step {
  const joined = joinedBy(incident, arrival?.receivedAt ?? now, arrival?.source);
  if (incident.alertCount === 0) return begun(joined, now, policy, "opened");
  if (incident.state === "closed")
    return begun(reopened(joined, now, policy.plan.policy), now, policy, "reopened");
  if (incident.state === "watching")
    return { incident: checking(joined, now), tell: [], reason: "joined-spared" };
  if (incident.state === "recovering") {
    const progress = { ...joined.progress, cleanRuns: 0, cleanSince: null };
    return { incident: { ...joined, state: "open", progress, nextRunAt: now }, tell: [], reason: "joined" };
  }
  return { incident: isOldNews(joined) ? { ...joined, nextRunAt: now } : joined, tell: [], reason: "joined" };
}

function joinedBy(incident: Incident, receivedAt: number, source: string | undefined): Incident {
  const isNew = incident.alertCount === 0;
  const { sources } = incident.progress;
  const isKnown = source === undefined || sources.includes(source);
  return {
    ...incident,
    alertCount: incident.alertCount + 1,
    openedAt: isNew ? receivedAt : incident.openedAt,
    lastAlertAt: isNew ? receivedAt : Math.max(receivedAt, incident.lastAlertAt),
    progress: {
      ...incident.progress,
      senderResolved: false,
      sources: isKnown ? sources : [...sources, source],
    },
  };
}

/** Failing again soon after its end: reopened too often, it stays open until it has been clean for long. */
function reopened(incident: Incident, now: number, { flapping }: VerdictPolicy): Incident {
  const reopenedAt = [...recent(incident.progress.reopenedAt, flapping.withinMs, now), now];
  const again: Incident = {
    ...unflagged(incident, flappingFlag),
    closedAt: null,
    told: null,
    watchStep: 0,
    progress: { ...incident.progress, reopenedAt, insisted: false, unresolvedSince: null },
  };
  return reopenedAt.length >= flapping.reopenings ? flagged(again, flappingFlag) : again;
}

function begun(incident: Incident, now: number, { plan }: Policy, reason: "opened" | "reopened"): Step {
  const told = toldAtArrival(plan);
  const fresh = checking(incident, now);
  const progress = { ...fresh.progress, toldAtArrival: told };
  return { incident: { ...fresh, progress }, tell: telling("trigger", told), reason };
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

/** Its arrival is told to nobody by itself, and nobody is owed the end of what has not begun. */
export function withoutArrival(step: Step): Step {
  const progress = step.tell.some(({ event }) => event === "trigger")
    ? { ...step.incident.progress, toldAtArrival: [] }
    : step.incident.progress;
  const tell = step.tell.filter(({ event }) => event !== "trigger");
  return { ...step, incident: { ...step.incident, progress }, tell };
}

/** It was told so long before its last alert that the alert must be told again. */
export function isOldNews({ told, lastAlertAt }: Incident): boolean {
  return told !== null && lastAlertAt - told.at > retellAfterMs;
}

/**
 * The sender says that it is over (verdict.md §6: a resolved alert never starts an incident). While another sender still
 * says that it fails, it is only looked at again; and one that is flapping has been over too often to take a word for it.
 */
export function alertResolved(incident: Incident, now: number, policy: Policy, source?: string): Step {
  if (incident.state === "closed") return { incident, tell: [], reason: "no-incident" };
  const resolved = resolvedBy(incident, source);
  if (incident.state === "checking") return { incident: resolved, tell: [], reason: "sender-resolved" };
  // What a mute has kept from being told ends as if it had been.
  const outcome = incident.progress.muted === null ? incident.told?.outcome : incident.outcome;
  const wordIsEnough = outcome === "inconclusive" && !isFlapping(incident);
  if (wordIsEnough && resolved.progress.senderResolved)
    return recovered(resolved, now, policy, "the sender says resolved");
  return { incident: { ...resolved, nextRunAt: now }, tell: [], reason: "sender-resolved" };
}

/** A source that is not known speaks for all. */
function resolvedBy(incident: Incident, source: string | undefined): Incident {
  const { progress } = incident;
  const sources = source === undefined ? [] : progress.sources.filter((one) => one !== source);
  const senderResolved = sources.length === 0;
  const unresolvedSince = senderResolved ? null : progress.unresolvedSince;
  return { ...incident, progress: { ...progress, sources, senderResolved, unresolvedSince } };
}
