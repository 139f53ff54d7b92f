import type { Observation } from "../model/observation.ts";
import type { VerdictPolicy } from "../model/plan.ts";
import type { Vote } from "../model/verdict.ts";
import { domainVotes, rule, tallyOf } from "./judge.ts";
import type { Domain, Ruling, Tally } from "./judge.ts";

const votes: readonly Vote[] = ["fail", "flaky", "degraded", "pass", "none"];

/**
 * Whether no outstanding answer can change what one check's votes mean, so that the verdict need not wait
 * (verdict.md §2). It tries every way the outstanding domains could vote; only their number matters, so that ten
 * outstanding domains are a thousand tries.
 */
export function isSettled(question: {
  readonly domains: readonly Domain[];
  /** The first look's observations while the second is going on, in which bad votes of the first may stand. */
  readonly first?: readonly Observation[] | undefined;
  /** What has arrived in this look. */
  readonly observations: readonly Observation[];
  readonly confirm: VerdictPolicy["confirm"];
}): boolean {
  const { domains, first, observations, confirm } = question;
  const evidence = first === undefined ? { first: observations } : { first, second: observations };
  const answered = new Set(observations.map((observation) => observation.location));
  const done = domains.filter((domain) => domain.locations.every((location) => answered.has(location)));
  const known = tallyOf(domainVotes(done, evidence).map(({ vote }) => vote));
  const rulings = new Set<string>();
  for (const tally of completions(known, domains.length - done.length)) {
    rulings.add(outcomeOf(rule(tally, confirm, first === undefined ? 1 : 2)));
    if (rulings.size > 1) return false;
  }
  return true;
}

function outcomeOf(ruling: Ruling): string {
  return ruling === "second-look" ? ruling : ruling.outcome;
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
