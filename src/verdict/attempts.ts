import type { Attempt, Observation } from "../model/observation.ts";

type Finding = Omit<Attempt, "sample" | "number" | "startedAt">;

/** The attempts that did not get through, or the finding itself where none is recorded. */
export function failedAttempts(observation: Observation): readonly Finding[] {
  const failed = observation.attempts.filter(({ outcome }) => outcome === "fail" || outcome === "error");
  return failed.length > 0 ? failed : [observation];
}
