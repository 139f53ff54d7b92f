import { locationsOf } from "../model/plan.ts";
import type { Plan, PlannedLocation, VerdictPolicy } from "../model/plan.ts";
import type { LookedObservation } from "../model/run.ts";
import type { Vote } from "../model/verdict.ts";
import { nothingKnown } from "./baseline.ts";
import type { Known } from "./baseline.ts";
import { domainsOf, ruleOnProof, tallyOf } from "./judge.ts";
import type { Domain, Ruling, Tally } from "./judge.ts";
import {
  decided,
  domainVotes,
  evidenceOf,
  hasTrouble,
  isPassedElsewhere,
  isUnproven,
  passingPlaces,
  provenVote,
  standing,
} from "./votes.ts";
import type { Ballot, CheckEvidence, Readings } from "./votes.ts";

/** Whether nothing that is still to come in this look can change the outcome of any check of a run. */
export function isRunSettled(
  plan: Plan,
  observations: readonly LookedObservation[],
  look: number,
  known: Known = nothingKnown,
): boolean {
  return plan.checks.every((planned) => {
    const ballot = { check: planned.check, domains: domainsOf(locationsOf(plan, planned)), known };
    return isSettled(ballot, evidenceOf(planned.check.name, observations, look), plan.policy.confirm);
  });
}

const votes: readonly Vote[] = ["fail", "flaky", "degraded", "pass", "none"];

/**
 * Whether no outstanding answer can change what one check's votes mean, so that the verdict need not wait
 * (verdict.md §2). It tries every way the outstanding domains could vote; only their number matters, so that ten
 * outstanding domains are two thousand tries. A vote whose excuse hangs on an outstanding answer is outstanding itself.
 */
export function isSettled(
  ballot: Ballot,
  evidence: CheckEvidence,
  confirm: VerdictPolicy["confirm"],
): boolean {
  const arrived = new Set((evidence.second ?? evidence.first).map(({ location }) => location));
  const places = ballot.domains.flatMap(({ locations }) => locations);
  if (places.every(({ name }) => arrived.has(name))) return true;
  const readings = standing(ballot, evidence);
  const open = openPlaces(ballot.domains, readings, arrived);
  const done = ballot.domains.filter(({ locations }) => !locations.some((place) => open.has(place)));
  const certain = domainVotes(done, decided({ domains: ballot.domains }, withAnswersOnly(readings, arrived)));
  // One more that fails as it has for long leads nowhere that a failure or silence does not lead.
  const unproven = certain.some(isUnproven);
  const look = evidence.second === undefined ? 1 : 2;
  const outcomes = new Set<string>();
  for (const tally of completions(tallyOf(certain.map(provenVote)), ballot.domains.length - done.length)) {
    outcomes.add(outcomeOf(ruleOnProof(tally, unproven, confirm, look), tally));
    if (outcomes.size > 1) return false;
  }
  return true;
}

/** Locations whose vote is not certain yet. */
function openPlaces(
  domains: readonly Domain[],
  readings: Readings,
  arrived: ReadonlySet<string>,
): Set<PlannedLocation> {
  const answers = withAnswersOnly(readings, arrived);
  const complete = domains.filter(({ locations }) => locations.every(({ name }) => arrived.has(name)));
  const passing = passingPlaces(complete, answers);
  const troubled = hasTrouble(answers.values());
  const isOpen = (place: PlannedLocation) => {
    const plea = answers.get(place.name)?.plea;
    if (!arrived.has(place.name)) return true;
    if (plea?.excuse === "blocked") return !isPassedElsewhere(place, passing);
    return plea?.excuse === "noisy" && !troubled;
  };
  return new Set(domains.flatMap(({ locations }) => locations).filter(isOpen));
}

/** Who has not answered in this look may yet say something else than what stands of the first. */
function withAnswersOnly(readings: Readings, arrived: ReadonlySet<string>): Readings {
  return new Map([...readings].filter(([location]) => arrived.has(location)));
}

/** Where another check decides a run before its second look, it makes a difference whether a failure is news. */
function outcomeOf(ruling: Ruling, { fail, flaky }: Tally): string {
  if (ruling !== "second-look") return ruling.outcome;
  return fail + flaky > 0 ? "second-look" : "second-look for old failures";
}

/** Every tally that `outstanding` more votes can make of `known`. */
function* completions(known: Tally, outstanding: number, from = 0): Generator<Tally> {
  const vote = votes[from];
  if (outstanding === 0 || vote === undefined) {
    if (outstanding === 0) yield known;
    return;
  }
  for (let share = 0; share <= outstanding; share += 1) {
    yield* completions({ ...known, [vote]: known[vote] + share }, outstanding - share, from + 1);
  }
}
