import type { Observation } from "../model/observation.ts";
import { isBad } from "./judge.ts";
import type { CheckVerdict, Scope } from "../model/verdict.ts";

/** The locations of a check whose vote is bad, and what their failures share. */
export function scopeOf(check: CheckVerdict, observations: readonly Observation[]): Scope {
  const votes = check.domains.flatMap((domain) => domain.locations);
  const bad = votes.filter(({ vote }) => isBad(vote)).map(({ location }) => location);
  const slow = votes.filter(({ vote }) => vote === "degraded").map(({ location }) => location);
  const locations = bad.length > 0 ? bad : check.outcome === "degraded" ? slow : [];
  const failures = observations.filter(
    (one) => one.check === check.check && locations.includes(one.location),
  );
  const passing = votes.some(({ vote }) => vote === "pass");
  const [only] = locations;
  return {
    locations,
    layer: shared(failures.map((failure) => failure.layer)),
    errorClass: shared(failures.map((failure) => failure.errorClass)),
    common:
      locations.length === 1 && only !== undefined && passing ? [{ attribute: "location", value: only }] : [],
    sentence: "",
  };
}

function shared<T>(values: readonly (T | null)[]): T | null {
  const [first = null] = values;
  return values.every((value) => value === first) ? first : null;
}
