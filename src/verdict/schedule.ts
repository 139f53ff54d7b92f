import type { Incident } from "../model/incident.ts";
import type { VerdictPolicy } from "../model/plan.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** `pauseMs` from now, ± 10 %, so that many incidents do not look in step. `random` is 0 to 1. */
export function nextLook(now: number, pauseMs: number, random: number): number {
  return now + Math.round(pauseMs * (0.9 + 0.2 * random));
}

/** When an open incident is looked at again: its schedule, the last pause repeated for 24 h, then hourly. */
export function openSchedule(incident: Incident, now: number, policy: VerdictPolicy, random: number): number {
  const old = now - incident.openedAt > dayMs;
  const pause = policy.openRecheckMs[incident.watchStep] ?? policy.openRecheckMs.at(-1) ?? hourMs;
  return nextLook(now, old ? hourMs : pause, random);
}
