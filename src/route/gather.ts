import { gatheredFlag } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";

/** Messages gathered into one (Postee's aggregation): so many, or what comes within a time. */
export interface Gathering {
  readonly count: number | null;
  readonly timeoutMs: number | null;
}

/** What the incident of a route's gathered messages is about. */
export const gatheredSubject = "gathered messages";

/** Nothing waits longer than this for others to come. */
const longestMs = 86_400_000;

/**
 * An alert joins those that are told together, and when they are. The incident is over as soon as there are enough: the
 * next alert opens another. While somebody cannot be told of the first ones, later ones wait for as long again.
 */
export function gather(
  incident: Incident,
  now: number,
  { count, timeoutMs }: Gathering,
): { readonly incident: Incident; readonly dueAt: number } {
  const alertCount = incident.alertCount + 1;
  const openedAt = incident.alertCount === 0 ? now : incident.openedAt;
  const isFull = count !== null && alertCount >= count;
  const waitMs = Math.min(timeoutMs ?? longestMs, longestMs);
  const waits = Math.max(1, Math.ceil((now - openedAt) / waitMs));
  return {
    incident: {
      ...incident,
      state: isFull ? "closed" : "open",
      closedAt: isFull ? now : null,
      flags: [gatheredFlag],
      alertCount,
      openedAt,
      lastAlertAt: now,
    },
    dueAt: isFull ? now : openedAt + waits * waitMs,
  };
}
