import { isBelowHttp } from "../model/below-http.ts";
import type { WrittenCheck } from "../model/check.ts";
import type { Observation } from "../model/observation.ts";
import type { PlannedLocation } from "../model/plan.ts";
import type { Excuse, LocationVote } from "../model/verdict.ts";
import { failedAttempts } from "./attempts.ts";
import { oldFailure } from "./baseline.ts";
import type { Known } from "./baseline.ts";
import { blockedNote, isTurnedAway, wasTurnedAway } from "./blocked.ts";
import { controlTally } from "./controls.ts";
import { isBad, voteOf } from "./judge.ts";
import { isNoise } from "./noise.ts";

/** An excuse that holds only if the others see nothing wrong; `votes.ts` decides. */
export interface Plea {
  readonly excuse: Extract<Excuse, "noisy" | "blocked">;
  readonly note: string;
}

/** What one location says of a check, with what can be said of it without asking the others. */
export interface Reading extends LocationVote {
  readonly observation: Observation | undefined;
  /** While it has one, `vote` is what it is if the excuse does not hold. */
  readonly plea: Plea | null;
}

/** Where an observation was made, of what, and what was known before. */
export interface Vantage {
  readonly place: PlannedLocation;
  readonly check: WrittenCheck;
  readonly known: Known;
}

/** What an observation is worth by itself (verdict.md §1 and §3). */
export function readingOf(observation: Observation | undefined, vantage: Vantage): Reading {
  const { place, check, known } = vantage;
  const vote = voteOf(observation);
  const plain: Reading = { location: place.name, observation, vote, excuse: null, note: "", plea: null };
  if (observation === undefined) return plain;
  const impaired = impairment(observation);
  if (impaired !== null) return { ...plain, vote: "none", excuse: "impaired", note: impaired };
  if (!isBad(vote)) return plain;
  const old = oldFailure(known, check.name, place.name);
  const turnedAway = isTurnedAway(observation);
  if (turnedAway && old !== undefined && wasTurnedAway(observation, old)) {
    const note = `${blockedNote(observation, place, check)}; so it has been since ${written(old.failingSince)}`;
    return { ...plain, vote: "none", excuse: "blocked", note };
  }
  const plea = pleaOf(observation, vantage, turnedAway);
  if (old === undefined) return { ...plain, plea };
  const never = old.good === null ? "it has never passed from here; " : "";
  const note = `${never}failing since ${written(old.failingSince)}`;
  return { ...plain, excuse: "no-baseline", note, plea };
}

/**
 * Most controls out of reach as well: the location is cut off. An answer of the target at HTTP level or above was one all
 * the same, and stands.
 */
function impairment(observation: Observation): string | null {
  const { controls, unreached } = controlTally(observation);
  if (unreached * 2 <= controls) return null;
  const failed = failedAttempts(observation).filter(({ outcome }) => outcome === "fail");
  if (failed.some((one) => !isBelowHttp(one) && one.layer !== "tls")) return null;
  const reason = observation.controls?.find(({ reached }) => !reached)?.message ?? "";
  return `cut off: ${unreached} of ${controls} controls are out of reach as well${reason === "" ? "" : ` (${reason})`}`;
}

/** Of an unknown provider nobody can say that another one passes. */
function pleaOf(observation: Observation, { place, check }: Vantage, turnedAway: boolean): Plea | null {
  if (turnedAway && place.provider !== null)
    return { excuse: "blocked", note: blockedNote(observation, place, check) };
  if (voteOf(observation) !== "flaky" || !isNoise(observation)) return null;
  return { excuse: "noisy", note: "its own way out loses packets: controls fail now and then as well" };
}

/** RFC 3339, to the minute. */
function written(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16)}Z`;
}
