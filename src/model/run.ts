import type { Plan } from "./plan.ts";
import type { Observation } from "./observation.ts";
import type { Verdict } from "./verdict.ts";

/** Why a run was started. */
export type RunCause = "alert" | "watch" | "recheck";

/** One execution of a route's checks from all its locations. Times are ms since 1970. */
export interface Run {
  readonly id: string;
  readonly incidentId: string;
  /** 1 for the incident's first. */
  readonly number: number;
  readonly cause: RunCause;
  readonly plan: Plan;
  /** 1, and 2 once the second look is due. */
  readonly look: number;
  readonly startedAt: number;
  readonly deadlineAt: number;
  readonly endedAt: number | null;
  readonly verdict: Verdict | null;
}

/** An observation with the look it belongs to. */
export interface LookedObservation {
  readonly look: number;
  readonly observation: Observation;
}
