import type { WrittenCheck } from "../model/check.ts";
import type { Observation } from "../model/observation.ts";
import { isFunctionCheck } from "../model/function-check.ts";
import { locationsOf } from "../model/plan.ts";
import type { Plan } from "../model/plan.ts";
import type { LookedObservation } from "../model/run.ts";
import { noScope, outcomeRank } from "../model/verdict.ts";
import type { CheckVerdict, Verdict, VerdictReason, VoteCount } from "../model/verdict.ts";
import { nothingKnown } from "./baseline.ts";
import type { Known } from "./baseline.ts";
import { isFresh, weighed } from "./covers.ts";
import type { Judged, Witness } from "./covers.ts";
import { evidenceFor } from "./evidence.ts";
import { domainsOf, isBad } from "./judge.ts";
import { judgeCheck } from "./judge-check.ts";
import type { CheckJudgement } from "./judge-check.ts";
import { scopeOf } from "./scope.ts";
import { evidenceOf, provenVote } from "./votes.ts";
import { headlineOf, scopeWords, summaryOf } from "./wording.ts";

/** What the observations of a run mean so far: a verdict, or that the second look is due. */
export type Judgement = Verdict | "second-look";

/**
 * Combines the checks of a run: the headline is the worst outcome (verdict.md §2). A check that could not be built from
 * the alert counts as inconclusive; one that cannot see what the alert says is left to those that can.
 * @param looks how many looks have ended; after two there is always a verdict.
 */
export function judgeRun(
  plan: Plan,
  observations: readonly LookedObservation[],
  looks: number,
  known: Known = nothingKnown,
): Judgement {
  const judgements = plan.checks.map((planned) => {
    const ballot = { check: planned.check, domains: domainsOf(locationsOf(plan, planned)), known };
    const evidence = evidenceOf(planned.check.name, observations, looks);
    return { planned, ...judgeCheck(ballot, evidence, plan.policy.confirm) };
  });
  if (looks === 1 && judgements.some(({ ruling }) => ruling === "second-look")) {
    const decided = judgements.some(
      ({ ruling }) => ruling !== "second-look" && ruling.outcome === "confirmed",
    );
    if (!decided) return "second-look";
  }
  const judged = judgements.map((one) => ({ ...one, check: settle(one) }));
  const healthy = plan.faults.length === 0 && judged.length > 0 && judged.every(isHealthy);
  const witnesses = weighed(plan, judged);
  return describe({
    plan,
    checks: witnesses.map(({ check }) => check),
    worst: worstOf(witnesses),
    observations: judged.flatMap(({ words }) => inOrder(plan, words)),
    healthy,
    looks,
    known,
  });
}

/** In the order of the plan, whoever answered first. */
function inOrder({ locations }: Plan, words: readonly Observation[]): Observation[] {
  return locations.flatMap(({ name }) => words.find(({ location }) => location === name) ?? []);
}

/**
 * A check that would want a second look, in a run that another check has already decided, failed only somewhere; or as
 * it has for long, which says nothing.
 */
function settle({ ruling, verdict }: CheckJudgement): CheckVerdict {
  if (ruling !== "second-look") return { ...verdict, ...ruling };
  const proven = verdict.domains.map(provenVote);
  if (!proven.some(isBad)) return { ...verdict, outcome: "inconclusive", reason: "no-baseline" };
  const reason = proven.includes("fail") ? "some-domains-fail" : "some-domains-flaky";
  return { ...verdict, outcome: "regional", reason };
}

/**
 * Positive proof: everybody who could vote passes, and not all of it is a cache's. One location alone proves too little to
 * spare a page, but enough to end an incident that it saw itself.
 */
function isHealthy(judged: Judged): boolean {
  const { check } = judged;
  const single = check.domains.length === 1 && check.votes.pass === 1;
  return (check.outcome === "not-reproduced" || single) && isFresh(judged);
}

/** Of those that can see what the alert says, if there are any. */
function worstOf(witnesses: readonly Witness[]): CheckVerdict | undefined {
  const seeing = witnesses.filter(({ mute }) => !mute);
  return worstFirst((seeing.length > 0 ? seeing : witnesses).map(({ check }) => check))[0];
}

interface Findings {
  readonly plan: Plan;
  readonly checks: readonly CheckVerdict[];
  readonly worst: CheckVerdict | undefined;
  readonly observations: readonly Observation[];
  readonly healthy: boolean;
  readonly looks: number;
  readonly known: Known;
}

function describe(findings: Findings): Verdict {
  const { plan, checks, worst, observations, healthy, looks } = findings;
  const notBuilt =
    plan.faults.length > 0 && (worst === undefined || outcomeRank(worst.outcome) > outcomeRank("regional"));
  if (worst === undefined || notBuilt) {
    const reason = plan.faults.length > 0 ? "check-not-built" : "no-votes";
    const summary = plan.faults.length > 0 ? plan.faults.join("; ") : "the route has no checks any more";
    return withoutRun({ reason, summary, checks, looks });
  }
  const headline = headlineOf(worst);
  const scope = scopeOf(worst, findings);
  return {
    outcome: worst.outcome,
    reason: worst.reason,
    headline,
    summary: [
      ...worstFirst(checks).map((check) => summaryOf(check, observations, looksAt(check, worst, looks))),
      ...scopeWords(scope),
      ...plan.faults,
    ].join(". "),
    votes: worst.votes,
    scope,
    healthy,
    notTested: notTested(findings),
    checks: [...checks],
    evidence: evidenceFor(findings, findings.known.selfTests),
    looks,
  };
}

function worstFirst(checks: readonly CheckVerdict[]): CheckVerdict[] {
  return checks.toSorted((a, b) => outcomeRank(a.outcome) - outcomeRank(b.outcome));
}

/** A second look that another check asked for is no news of one that is well. */
function looksAt({ outcome }: CheckVerdict, worst: CheckVerdict, looks: number): number {
  return outcome === "not-reproduced" && worst.outcome !== outcome ? 1 : looks;
}

const noVotes: VoteCount = { fail: 0, flaky: 0, degraded: 0, pass: 0, none: 0, needed: 2, toSpare: 2 };

/** The verdict where no votes could decide: late, interrupted, a route or check that could not be evaluated. It pages. */
export function withoutRun(facts: {
  readonly reason: VerdictReason;
  /** One sentence for people. */
  readonly summary: string;
  readonly checks?: readonly CheckVerdict[];
  readonly looks?: number;
}): Verdict {
  return {
    outcome: "inconclusive",
    reason: facts.reason,
    headline: "COULD NOT CHECK, treat as real",
    summary: facts.summary,
    votes: facts.checks?.[0]?.votes ?? noVotes,
    scope: noScope,
    healthy: false,
    notTested: [],
    checks: [...(facts.checks ?? [])],
    evidence: [],
    looks: facts.looks ?? 1,
  };
}

/** What a check looks at, for people. */
function whatOf(check: WrittenCheck): string {
  if (isFunctionCheck(check)) return "what your function checks, which Crosscheck does not know";
  return `${check.name}${typeof check["url"] === "string" ? ` (${check["url"]})` : ""}`;
}

/** What this verdict says nothing about. */
function notTested({ plan, checks, observations }: Findings): string[] {
  const asked = plan.checks.map(({ check }) => whatOf(check));
  const voters = checks.flatMap((check) =>
    check.domains
      .flatMap(({ locations }) => locations)
      .filter(({ vote }) => vote !== "none")
      .map(({ location }) => ({ check: check.check, location })),
  );
  const voting = observations.filter((one) =>
    voters.some(({ check, location }) => check === one.check && location === one.location),
  );
  const silent = plan.locations.filter(({ name }) => !voters.some(({ location }) => location === name));
  const families = new Set(
    voting.flatMap(({ ipVersion, attempts }) => [ipVersion, ...attempts.map((one) => one.ipVersion)]),
  );
  families.delete(null);
  const family = families.size === 1 ? [families.has(4) ? "over IPv6" : "over IPv4"] : [];
  return [`anything but ${asked.join(", ")}`, ...family, ...silent.map(({ name }) => `from ${name}`)];
}
