/** Attempts → what the location says. Pure. */
import { isIP } from "node:net";
import {
  errorObservation,
  type Attempt,
  type ControlResult,
  type Observation,
} from "../model/observation.ts";
import { formatDuration } from "../model/settings.ts";

export interface Seen {
  readonly check: string;
  readonly location: string;
  readonly resolvedAddresses: readonly string[];
  readonly resolver?: string | undefined;
  readonly controls?: ControlResult[] | undefined;
  /** In the order of time; at least one. */
  readonly attempts: readonly [Attempt, ...Attempt[]];
  /** Addresses that no attempt could tell of. */
  readonly unseen?: readonly string[];
  readonly startedAt: number;
  readonly durationMs: number;
}

/**
 * The finding of the attempt that tells most, beside all attempts. Something got through: pass or degraded, with the
 * class and the message of the last failure if there was one. Attempts that could not tell (error) count only when there
 * are no others, or when a whole sample or address could not be told of: part of them is no pass. Bodies, what was received, and certificates stand once, in the finding. What passes says so if its IPv6 was not looked at.
 */
export function observe({ attempts, unseen = [], resolvedAddresses, ...where }: Seen): Observation {
  const telling = attempts.filter(({ outcome }) => outcome !== "error");
  const failures = telling.filter(({ outcome }) => outcome === "fail");
  const slow = telling.filter(({ outcome }) => outcome === "degraded");
  const untold = failures.length === 0 ? untoldOf(attempts, unseen) : undefined;
  const {
    sample: _sample,
    number: _number,
    ...finding
  } = failures.at(-1) ?? untold ?? slow.at(-1) ?? telling.at(-1) ?? last(attempts);
  const through = telling.length > failures.length && untold === undefined;
  const outcome = slow.length > 0 ? "degraded" : "pass";
  const message = [finding.message, ...ipv6Untested(attempts, resolvedAddresses)].filter(
    (text) => text !== "",
  );
  return {
    ...finding,
    ...(through ? { outcome, message: message.join("; ") } : {}),
    ...where,
    resolvedAddresses: [...resolvedAddresses],
    attempts: attempts.map(brief),
  };
}

/**
 * The last attempt of a sample, or at an address, that the location could say nothing of. A resolver of its own that is
 * silent while another answers takes nothing away.
 */
function untoldOf(attempts: Seen["attempts"], unseen: readonly string[]): Attempt | undefined {
  const told = new Set(attempts.flatMap(({ outcome, sample }) => (outcome === "error" ? [] : [sample])));
  return attempts.findLast(({ outcome, errorClass, sample, timings }) => {
    if (outcome !== "error" || (errorClass === "location.resolver" && timings.tcp === null)) return false;
    return unseen.length > 0 || !told.has(sample);
  });
}

/** How far a run had come when its time was up. */
export interface Shortfall {
  readonly samples: number;
  readonly wanted: number;
  /** Addresses that no attempt could tell of. */
  readonly unseen: readonly string[];
  readonly deadlineMs: number;
}

/**
 * A run that its deadline cut off. A failure stands, and so does what kept the location from looking; but part of the
 * samples is no pass: the address that was left out may be the dead one.
 */
export function observeCutOff(
  {
    attempts,
    resolvedAddresses,
    ...where
  }: Omit<Seen, "attempts"> & { readonly attempts: readonly Attempt[] },
  shortfall: Shortfall,
): Observation {
  const [first, ...rest] = attempts;
  const telling = attempts.filter(({ outcome }) => outcome !== "error");
  const isPartOfPass = telling.length > 0 && telling.every(({ outcome }) => outcome !== "fail");
  if (first !== undefined && !isPartOfPass)
    return observe({ ...where, resolvedAddresses, attempts: [first, ...rest] });
  return {
    ...errorObservation({ ...where, errorClass: "location.timeout", message: inWords(shortfall, attempts) }),
    resolvedAddresses: [...resolvedAddresses],
    attempts: attempts.map(brief),
  };
}

function inWords({ samples, wanted, unseen, deadlineMs }: Shortfall, attempts: readonly Attempt[]): string {
  const end = `after ${formatDuration(deadlineMs)}, when the time for the run was up`;
  if (attempts.length === 0) return `no attempt had ended ${end}`;
  const missing = unseen.length === 0 ? "" : `; not seen: ${unseen.join(", ")}`;
  return `only ${samples} of ${wanted} samples had ended ${end}${missing}`;
}

/** "Not testable here" is never down, and must not look like tested. */
function ipv6Untested(attempts: readonly Attempt[], resolvedAddresses: readonly string[]): string[] {
  const addresses = resolvedAddresses.filter((address) => isIP(address) === 6);
  if (addresses.length === 0 || attempts.some(({ ipVersion }) => ipVersion === 6)) return [];
  return [`IPv6 could not be tested from here (${addresses.join(", ")})`];
}

function last(attempts: Seen["attempts"]): Attempt {
  return attempts.at(-1) as Attempt;
}

function brief({ tls: _tls, tcp: _tcp, http, ...attempt }: Attempt): Attempt {
  return http === undefined ? attempt : { ...attempt, http: { ...http, bodySample: "" } };
}
