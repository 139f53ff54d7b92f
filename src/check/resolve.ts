import { lookup as getaddrinfo } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";
import { DeadlineError, describeError } from "../model/errors.ts";
import type { TargetOrigin } from "../model/probe-protocol.ts";
import { formatDuration } from "../model/settings.ts";
import { abortable } from "./abortable.ts";
import { ProbeFailure } from "./failure.ts";
import { isGlobalIpv6, refusal, type Hop } from "./guard.ts";

export interface Address {
  readonly address: string;
  readonly family: 4 | 6;
}

/** All addresses of a name; rejects with a Node DNS error code. */
export type Lookup = (hostname: string) => Promise<readonly { address: string; family: number }[]>;

export interface Resolution {
  /** At least one, at most `addressLimit`, families in turn, each allowed by the guard. */
  readonly addresses: readonly Address[];
  /** Every address of the name, those that this location cannot reach included. */
  readonly found: readonly string[];
  /** null for a host that is an address already. */
  readonly dnsMs: number | null;
}

/** How one location finds hosts for one target. */
export interface ResolveContext {
  readonly target: TargetOrigin;
  readonly lookup?: Lookup | undefined;
  /** Whether the location has an IPv6 address of the Internet; its network interfaces say so when left out. */
  readonly ipv6?: boolean | undefined;
}

/** Of names with more addresses only these are tried. */
export const addressLimit = 8;

/** As applications of the host resolve: /etc/hosts and search domains included. */
const systemLookup: Lookup = (hostname) => getaddrinfo(hostname, { all: true, order: "verbatim" });

/**
 * Resolves a host and gives back only addresses that were tested: what connects must use these and never the name again,
 * which could by then mean something else (DNS rebinding). One refused address refuses the host: to skip it would leave
 * a part of the target unseen.
 * @throws ProbeFailure of `dns.*`, `location.resolver`, `location.network` or `location.blocked-target`.
 */
export async function resolve(
  host: string,
  hop: Hop,
  { target, lookup = systemLookup, ipv6 = hasIpv6() }: ResolveContext,
  signal: AbortSignal,
): Promise<Resolution> {
  const started = performance.now();
  const literal = isIP(host);
  const found = literal === 0 ? await ask(host, lookup, signal) : [{ address: host, family: literal }];
  const dnsMs = literal === 0 ? performance.now() - started : null;
  for (const { address } of found) {
    const reason = refusal(address, target, hop);
    if (reason !== undefined) {
      const named = address === host ? "" : `${host} is ${address}: `;
      throw new ProbeFailure("location.blocked-target", `not probed: ${named}${reason}`);
    }
  }
  const all = takeTurns(found);
  const usable = ipv6 ? all : withoutIpv6(host, all);
  return { addresses: usable.slice(0, addressLimit), found: all.map(({ address }) => address), dnsMs };
}

async function ask(host: string, lookup: Lookup, signal: AbortSignal) {
  let found;
  try {
    found = await abortable(lookup(host), signal);
  } catch (error) {
    throw dnsFailure(host, error);
  }
  if (found.length === 0) throw dnsFailure(host, { code: "ENODATA" });
  return found;
}

function dnsFailure(host: string, error: unknown): ProbeFailure {
  const options = { cause: error };
  if (error instanceof DeadlineError) {
    const limit = formatDuration(error.limitMs);
    return new ProbeFailure(
      "location.resolver",
      `this location's resolver had no answer for ${host} within ${limit}`,
      options,
    );
  }
  const code = (error as { code?: unknown }).code;
  if (code === "ENOTFOUND") return new ProbeFailure("dns.nxdomain", `${host} does not exist in DNS`, options);
  if (code === "ENODATA") return new ProbeFailure("dns.nodata", `${host} has no address in DNS`, options);
  const reason = typeof code === "string" ? code : describeError(error);
  // EAI_AGAIN is SERVFAIL as well as a dead resolver: it is not yet anybody's fault, so it must not be a vote.
  return new ProbeFailure(
    "location.resolver",
    `this location's resolver could not say what ${host} is: ${reason}`,
    options,
  );
}

/** IPv4 and IPv6 in turn, so that both are seen when there are too many of one. */
function takeTurns(found: readonly { address: string; family: number }[]): readonly Address[] {
  const families = [4, 6].map((family) => found.filter((item) => item.family === family));
  const rows = Array.from({ length: found.length }, (_, row) => families.flatMap((list) => list[row] ?? []));
  const unique = new Map(rows.flat().map((item) => [item.address, item as Address]));
  return [...unique.values()];
}

/**
 * A location without IPv6 cannot tell whether a target's IPv6 works: that is no failure of the target. Loopback and
 * private addresses need none of the Internet's.
 */
function withoutIpv6(host: string, addresses: readonly Address[]): readonly Address[] {
  const usable = addresses.filter(({ address }) => !isGlobalIpv6(address));
  if (usable.length > 0) return usable;
  const listed = addresses.map(({ address }) => address).join(", ");
  throw new ProbeFailure(
    "location.network",
    `${host} has only IPv6 addresses (${listed}) and this location has no IPv6`,
  );
}

/** Containers and hosts without any IPv6 to the outside have private and link-local addresses all the same. */
export function hasIpv6(
  interfaces: Readonly<Partial<Record<string, readonly NetworkInterfaceInfo[]>>> = networkInterfaces(),
): boolean {
  return Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .some(({ internal, address }) => !internal && isGlobalIpv6(address));
}
