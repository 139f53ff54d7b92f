import type { Observation } from "../model/observation.ts";
import type { VerdictPolicy } from "../model/plan.ts";
import type { CheckVerdict, DomainVote, Excuse, LocationVote, VoteCount } from "../model/verdict.ts";
import { isBad, ruleOnProof, tallyOf, thresholds } from "./judge.ts";
import type { Ruling } from "./judge.ts";
import { decided, domainVotes, isUnproven, provenVote, standing } from "./votes.ts";
import type { Ballot, CheckEvidence, Readings } from "./votes.ts";

/** A check's votes with what they mean, or that a second look is due. */
export interface CheckJudgement {
  readonly verdict: Omit<CheckVerdict, "outcome" | "reason">;
  readonly ruling: Ruling;
  /** What the votes go by. */
  readonly words: readonly Observation[];
}

/** Judges one check alone (verdict.md §1-3). */
export function judgeCheck(
  ballot: Ballot,
  evidence: CheckEvidence,
  confirm: VerdictPolicy["confirm"],
): CheckJudgement {
  const readings = decided(ballot, standing(ballot, evidence));
  const domains = domainVotes(ballot.domains, readings);
  const tally = tallyOf(domains.map(({ vote }) => vote));
  const look = evidence.second === undefined ? 1 : 2;
  const ruling = ruleOnProof(tallyOf(domains.map(provenVote)), domains.some(isUnproven), confirm, look);
  const votes: VoteCount = { ...tally, ...thresholds(tally, confirm) };
  const named = withReason(ruling, domains, { votes, allImpaired: isAllImpaired(readings) });
  return {
    verdict: { check: ballot.check.name, domains, votes, why: whyOf(named, domains) },
    ruling: named,
    words: [...readings.values()].flatMap(({ observation }) => observation ?? []),
  };
}

/** Why too few could tell, where it is one cause. */
function withReason(
  ruling: Ruling,
  domains: readonly DomainVote[],
  { votes, allImpaired }: { readonly votes: VoteCount; readonly allImpaired: boolean },
): Ruling {
  if (ruling === "second-look" || (ruling.reason !== "too-few-votes" && ruling.reason !== "no-votes"))
    return ruling;
  if (allImpaired) return { ...ruling, reason: "all-impaired" };
  const silent = domains.filter(({ vote }) => vote === "none");
  const voting = domains.length - silent.length;
  const blocked = silent.filter((one) => excusedIn([one], "blocked").length > 0).length;
  if (blocked > 0 && voting + blocked >= Math.min(votes.toSpare, domains.length))
    return { ...ruling, reason: "blocked" };
  return ruling;
}

function isAllImpaired(readings: Readings): boolean {
  const answered = [...readings.values()].filter(({ observation }) => observation !== undefined);
  return answered.length > 0 && answered.every(({ excuse }) => excuse === "impaired");
}

function whyOf(ruling: Ruling, domains: readonly DomainVote[]): string {
  if (ruling === "second-look") return "";
  switch (ruling.reason) {
    case "no-baseline":
      return noted(excusedIn(domains, "no-baseline").filter(({ vote }) => isBad(vote)));
    case "blocked":
      return noted(excusedIn(domains, "blocked"));
    case "all-impaired":
      return "our side, or the Internet: whoever answered is cut off from the controls as well";
    default:
      return "";
  }
}

function excusedIn(domains: readonly Pick<DomainVote, "locations">[], excuse: Excuse): LocationVote[] {
  return domains.flatMap(({ locations }) => locations).filter((one) => one.excuse === excuse);
}

/** `eu: failing since 2026-01-31T09:00Z; na: …` */
function noted(votes: readonly LocationVote[]): string {
  return votes.map(({ location, note }) => `${location}: ${note}`).join("; ");
}
