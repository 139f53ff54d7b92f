import { isIP } from "node:net";
import type { WrittenCheck } from "../model/check.ts";
import type { Contrast, ContrastFactor } from "../model/contrast.ts";
import type { Observation } from "../model/observation.ts";

/** One thing changed about a failing check: what to ask, and what to call the change. */
export interface Change {
  readonly factor: ContrastFactor;
  readonly value: string;
  readonly check: WrittenCheck;
  /** Look at this address only. */
  readonly address?: string;
}

/** More would be a load on a target that may be struggling. */
export const mostChanges = 6;
/** Of one factor: two other addresses say as much as seven. */
const mostOfOneFactor = 2;

/**
 * What to change, one thing at a time, to learn what makes a failing check work (verdict.md, contrast): another address,
 * the other IP family, another resolver, another HTTP version, no redirects. At most six, the most telling first.
 */
export function changesOf(check: WrittenCheck, failing: Observation, resolvers: readonly string[]): Change[] {
  // With one try and no retry, so that six of them end soon.
  const once = { ...check, retry: { attempts: 1, backoff: "0ms" } };
  const families = [
    ...otherFamily(once, failing),
    ...otherAddresses(once, failing),
    ...otherVersion(once, failing),
    ...withoutRedirects(once, failing),
    ...otherResolvers(once, failing, resolvers),
  ];
  return families.slice(0, mostChanges);
}

function otherFamily(check: WrittenCheck, { ipVersion, resolvedAddresses }: Observation): Change[] {
  if (ipVersion === null) return [];
  const other = ipVersion === 4 ? 6 : 4;
  const address = resolvedAddresses.find((one) => isIP(one) === other);
  return address === undefined ? [] : [{ factor: "ip-family", value: `IPv${other}`, check, address }];
}

function otherAddresses(check: WrittenCheck, seen: Observation): Change[] {
  const { attempts, remoteAddress, resolvedAddresses, ipVersion } = seen;
  const tried = attempts.filter(({ outcome }) => outcome === "fail").map((one) => one.remoteAddress);
  const failed = new Set([...tried, remoteAddress]);
  return resolvedAddresses
    .filter((address) => isIP(address) === ipVersion && !failed.has(address))
    .slice(0, mostOfOneFactor)
    .map((address) => ({ factor: "address", value: address, check, address }));
}

/** Only over TLS, where both are to be had. */
function otherVersion(check: WrittenCheck, seen: Observation): Change[] {
  const { http, layer } = seen;
  const overTls = check.type === "http" && String(check["url"]).startsWith("https:");
  if (!overTls || layer === "dns" || layer === "tcp") return [];
  const was = http?.version ?? (check["http-version"] === "1.1" ? "1.1" : "2");
  const value = was.startsWith("2") ? "1.1" : "2";
  const changed = { ...check, "http-version": value };
  return [{ factor: "http-version", value: `HTTP/${value}`, check: changed, ...sameAddress(seen) }];
}

/** The first answer alone: what the assertions ask of is behind the redirects. */
function withoutRedirects(check: WrittenCheck, seen: Observation): Change[] {
  const { http, errorClass } = seen;
  const redirected = (http?.redirects.length ?? 0) > 0 || (errorClass ?? "").startsWith("http.redirect");
  if (check.type !== "http" || !redirected) return [];
  const answers = { source: "status-code", comparison: "less-than", target: 400 };
  const first = { ...check, "follow-redirects": false, assertions: [answers] };
  return [{ factor: "redirects", value: "not followed", check: first, ...sameAddress(seen) }];
}

function otherResolvers(
  check: WrittenCheck,
  { resolver }: Observation,
  resolvers: readonly string[],
): Change[] {
  // Nobody has asked for a name.
  if (resolver === undefined) return [];
  return resolvers
    .filter((one) => one !== resolver)
    .slice(0, mostOfOneFactor)
    .map((one) => ({ factor: "resolver", value: one, check: { ...check, resolver: one } }));
}

/** Where it failed, so that nothing else is changed; after a redirect that is the address of somebody else. */
function sameAddress({ remoteAddress, resolvedAddresses }: Observation): { address?: string } {
  return remoteAddress !== null && resolvedAddresses.includes(remoteAddress)
    ? { address: remoteAddress }
    : {};
}

/** What came of a change: what fails at one of several addresses all the same has not been made to work. */
export function contrastOf({ factor, value }: Change, seen: Observation): Contrast {
  const { check, location, errorClass, message } = seen;
  const outcome = errorClass !== null && seen.outcome === "pass" ? "fail" : seen.outcome;
  return { check, location, factor, value, outcome, errorClass, message };
}

/** The target asks to be left alone. */
export function asksForRest({ http }: Observation): boolean {
  return http?.statusCode === 429 || http?.statusCode === 503;
}
