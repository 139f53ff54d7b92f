import { isCached } from "../model/cdn.ts";
import type { Claim } from "../model/claim.ts";
import { isFunctionCheck } from "../model/function-check.ts";
import type { Attempt, Observation } from "../model/observation.ts";
import { locationsOf } from "../model/plan.ts";
import type { Plan, PlannedCheck, PlannedLocation } from "../model/plan.ts";
import type { CheckVerdict } from "../model/verdict.ts";

/** A check's verdict with what it goes by. */
export interface Judged {
  readonly planned: PlannedCheck;
  readonly check: CheckVerdict;
  readonly words: readonly Observation[];
}

/** A check's verdict as far as it says anything of the alert. */
export interface Witness {
  readonly check: CheckVerdict;
  /** Its health says nothing of the alert, and another check of the run can see what the alert says: that one decides. */
  readonly mute: boolean;
}

/**
 * Holds the health that checks found against what the alert says (verdict.md §2, covers): what proves nothing of it is
 * inconclusive, unless another check can see it: then it stands as the health that it is, and decides nothing. Slowness
 * counts as health here, but where slowness is all that the alert speaks of, or another check can see the rest.
 */
export function weighed(plan: Plan, judged: readonly Judged[]): Witness[] {
  const own = judged.filter(({ planned }) => !isFunctionCheck(planned.check));
  const seeing = own.some((one) => muteness(plan, one).length === 0);
  const found = judged.map((one) => {
    const alone = isFunctionCheck(one.planned.check) && !seeing;
    const health = isHealth(one.check, plan.claim);
    const blind = health ? [...(alone ? [functionsOnly] : []), ...muteness(plan, one)] : [];
    return { check: one.check, blind, doubtful: health ? doubts(plan, one) : [] };
  });
  const isBlind = ({ blind, doubtful }: (typeof found)[number]) => blind.length > 0 && doubtful.length === 0;
  const isSeen = found.some((one) => !isBlind(one));
  return found.map((one) => {
    const faults = [...one.blind, ...one.doubtful];
    if (faults.length === 0) return { check: one.check, mute: false };
    if (!isSeen || !isBlind(one)) return { check: unseen(one.check, faults), mute: false };
    const why = [...new Set(faults)].join("; ");
    return { check: { ...one.check, why }, mute: one.check.outcome === "not-reproduced" };
  });
}

/** Whether some pass came from the target itself: a cache's copy outlives its origin, and ends no incident. */
export function isFresh({ planned, check, words }: Judged): boolean {
  const proof = proofOf(check, words);
  return planned.check["cached"] === "ok" || proof.length === 0 || !proof.every(isFromCache);
}

const functionsOnly = "what your functions look at is not known, and no other check sees what the alert says";

function isHealth({ outcome }: CheckVerdict, { kinds }: Claim): boolean {
  if (outcome === "not-reproduced") return true;
  const isOnlySlow = kinds.length > 0 && kinds.every((kind) => kind === "latency");
  return outcome === "degraded" && !isOnlySlow;
}

function unseen(check: CheckVerdict, faults: readonly string[]): CheckVerdict {
  return {
    ...check,
    outcome: "inconclusive",
    reason: "not-visible-from-outside",
    why: [...new Set(faults)].join("; "),
  };
}

/** Why the check cannot see what the alert says. */
function muteness(plan: Plan, { planned, check, words }: Judged): string[] {
  const { covered } = planned;
  const proof = proofOf(check, words);
  return [
    ...(covered !== null && !covered.covered ? [covered.why] : []),
    ...plan.claim.ipVersions
      .filter((version) => !proof.some((one) => isTestedOver(one, version)))
      .map((version) => `the alert speaks of IPv${version}, which could not be tested`),
    ...plan.claim.regions
      .filter((region) => !votersOf(plan, planned, proof).some((place) => isIn(place, region)))
      .map((region) => `the alert speaks of ${region}, from where nobody could look`),
  ];
}

/** Why the check might see it, but its health is no proof. */
function doubts({ spare }: Plan, judged: Judged): string[] {
  const silent = judged.planned.covered === null && !spare;
  return [
    ...(silent ? ["nobody has said what a pass of this check proves (`covers`)"] : []),
    ...(isFresh(judged) ? [] : ["every pass came from a cache, which says nothing of the origin"]),
  ];
}

/** What those with a vote saw. */
function proofOf({ domains }: CheckVerdict, words: readonly Observation[]): Observation[] {
  const votes = domains.flatMap(({ locations }) => locations).filter(({ vote }) => vote !== "none");
  return words.filter((word) => votes.some(({ location }) => location === word.location));
}

function votersOf(plan: Plan, planned: PlannedCheck, proof: readonly Observation[]): PlannedLocation[] {
  return locationsOf(plan, planned).filter(({ name }) => proof.some(({ location }) => location === name));
}

/** One answer that was fetched for us proves that the origin lives. */
function isFromCache(seen: Observation): boolean {
  return gotThrough(seen).every(({ http }) => http !== undefined && isCached(http.headers));
}

function isTestedOver(seen: Observation, version: 4 | 6): boolean {
  return gotThrough(seen).some(({ ipVersion }) => ipVersion === version);
}

/** The attempts that an answer came of, or the finding itself where none is recorded. */
function gotThrough(seen: Observation): readonly Pick<Attempt, "http" | "ipVersion">[] {
  const through = seen.attempts.filter(({ outcome }) => outcome === "pass" || outcome === "degraded");
  return through.length > 0 ? through : [seen];
}

function isIn({ name, region }: PlannedLocation, said: string): boolean {
  return [name, region].some((one) => one?.toLowerCase() === said.toLowerCase());
}
