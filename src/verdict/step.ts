import type { DeliveryEvent } from "../model/delivery.ts";
import type { Incident } from "../model/incident.ts";
import type { Plan } from "../model/plan.ts";
import { toldAtArrival, toldRecovery } from "./telling.ts";

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
  | "watch-over"
  | "awaiting-fresh-run"
  | "still-open"
  | "recovering"
  | "recovered"
  | "sender-resolved"
  | "no-incident";

export interface Policy {
  readonly plan: Plan;
  /** 0 to 1: spreads rechecks by ± 10 %. */
  readonly random: number;
}

/** `actions` are told of an event; nobody: nothing to tell. */
export function telling(
  event: DeliveryEvent,
  actions: readonly string[],
  note: string | null = null,
): Telling[] {
  return actions.length === 0 ? [] : [{ event, actions, note }];
}

export function closed(incident: Incident, now: number): Incident {
  return { ...incident, state: "closed", closedAt: now, nextRunAt: null };
}

/** It is over: told to whom it is owed. `note` says why, where it was not by clean runs. */
export function recovered(incident: Incident, now: number, { plan }: Policy, note: string | null): Step {
  const told = incident.told?.actions ?? toldAtArrival(plan);
  const tell = telling("recovered", toldRecovery(plan, told), note);
  return { incident: closed(incident, now), tell, reason: note === null ? "recovered" : "sender-resolved" };
}
