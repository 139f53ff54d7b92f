/** Attempts → what the location says. Pure. */
import type { Attempt, Observation } from "../model/observation.ts";

export interface Seen {
  readonly check: string;
  readonly location: string;
  readonly resolvedAddresses: readonly string[];
  /** In the order of time; at least one. */
  readonly attempts: readonly [Attempt, ...Attempt[]];
  readonly startedAt: number;
  readonly durationMs: number;
}

/**
 * The finding of the attempt that tells most, beside all attempts. Something got through: pass or degraded, with the
 * class and the message of the last failure if there was one. Attempts that could not tell (error) count only when there
 * are no others. Bodies and certificates stand once, in the finding.
 */
export function observe({ attempts, resolvedAddresses, ...where }: Seen): Observation {
  const telling = attempts.filter(({ outcome }) => outcome !== "error");
  const failures = telling.filter(({ outcome }) => outcome === "fail");
  const slow = telling.filter(({ outcome }) => outcome === "degraded");
  const {
    sample: _sample,
    number: _number,
    ...finding
  } = failures.at(-1) ?? slow.at(-1) ?? telling.at(-1) ?? last(attempts);
  const through = telling.length > failures.length;
  const outcome = slow.length > 0 ? "degraded" : "pass";
  return {
    ...finding,
    ...(through ? { outcome } : {}),
    ...where,
    resolvedAddresses: [...resolvedAddresses],
    attempts: attempts.map(brief),
  };
}

function last(attempts: Seen["attempts"]): Attempt {
  return attempts.at(-1) as Attempt;
}

function brief({ tls: _tls, http, ...attempt }: Attempt): Attempt {
  return http === undefined ? attempt : { ...attempt, http: { ...http, bodySample: "" } };
}
