import type { DeliveryEvent } from "../model/delivery.ts";
import { flappingFlag } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import type { Plan } from "../model/plan.ts";
import type { RunCause } from "../model/run.ts";
import type { Verdict } from "../model/verdict.ts";
import { openSchedule } from "./schedule.ts";
import { toldRecovery } from "./telling.ts";

/** What is due to whom after a step. */
export interface Telling {
  readonly event: DeliveryEvent;
  readonly actions: readonly string[];
  /** One more sentence for the message: why now. */
  readonly note: string | null;
  /** ms since 1970; absent: at once. */
  readonly dueAt?: number;
}

/** An incident after a step, what is told, and the step's name for log, metrics and tests. */
export interface Step {
  readonly incident: Incident;
  readonly tell: readonly Telling[];
  readonly reason: StepReason;
}

export type StepReason =
  | "opened"
  | "reopened"
  | "joined"
  | "joined-spared"
  | "told"
  | "told-worse"
  | "told-again"
  | "spared"
  | "spared-still"
  | "spared-unsure"
  | "insisted"
  | "flapping"
  | "watch-over"
  | "awaiting-fresh-run"
  | "still-open"
  | "recovering"
  | "recovered"
  | "sender-resolved"
  | "no-incident"
  | "muted";

export interface Policy {
  readonly plan: Plan;
  /** 0 to 1: spreads rechecks by ± 10 %. */
  readonly random: number;
}

/** A verdict with what it is of. */
export interface GivenVerdict {
  readonly verdict: Verdict;
  readonly cause: RunCause | "hold";
  /** When its run began; absent for the hold's, which has none. */
  readonly startedAt?: number | undefined;
  /** Whether one of those who say that it fails is known to say when it is over; absent: no. */
  readonly senderResolves?: boolean;
}

/** `actions` are told of an event; nobody: nothing to tell. */
export function telling(
  event: DeliveryEvent,
  actions: readonly string[],
  note: string | null = null,
): Telling[] {
  return actions.length === 0 ? [] : [{ event, actions, note }];
}

/** All who have been told something since the incident was opened, its arrival included. */
export function heard({ told, progress }: Incident): readonly string[] {
  return told?.actions ?? progress.toldAtArrival;
}

export function closed(incident: Incident, now: number): Incident {
  return { ...incident, state: "closed", closedAt: now, nextRunAt: null };
}

/** It is over: told to whom it is owed. `note` says why, where it was not by clean runs. */
export function recovered(incident: Incident, now: number, { plan }: Policy, note: string | null): Step {
  const told = heard(incident);
  // The end of a story that nobody has heard of is no news.
  const tell = told.length === 0 ? [] : telling("recovered", toldRecovery(plan, told), note);
  return { incident: closed(incident, now), tell, reason: note === null ? "recovered" : "sender-resolved" };
}

/** When it is looked at again. With nothing to ask it is over once it has been told: only a new alert can say more. */
export function scheduled(incident: Incident, now: number, { plan, random }: Policy): Incident {
  const nothingToAsk = plan.checks.length === 0;
  return { ...incident, nextRunAt: nothingToAsk ? null : openSchedule(incident, now, plan.policy, random) };
}

export function flagged(incident: Incident, flag: string): Incident {
  return incident.flags.includes(flag) ? incident : { ...incident, flags: [...incident.flags, flag] };
}

export function unflagged(incident: Incident, flag: string): Incident {
  return incident.flags.includes(flag)
    ? { ...incident, flags: incident.flags.filter((one) => one !== flag) }
    : incident;
}

export function isFlapping({ flags }: Incident): boolean {
  return flags.includes(flappingFlag);
}

/** Those of `times` that are no longer than `spanMs` ago (all in ms). */
export function recent(times: readonly number[], spanMs: number, now: number): number[] {
  return times.filter((at) => now - at < spanMs);
}
