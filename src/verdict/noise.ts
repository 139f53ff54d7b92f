import { isBelowHttp } from "../model/below-http.ts";
import type { Observation } from "../model/observation.ts";
import { failedAttempts } from "./attempts.ts";
import { controlTally } from "./controls.ts";

/**
 * Whether the location's own way out explains why something failed now and then: all that failed did so before the target
 * said a word, a control failed now and then as well, and what got through was as fast as asked (lost and slow together is
 * more than noise). It is asked of flaky votes only: that nothing gets through is never noise.
 */
export function isNoise(observation: Observation): boolean {
  if (!failedAttempts(observation).every(isBelowHttp)) return false;
  const through = observation.attempts.filter(({ outcome }) => outcome !== "fail");
  return through.every(({ outcome }) => outcome === "pass") && controlTally(observation).missedTries > 0;
}
