import type { Observation } from "../model/observation.ts";
import type { SelfTest } from "../model/self-test.ts";
import { isBad, voteOf } from "./judge.ts";

/**
 * What is known of a check at a location after one more self-test. One that could not tell says nothing: what was known
 * before stands.
 */
export function selfTested(before: SelfTest | undefined, seen: Observation, now: number): SelfTest {
  const vote = voteOf(seen);
  const { check, location } = seen;
  const known = { check, location, testedAt: now, last: seen, good: before?.good ?? null };
  if (isBad(vote)) return { ...known, failingSince: before?.failingSince ?? now };
  if (vote === "none") return { ...known, failingSince: before?.failingSince ?? null };
  return { ...known, failingSince: null, good: seen };
}

/** One that fails is tested again sooner, to know soon that it does not any more. */
export function nextSelfTest({ testedAt, failingSince }: SelfTest, everyMs: number): number {
  return testedAt + (failingSince === null ? everyMs : everyMs / 12);
}
