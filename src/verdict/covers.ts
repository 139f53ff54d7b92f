import { isCached } from "../model/cdn.ts";
import type { Claim } from "../model/claim.ts";
import { isFunctionCheck } from "../model/function-check.ts";
import type { Observation } from "../model/observation.ts";
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
  /**
   * The check cannot see what the alert says, so that its health is neither proof nor doubt: another check of the run that
   * can see it decides.
   */
  readonly mute: boolean;
}

/**
 * Holds the health that checks found against what the alert says (verdict.md §2, covers): what proves nothing of it is
 * inconclusive. Slowness counts as health here, but where slowness is all that the alert speaks of: that is found then.
 */
export function weighed(plan: Plan, judged: readonly Judged[]): Witness[] {
  const own = judged.filter(({ planned }) => !isFunctionCheck(planned.check));
  const seeing = own.some((one) => muteness(plan, one).length === 0);
  return judged.map((one) => {
    const alone = isFunctionCheck(one.planned.check) && !seeing;
    const mute = [...(alone ? [functionsOnly] : []), ...muteness(plan, one)];
    const doubtful = doubts(plan, one);
    const faults = [...mute, ...doubtful];
    if (!isHealth(one.check, plan.claim) || faults.length === 0) return { check: one.check, mute: false };
    return { check: unseen(one.check, faults), mute: doubtful.length === 0 };
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
function isFromCache({ http, attempts }: Observation): boolean {
  const through = attempts.filter(({ outcome }) => outcome === "pass" || outcome === "degraded");
  const answers = through.length > 0 ? through.map((attempt) => attempt.http) : [http];
  return answers.every((answer) => answer !== undefined && isCached(answer.headers));
}

function isTestedOver({ attempts, ipVersion }: Observation, version: 4 | 6): boolean {
  return ipVersion === version || attempts.some((attempt) => attempt.ipVersion === version);
}

function isIn({ name, region }: PlannedLocation, said: string): boolean {
  return [name, region].some((one) => one?.toLowerCase() === said.toLowerCase());
}
