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
  "all-impaired",
  "blocked",
  "no-baseline",
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

/**
 * Why a location's observation does not count as it reads: `impaired` (most controls fail from there), `noisy` (a control
 * fails as now and then as the target), `blocked` (the target turns this prober away and nobody else), `no-baseline` (it
 * has been failing since before the alert).
 */
export const excuse = z.enum(["impaired", "noisy", "blocked", "no-baseline"]);
export type Excuse = z.output<typeof excuse>;

/** A location's vote on a check; `note` says for people why it is excused. */
export const locationVote = z.object({
  location: z.string(),
  vote,
  excuse: excuse.nullable().default(null),
  note: z.string().default(""),
});
export type LocationVote = z.output<typeof locationVote>;

/** A failure domain: locations that fail together, such as one region of one provider. */
export const domainVote = z.object({
  domain: z.string(),
  vote,
  locations: z.array(locationVote),
});
export type DomainVote = z.output<typeof domainVote>;

/** What the observations of one check mean. */
export const checkVerdict = z.object({
  check: z.string(),
  outcome: verdictOutcome,
  reason: verdictReason,
  /** What the reason does not say by itself: which claim the check cannot see, what answer is a cache's. For people. */
  why: z.string().default(""),
  votes: voteCount,
  domains: z.array(domainVote),
});
export type CheckVerdict = z.output<typeof checkVerdict>;

/** What may tell failures from passes (verdict.md, scope). */
export const scopeAttribute = z.enum([
  "check",
  "location",
  "region",
  "provider",
  "layer",
  "error-class",
  "resolver",
  "ip-family",
  "remote-address",
  "pop",
  "http-version",
]);
export type ScopeAttribute = z.output<typeof scopeAttribute>;

/**
 * How far the trouble reaches. `common`: the fewest attributes that together cover at least 80 % of the failures and at most
 * 10 % of the passes, several values of one being alternatives; empty when there are none.
 */
export const scope = z.object({
  locations: z.array(z.string()),
  layer: layer.nullable(),
  errorClass: z.string().nullable(),
  common: z.array(z.object({ attribute: scopeAttribute, value: z.string() })),
  /** `fails only over IPv6`; empty when nothing is known. */
  sentence: z.string().default(""),
});
export type Scope = z.output<typeof scope>;

export const noScope: Scope = { locations: [], layer: null, errorClass: null, common: [], sentence: "" };

/** How to see a location's failure for oneself, and what is different from when all was well. */
export const evidence = z.object({
  check: z.string(),
  location: z.string(),
  /** A line for a shell, without secrets; empty where no tool shows it. */
  command: z.string(),
  changes: z.array(z.string()),
});
export type Evidence = z.output<typeof evidence>;

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
  evidence: z.array(evidence).default([]),
  /** 1, or 2 when there was a second look. */
  looks: z.int(),
});
export type Verdict = z.output<typeof verdict>;
