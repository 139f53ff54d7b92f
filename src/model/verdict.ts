import * as z from "zod";
import { layer } from "./observation.ts";

export const verdictOutcome = z.enum(["confirmed", "regional", "degraded", "not-reproduced", "inconclusive"]);
export type VerdictOutcome = z.output<typeof verdictOutcome>;

/** From worst to mildest: with several checks the worst is the headline. */
const worstFirst: readonly VerdictOutcome[] = [
  "confirmed",
  "regional",
  "inconclusive",
  "degraded",
  "not-reproduced",
];

/** 0 for the worst. */
export function outcomeRank(outcome: VerdictOutcome): number {
  return worstFirst.indexOf(outcome);
}

/** A location's, and then a failure domain's, say on one check. */
export const vote = z.enum(["pass", "flaky", "fail", "degraded", "none"]);
export type Vote = z.output<typeof vote>;

/** Why the outcome is what it is; docs/verdicts.md explains each. */
export const verdictReason = z.enum([
  "enough-domains-fail",
  "intermittent",
  "single-location",
  "some-domains-fail",
  "some-domains-flaky",
  "too-few-votes",
  "no-votes",
  "slow",
  "all-pass",
  "second-look-clean",
  "not-visible-from-outside",
  "check-not-built",
  "route-error",
  "overdue",
  "interrupted",
]);
export type VerdictReason = z.output<typeof verdictReason>;

const count = z.int().nonnegative();

/** How many domains said what, and how many it takes to confirm (`needed`) and to spare (`toSpare`). */
export const voteCount = z.object({
  fail: count,
  flaky: count,
  degraded: count,
  pass: count,
  none: count,
  needed: count,
  toSpare: count,
});
export type VoteCount = z.output<typeof voteCount>;

/** A failure domain: locations that fail together, such as one region of one provider. */
export const domainVote = z.object({
  domain: z.string(),
  vote,
  locations: z.array(z.object({ location: z.string(), vote })),
});
export type DomainVote = z.output<typeof domainVote>;

/** What the observations of one check mean. */
export const checkVerdict = z.object({
  check: z.string(),
  outcome: verdictOutcome,
  reason: verdictReason,
  votes: voteCount,
  domains: z.array(domainVote),
});
export type CheckVerdict = z.output<typeof checkVerdict>;

/** How far the trouble reaches. `common`: what all that fails has in common and what passes has not. */
export const scope = z.object({
  locations: z.array(z.string()),
  layer: layer.nullable(),
  errorClass: z.string().nullable(),
  common: z.array(z.object({ attribute: z.string(), value: z.string() })),
});
export type Scope = z.output<typeof scope>;

/** What the observations of a run mean. */
export const verdict = z.object({
  outcome: verdictOutcome,
  reason: verdictReason,
  /** `PARTLY DOWN 1/3 apac`: the beginning of every message's first line. */
  headline: z.string(),
  /** One sentence for people. */
  summary: z.string(),
  votes: voteCount,
  scope,
  /**
   * Positive proof of health, `not-reproduced` but for what the route makes of it: enough domains pass and none is bad. It
   * is what recovery asks for.
   */
  healthy: z.boolean(),
  /** What this verdict says nothing about, in words. */
  notTested: z.array(z.string()),
  checks: z.array(checkVerdict),
  /** 1, or 2 when there was a second look. */
  looks: z.int(),
});
export type Verdict = z.output<typeof verdict>;
