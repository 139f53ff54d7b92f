import type { Observation } from "../model/observation.ts";
import type { VerdictPolicy } from "../model/plan.ts";
import type { CheckVerdict, DomainVote, Vote, VoteCount } from "../model/verdict.ts";

/** A failure domain and the locations in it that the route selects. */
export interface Domain {
  readonly name: string;
  readonly locations: readonly string[];
}

/** Groups locations by failure domain, in the order of the plan. */
export function domainsOf(
  locations: readonly { readonly name: string; readonly domain: string }[],
): Domain[] {
  const groups = Map.groupBy(locations, (location) => location.domain);
  return [...groups].map(([name, members]) => ({ name, locations: members.map((member) => member.name) }));
}

/**
 * A location's vote on a check (verdict.md §1): `pass` only if every attempt passed, `flaky` if some failed, `fail` if
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

/** The observations of one check, look by look. */
export interface CheckEvidence {
  readonly check: string;
  readonly first: readonly Observation[];
  /** Absent while there has been no second look. */
  readonly second?: readonly Observation[] | undefined;
}

/**
 * Each location's last word. Only a clean second look clears the first: where it brings no vote, a bad one of the first
 * look stands.
 */
export function standing({ first, second }: Omit<CheckEvidence, "check">): Map<string, Observation> {
  const words = new Map(first.map((observation) => [observation.location, observation]));
  if (second === undefined) return words;
  const later = new Map(second.map((observation) => [observation.location, observation]));
  const bad = [...words].filter(([, observation]) => isBad(voteOf(observation)));
  const left = bad.filter(([location]) => voteOf(later.get(location)) === "none");
  return new Map([...later, ...left]);
}

export function isBad(vote: Vote): boolean {
  return vote === "fail" || vote === "flaky";
}

/** Every domain's vote on one check. */
export function domainVotes(
  domains: readonly Domain[],
  evidence: Omit<CheckEvidence, "check">,
): DomainVote[] {
  const words = standing(evidence);
  return domains.map(({ name, locations }) => {
    const votes = locations.map((location) => ({
      location,
      vote: voteOf(words.get(location)),
      excuse: null,
      note: "",
    }));
    return { domain: name, vote: domainVote(votes.map(({ vote }) => vote)), locations: votes };
  });
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

/** A check's votes with what they mean, or that a second look is due. */
export type CheckJudgement = Omit<CheckVerdict, "outcome" | "reason"> & { readonly ruling: Ruling };

/** Judges one check alone (verdict.md §1-2). */
export function judgeCheck(
  evidence: CheckEvidence,
  domains: readonly Domain[],
  confirm: VerdictPolicy["confirm"],
): CheckJudgement {
  const votes = domainVotes(domains, evidence);
  const tally = tallyOf(votes.map(({ vote }) => vote));
  return {
    check: evidence.check,
    why: "",
    domains: votes,
    votes: { ...tally, ...thresholds(tally, confirm) } satisfies VoteCount,
    ruling: rule(tally, confirm, evidence.second === undefined ? 1 : 2),
  };
}
