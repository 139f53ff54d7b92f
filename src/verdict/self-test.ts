import type { Observation } from "../model/observation.ts";
import type { SelfTest } from "../model/self-test.ts";
import { isBad, voteOf } from "./judge.ts";

/**
 * What is known of a check at a location after one more self-test. One that could not tell says nothing: what was known
 * before stands, if it is known of the same `definition`.
 */
export function selfTested(
  known: SelfTest | undefined,
  seen: Observation,
  { definition, now }: { readonly definition: string; readonly now: number },
): SelfTest {
  const vote = voteOf(seen);
  const before = known?.definition === definition ? known : undefined;
  const { check, location } = seen;
  const tested = { check, location, definition, testedAt: now, last: seen, good: before?.good ?? null };
  if (isBad(vote)) return { ...tested, failingSince: before?.failingSince ?? now };
  if (vote === "none") return { ...tested, failingSince: before?.failingSince ?? null };
  return { ...tested, failingSince: null, good: seen };
}

/** How soon a location that could not tell is asked again: one that is out of order for this long is told of. */
const doubtfulMs = 300_000;

/** One that fails is tested again sooner, to know soon that it does not any more; so is one that could not tell. */
export function nextSelfTest({ testedAt, failingSince, last }: SelfTest, everyMs: number): number {
  if (failingSince !== null) return testedAt + everyMs / 12;
  return testedAt + (last.outcome === "error" ? Math.min(everyMs, doubtfulMs) : everyMs);
}
