import type { Observation } from "../model/observation.ts";
import type { PlannedLocation, VerdictPolicy } from "../model/plan.ts";
import type { CheckVerdict, Vote } from "../model/verdict.ts";

/** A failure domain and the locations in it that the route selects. */
export interface Domain {
  readonly name: string;
  readonly locations: readonly PlannedLocation[];
}

/** Groups locations by failure domain, in the order of the plan. */
export function domainsOf(locations: readonly PlannedLocation[]): Domain[] {
  const groups = Map.groupBy(locations, (location) => location.domain);
  return [...groups].map(([name, members]) => ({ name, locations: members }));
}

/**
 * What a location's observation reads as (verdict.md §1), before any excuse: `pass` only if every attempt passed, `flaky` if some failed, `fail` if
 * none got through; a location that could not tell, has not answered, or failed by its own fault, has none.
 */
export function voteOf(observation: Observation | undefined): Vote {
  if (observation === undefined || observation.outcome === "error") return "none";
  const { outcome, failureSource, errorClass, attempts } = observation;
  if (outcome === "fail") return failureSource === "target" || failureSource === "network" ? "fail" : "none";
  if (errorClass !== null && outcome === "pass") return "flaky";
  if (!attempts.every((one) => one.outcome === "pass" || one.outcome === "degraded")) return "flaky";
  return outcome;
}

/** A domain fails if most of its voting locations fail, passes if all pass, else it is flaky. */
export function domainVote(votes: readonly Vote[]): Vote {
  const cast = votes.filter((vote) => vote !== "none");
  if (cast.length === 0) return "none";
  if (cast.filter((vote) => vote === "fail").length * 2 > cast.length) return "fail";
  if (cast.every((vote) => vote === "pass")) return "pass";
  return cast.every((vote) => vote === "pass" || vote === "degraded") ? "degraded" : "flaky";
}

export function isBad(vote: Vote): boolean {
  return vote === "fail" || vote === "flaky";
}

/** How many domains voted what. */
export type Tally = Record<Vote, number>;

export function tallyOf(votes: readonly Vote[]): Tally {
  const tally: Tally = { fail: 0, flaky: 0, degraded: 0, pass: 0, none: 0 };
  for (const vote of votes) tally[vote] += 1;
  return tally;
}

/** `need` and `spare` of verdict.md §2 for n domains of which v have a vote. */
export function thresholds(
  tally: Tally,
  confirm: VerdictPolicy["confirm"],
): { needed: number; toSpare: number } {
  const selected = tally.fail + tally.flaky + tally.degraded + tally.pass + tally.none;
  const voting = selected - tally.none;
  const toSpare = Math.max(2, Math.ceil((2 * selected) / 3));
  if (selected === 1) return { needed: 1, toSpare };
  const wanted = { majority: Math.floor(voting / 2) + 1, all: voting };
  const needed = Math.max(2, typeof confirm === "number" ? confirm : wanted[confirm]);
  return { needed: voting >= 2 ? Math.min(needed, voting) : needed, toSpare };
}

/** What the votes on one check mean; `second-look` when only a second look can say. */
export type Ruling = Pick<CheckVerdict, "outcome" | "reason"> | "second-look";

/** The seven rules of verdict.md §2, in their order. `look` is the look that the votes are of. */
export function rule(tally: Tally, confirm: VerdictPolicy["confirm"], look: number): Ruling {
  const { needed, toSpare } = thresholds(tally, confirm);
  const selected = tally.fail + tally.flaky + tally.degraded + tally.pass + tally.none;
  const voting = selected - tally.none;
  const bad = tally.fail + tally.flaky;
  const single = selected === 1;
  if (tally.fail >= needed)
    return { outcome: "confirmed", reason: single ? "single-location" : "enough-domains-fail" };
  if (look === 1 && bad > 0) return "second-look";
  if (bad >= needed) return { outcome: "confirmed", reason: "intermittent" };
  if (bad > 0 && voting >= 2)
    return { outcome: "regional", reason: tally.fail > 0 ? "some-domains-fail" : "some-domains-flaky" };
  if (voting < toSpare) return { outcome: "inconclusive", reason: tooFew(voting, single) };
  if (tally.degraded >= needed) return { outcome: "degraded", reason: "slow" };
  return { outcome: "not-reproduced", reason: look === 1 ? "all-pass" : "second-look-clean" };
}

function tooFew(voting: number, single: boolean): CheckVerdict["reason"] {
  if (voting === 0) return "no-votes";
  return single ? "single-location" : "too-few-votes";
}

/**
 * The seven rules, where `unproven` votes that are not in the tally have been failing since before the alert (verdict.md
 * §3). They confirm nothing; but something fails, so that nothing milder than inconclusive is left without a second look
 * that clears it.
 */
export function ruleOnProof(
  tally: Tally,
  unproven: boolean,
  confirm: VerdictPolicy["confirm"],
  look: number,
): Ruling {
  const ruling = rule(tally, confirm, look);
  const bySelf = ruling === "second-look" || ruling.outcome === "confirmed" || ruling.outcome === "regional";
  if (!unproven || bySelf) return ruling;
  return look === 1 ? "second-look" : { outcome: "inconclusive", reason: "no-baseline" };
}
