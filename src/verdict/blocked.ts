import ipaddr from "ipaddr.js";
import { looksBlocked } from "../model/blocking.ts";
import type { WrittenCheck } from "../model/check.ts";
import type { HttpDetails, Observation } from "../model/observation.ts";
import type { PlannedLocation } from "../model/plan.ts";
import type { SelfTest } from "../model/self-test.ts";
import { version } from "../model/version.ts";
import { failedAttempts } from "./attempts.ts";

/**
 * Whether all that failed looks as if it were meant for us: 403, 429, 451 or a challenge page. One failure of another
 * kind, and it is the target's.
 */
export function isTurnedAway(observation: Observation): boolean {
  const { http: told } = observation;
  if (told === undefined) return false;
  // Attempts keep no bodies: the page that gives a challenge away stands in the finding alone.
  const same = (http: HttpDetails) => looksBlocked(told) && http.statusCode === told.statusCode;
  return failedAttempts(observation).every(
    ({ http }) => http !== undefined && (looksBlocked(http) || same(http)),
  );
}

/** Whether this location has been getting the same answer since long before the alert. */
export function wasTurnedAway({ http }: Observation, { last }: Pick<SelfTest, "last">): boolean {
  return http !== undefined && last.http?.statusCode === http.statusCode && isTurnedAway(last);
}

/** `turned away with HTTP 403: allow 203.0.113.9, or the User-Agent crosscheck/0.2.0 (eu)` */
export function blockedNote(
  observation: Observation,
  { name, egress }: PlannedLocation,
  check: WrittenCheck,
): string {
  const addresses = egress.length > 0 ? egress : publicAddressesOf(observation);
  const allowed = [...addresses, ...headersOf(check, name)];
  return `turned away with HTTP ${observation.http?.statusCode}: allow ${allowed.join(", or ")}`;
}

function publicAddressesOf(observation: Observation): string[] {
  const all = [...observation.attempts, observation].flatMap(({ localAddress = "" }) => localAddress);
  return [...new Set(all)].filter((one) => ipaddr.isValid(one) && ipaddr.process(one).range() === "unicast");
}

/** Headers every probe has say nothing of who asks. */
const ordinary = /^(?:accept.*|authorization|cache-control|content-.*|cookie|host|range|referer)$/i;

/** Names only: a value may be a secret. */
function headersOf({ headers }: WrittenCheck, location: string): string[] {
  const names = typeof headers === "object" && headers !== null ? Object.keys(headers) : [];
  const own = names.filter((header) => !ordinary.test(header));
  const ours = own.some((header) => header.toLowerCase() === "user-agent")
    ? []
    : [`the User-Agent crosscheck/${version} (${location})`];
  return [...ours, ...own.map((header) => `the header ${header} that the check sends`)];
}
