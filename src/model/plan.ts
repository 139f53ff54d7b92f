import * as z from "zod";
import { mode, notifyLists, actionKind } from "./action.ts";
import { writtenCheck } from "./check.ts";
import { claim, coverage, noClaim } from "./claim.ts";
import { sampling, targetOrigin } from "./probe-protocol.ts";

const ms = z.number().nonnegative();

/** The numbers of the verdict and of what follows it; docs/verdicts.md has the rules. */
export const verdictPolicy = z.object({
  confirm: z.union([z.int().positive(), z.enum(["majority", "all"])]),
  sampling,
  /** From the start of a run to the end of its first look. */
  deadlineMs: ms,
  /** From the end of the first look to the second, and how long that may take. */
  secondLookMs: ms,
  secondLookDeadlineMs: ms,
  /** From the alert to a verdict, come what may. */
  holdMs: ms,
  /** When a spared incident is looked at again, one after the other. */
  recheckMs: z.array(ms),
  /** When an open incident is looked at again; the last repeats for 24 h, then hourly. */
  openRecheckMs: z.array(ms).min(1),
  /** Clean runs in a row, and over how long, until an incident is recovered. */
  recovery: z.object({ runs: z.int().positive(), overMs: ms }),
  /** How long after its end an incident is taken up again. */
  reopenWithinMs: ms,
  /** Reopened so often within so long, an incident stays open until it has been clean for so long. */
  flapping: z.object({ reopenings: z.int().positive(), withinMs: ms, cleanMs: ms }),
  /**
   * When the sender is believed against what we see: spared so often within so long; or, by senders that say when it is
   * over, not said so within so long.
   */
  insist: z.object({ spares: z.int().positive(), withinMs: ms, unresolvedMs: ms }),
});
export type VerdictPolicy = z.output<typeof verdictPolicy>;

/** A place that a plan's checks run from; `provider` and `region` as far as they are known. */
export const plannedLocation = z.object({
  name: z.string(),
  domain: z.string(),
  provider: z.string().nullable().default(null),
  region: z.string().nullable().default(null),
  /** Addresses that its requests come from, as its operator has written them down. */
  egress: z.array(z.string()).default([]),
});
export type PlannedLocation = z.output<typeof plannedLocation>;

/** A check ready to run: templates rendered, secrets still references. */
export const plannedCheck = z.object({
  check: writtenCheck,
  target: targetOrigin,
  /** Where it runs, by name; absent: at all locations of the plan. */
  locations: z.array(z.string()).exactOptional(),
  /** Whether its pass says anything about the alert; null: nobody has said, and `spare` decides. */
  covered: coverage.nullable().default(null),
});
export type PlannedCheck = z.output<typeof plannedCheck>;

/**
 * What follows from an alert on one route. A run keeps the plan that it began with, so that rows of an older release are
 * read by a newer one: a key that is added later needs a default.
 */
export const plan = z.object({
  route: z.string(),
  mode,
  /** Health that we see may spare the page. */
  spare: z.boolean(),
  checks: z.array(plannedCheck),
  /** Why a check could not be built from this alert. */
  faults: z.array(z.string()),
  /** What the alert says is wrong. */
  claim: claim.default(noClaim),
  locations: z.array(plannedLocation),
  policy: verdictPolicy,
  /** Told when the alert arrives. */
  actions: z.array(z.string()),
  notify: notifyLists,
  /** The kinds of all actions there are. */
  kinds: z.record(z.string(), actionKind),
  runbook: z.string().nullable(),
});
export type Plan = z.output<typeof plan>;

/** Where a check of a plan runs, in the plan's order. */
export function locationsOf(plan: Pick<Plan, "locations">, { locations }: PlannedCheck): Plan["locations"] {
  return plan.locations.filter(({ name }) => locations?.includes(name) ?? true);
}
