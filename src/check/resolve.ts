import { lookup as getaddrinfo } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces, type NetworkInterfaceInfo } from "node:os";
import { DeadlineError, describeError } from "../model/errors.ts";
import type { TargetOrigin } from "../model/probe-protocol.ts";
import { formatDuration } from "../model/settings.ts";
import { abortable } from "./abortable.ts";
import { parseServer, type DnsServer } from "./dns/dns-server.ts";
import { lookupAt } from "./dns/lookup-at.ts";
import { nameFault } from "./dns/message.ts";
import { ProbeFailure } from "./failure.ts";
import { isGlobalIpv6, refusal, type Endpoint, type Warrant } from "./guard.ts";
import type { Target } from "./probe-type.ts";

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
  /** Whose word the addresses are that come with the request beside the target: resolvers, controls. */
  readonly own?: TargetOrigin | undefined;
  /** What nobody may be sent to: `Warrant.sealed`. */
  readonly sealed?: Endpoint | undefined;
  readonly lookup?: Lookup | undefined;
  /** Whether the location has an IPv6 address of the Internet; its network interfaces say so when left out. */
  readonly ipv6?: boolean | undefined;
}

/** A host that is to be found. */
export interface Sought extends Pick<Target, "host" | "port" | "family" | "resolver"> {
  readonly hop: Warrant["hop"];
  /** The host's address, known beforehand: nobody is asked. */
  readonly address?: string | undefined;
}

/** Of names with more addresses only these are tried. */
export const addressLimit = 8;

/** What comes from the server's own configuration. */
export const configured: TargetOrigin = { from: "config", allowPrivate: [] };

/** As applications of the host resolve: /etc/hosts and search domains included. */
const systemLookup: Lookup = (hostname) => getaddrinfo(hostname, { all: true, order: "verbatim" });

/**
 * Resolves a host and gives back only addresses that were tested: what connects must use these and never the name again,
 * which could by then mean something else (DNS rebinding). One refused address refuses the host: to skip it would leave
 * a part of the target unseen.
 * @throws ProbeFailure of `dns.*`, `location.resolver`, `location.network` or `location.blocked-target`; of an explicit
 * resolver also what `lookupAt` throws.
 */
export async function resolve(
  sought: Sought,
  context: ResolveContext,
  signal: AbortSignal,
): Promise<Resolution> {
  const { host, port, hop, family } = sought;
  const started = performance.now();
  const known = sought.address ?? host;
  const literal = isIP(known);
  const named = literal === 0 ? await ask(sought, context, signal) : [{ address: known, family: literal }];
  const dnsMs = literal === 0 ? performance.now() - started : null;
  const found = family === undefined ? named : ofFamily(host, named, family);
  guard(found, { host, port, hop, target: context.target, sealed: context.sealed });
  const all = takeTurns(found);
  const usable = (context.ipv6 ?? hasIpv6()) ? all : withoutIpv6(sought, all);
  return { addresses: usable.slice(0, addressLimit), found: all.map(({ address }) => address), dnsMs };
}

/**
 * Where a check connects to: the DNS servers that it asks itself, or the addresses of its host. The servers that this
 * machine is set up to ask are its own affair: cloud providers have theirs where the guard lets nobody go.
 * @throws ProbeFailure as `resolve` does, and `location.resolver` where no server is set up.
 */
export async function locate(
  target: Target & Pick<Sought, "address">,
  context: ResolveContext,
  signal: AbortSignal,
): Promise<Resolution> {
  const { dns, resolver, address } = target;
  if (dns === undefined || address !== undefined)
    return resolve({ ...target, hop: "first" }, context, signal);
  if (resolver !== undefined) allowedServer(resolver, context);
  if (dns.servers.length === 0)
    throw new ProbeFailure("location.resolver", "this location has no DNS server that it could ask");
  const usable =
    (context.ipv6 ?? hasIpv6()) ? dns.servers : withoutIpv6({ host: "the DNS server" }, dns.servers);
  const addresses = usable.slice(0, addressLimit);
  return { addresses, found: addresses.map((server) => server.address), dnsMs: null };
}

/** @throws ProbeFailure of `location.blocked-target` if one of the addresses may not be connected to. */
export function guard(
  addresses: readonly { readonly address: string }[],
  { host, port, ...warrant }: Warrant & Pick<Sought, "host" | "port">,
): void {
  for (const { address } of addresses) {
    const reason = refusal({ address, port }, warrant);
    if (reason === undefined) continue;
    const named = address === host ? "" : `${host} is ${address}: `;
    throw new ProbeFailure("location.blocked-target", `not probed: ${named}${reason}`);
  }
}

async function ask(sought: Sought, context: ResolveContext, signal: AbortSignal) {
  const { host, family, resolver } = sought;
  const fault = nameFault(host);
  if (fault !== undefined) throw new ProbeFailure("dns.nxdomain", fault);
  const found =
    resolver === undefined
      ? await askSystem(host, context.lookup ?? systemLookup, signal)
      : await lookupAt(allowedServer(resolver, context), sought, signal);
  const kind = family === undefined || resolver === undefined ? "" : `IPv${family} `;
  if (found.length === 0) throw new ProbeFailure("dns.nodata", `${host} has no ${kind}address in DNS`);
  return found;
}

async function askSystem(host: string, lookup: Lookup, signal: AbortSignal) {
  try {
    return await abortable(lookup(host), signal);
  } catch (error) {
    throw dnsFailure(host, error);
  }
}

/** @throws ProbeFailure of `location.blocked-target` for a server that may not be asked. */
function allowedServer(resolver: string, { own = configured, sealed }: ResolveContext): DnsServer {
  const server = parseServer(resolver);
  const reason =
    server === undefined
      ? `"${resolver}" is not an address`
      : refusal(server, { target: own, hop: "first", sealed });
  if (server !== undefined && reason === undefined) return server;
  throw new ProbeFailure("location.blocked-target", `the resolver is not asked: ${reason}`);
}

function ofFamily<Found extends { readonly address: string; readonly family: number }>(
  host: string,
  found: readonly Found[],
  family: 4 | 6,
): readonly Found[] {
  const wanted = found.filter((item) => item.family === family);
  if (wanted.length > 0) return wanted;
  const others = found.map(({ address }) => address).join(", ");
  throw new ProbeFailure("dns.nodata", `${host} has no IPv${family} address (only ${others})`);
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
function withoutIpv6(
  { host, family }: Pick<Sought, "host" | "family">,
  addresses: readonly Address[],
): readonly Address[] {
  const usable = addresses.filter(({ address }) => !isGlobalIpv6(address));
  if (usable.length > 0) return usable;
  const listed = addresses.map(({ address }) => address).join(", ");
  const why =
    family === undefined
      ? `${host} has only IPv6 addresses (${listed})`
      : `only IPv6 addresses of ${host} are looked at (${listed})`;
  throw new ProbeFailure("location.network", `${why} and this location has no IPv6`);
}

/** Containers and hosts without any IPv6 to the outside have private and link-local addresses all the same. */
export function hasIpv6(
  interfaces: Readonly<Partial<Record<string, readonly NetworkInterfaceInfo[]>>> = networkInterfaces(),
): boolean {
  return Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .some(({ internal, address }) => !internal && isGlobalIpv6(address));
}
