import type { WrittenCheck } from "../model/check.ts";
import type { Observation } from "../model/observation.ts";
import { isFunctionCheck } from "../model/function-check.ts";
import { locationsOf } from "../model/plan.ts";
import type { Plan } from "../model/plan.ts";
import type { LookedObservation } from "../model/run.ts";
import { noScope, outcomeRank } from "../model/verdict.ts";
import type { CheckVerdict, Verdict, VerdictReason, VoteCount } from "../model/verdict.ts";
import { domainsOf, judgeCheck, standing, voteOf } from "./judge.ts";
import type { CheckEvidence, CheckJudgement } from "./judge.ts";
import { scopeOf } from "./scope.ts";
import { headlineOf, summaryOf } from "./wording.ts";

/** What the observations of a run mean so far: a verdict, or that the second look is due. */
export type Judgement = Verdict | "second-look";

/**
 * Combines the checks of a run: the headline is the worst outcome (verdict.md §2). A check that could not be built from
 * the alert counts as inconclusive, and on a route without `spare: true`, or with votes of the user's own functions alone,
 * health is not proof enough to spare.
 * @param looks how many looks have ended; after two there is always a verdict.
 */
export function judgeRun(plan: Plan, observations: readonly LookedObservation[], looks: number): Judgement {
  const judged = plan.checks.map((planned) => {
    const evidence = evidenceOf(planned.check.name, observations, looks);
    const domains = domainsOf(locationsOf(plan, planned));
    return { evidence, judgement: judgeCheck(evidence, domains, plan.policy.confirm) };
  });
  const judgements = judged.map(({ judgement }) => judgement);
  if (looks === 1 && judgements.some(({ ruling }) => ruling === "second-look")) {
    const decided = judgements.some(
      ({ ruling }) => ruling !== "second-look" && ruling.outcome === "confirmed",
    );
    if (!decided) return "second-look";
  }
  const measured = judgements.map(settle);
  const healthy = plan.faults.length === 0 && measured.length > 0 && measured.every(isHealthy);
  const checks = measured.map((check) => withoutSpare(check, maySpare(plan)));
  return describe({
    plan,
    checks,
    observations: judged.flatMap(({ evidence }) => inOrder(plan, evidence)),
    healthy,
    looks,
  });
}

function evidenceOf(check: string, all: readonly LookedObservation[], looks: number): CheckEvidence {
  const of = (look: number): Observation[] =>
    all.filter((one) => one.look === look && one.observation.check === check).map((one) => one.observation);
  return { check, first: of(1), ...(looks > 1 ? { second: of(2) } : {}) };
}

/** The words that the votes go by, in the order of the plan, whoever answered first. */
function inOrder(plan: Plan, evidence: CheckEvidence): Observation[] {
  const words = standing(evidence);
  return plan.locations.flatMap(({ name }) => words.get(name) ?? []);
}

/** A check that would want a second look, in a run that another check has already decided, failed only somewhere. */
function settle({ ruling, ...check }: CheckJudgement): CheckVerdict {
  if (ruling !== "second-look") return { ...check, ...ruling };
  return {
    ...check,
    outcome: "regional",
    reason: check.votes.fail > 0 ? "some-domains-fail" : "some-domains-flaky",
  };
}

/**
 * Positive proof: everybody who could vote passes. One location alone proves too little to spare a page, but enough to
 * end an incident that it saw itself.
 */
function isHealthy(check: CheckVerdict): boolean {
  const { votes } = check;
  const single = check.domains.length === 1;
  return check.outcome === "not-reproduced" || (single && votes.pass === 1);
}

/** What functions of the user's own look at is not known: alone they prove nothing about the alert. */
function maySpare({ spare, checks }: Plan): boolean {
  return spare && checks.some(({ check }) => !isFunctionCheck(check));
}

function withoutSpare(check: CheckVerdict, spare: boolean): CheckVerdict {
  if (spare || check.outcome !== "not-reproduced") return check;
  return { ...check, outcome: "inconclusive", reason: "not-visible-from-outside" };
}

interface Findings {
  readonly plan: Plan;
  readonly checks: readonly CheckVerdict[];
  readonly observations: readonly Observation[];
  readonly healthy: boolean;
  readonly looks: number;
}

function describe(findings: Findings): Verdict {
  const { plan, checks, observations, healthy, looks } = findings;
  const [worst] = checks.toSorted((a, b) => outcomeRank(a.outcome) - outcomeRank(b.outcome));
  const notBuilt =
    plan.faults.length > 0 && (worst === undefined || outcomeRank(worst.outcome) > outcomeRank("regional"));
  if (worst === undefined || notBuilt) {
    const reason = plan.faults.length > 0 ? "check-not-built" : "no-votes";
    const summary = plan.faults.length > 0 ? plan.faults.join("; ") : "the route has no checks any more";
    return withoutRun({ reason, summary, checks, looks });
  }
  const headline = headlineOf(worst);
  const scope = scopeOf(worst, observations);
  return {
    outcome: worst.outcome,
    reason: worst.reason,
    headline,
    summary: [...checks.map((check) => summaryOf(check, observations, looks)), ...plan.faults].join(". "),
    votes: worst.votes,
    scope,
    healthy,
    notTested: notTested(plan, observations),
    checks: [...checks],
    evidence: [],
    looks,
  };
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
function notTested(plan: Plan, observations: readonly Observation[]): string[] {
  const asked = plan.checks.map(({ check }) => whatOf(check));
  const voting = observations.filter((observation) => voteOf(observation) !== "none");
  const silent = plan.locations.filter(({ name }) => !voting.some((one) => one.location === name));
  const families = new Set(voting.flatMap((one) => (one.ipVersion === null ? [] : [one.ipVersion])));
  const family = families.size === 1 ? [families.has(4) ? "over IPv6" : "over IPv4"] : [];
  return [`anything but ${asked.join(", ")}`, ...family, ...silent.map(({ name }) => `from ${name}`)];
}
