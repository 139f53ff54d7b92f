import type { HttpBindings } from "@hono/node-server";
import type { Socket } from "node:net";
import type { Context as HonoContext } from "hono";
import ipaddr from "ipaddr.js";

interface Peer {
  readonly address: string | null;
  readonly isLoopback: boolean;
}

/** A connection carries many requests, and its other end stays the same. */
const peers = new WeakMap<Socket, Peer>();

/** The address at the other end of the connection: headers are what the caller likes them to be. */
export function addressOf(c: HonoContext): string | null {
  return peerOf(c).address;
}

function peerOf(c: HonoContext): Peer {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  if (incoming === undefined) return { address: null, isLoopback: false };
  const known = peers.get(incoming.socket);
  if (known !== undefined) return known;
  const peer = readPeer(incoming.socket.remoteAddress ?? "");
  peers.set(incoming.socket, peer);
  return peer;
}

function readPeer(address: string): Peer {
  if (!ipaddr.isValid(address)) return { address: null, isLoopback: false };
  // IPv4 that comes in on an IPv6 port is written ::ffff:127.0.0.1.
  const parsed = ipaddr.process(address);
  return { address: parsed.toString(), isLoopback: parsed.range() === "loopback" };
}

/** What a caller can hardly change: its IPv4 address, or the /64 that its IPv6 address is from. */
export function networkOf(address: string): string {
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return address;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}

/** Whether a program on this machine calls: over loopback, through no proxy, and not for a web page. */
export function isFromThisMachine(c: HonoContext): boolean {
  return peerOf(c).isLoopback && !isPassedOn(c) && !isFromWebPage(c);
}

/** What proxies add: whoever they speak for may be anywhere. */
const proxyHeaders = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

function isPassedOn(c: HonoContext): boolean {
  return proxyHeaders.some((name) => c.req.header(name) !== undefined);
}

/** What may stand in `Host` (RFC 9110, 7.2) when a program on this machine calls. */
const localHost = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * Any page in a browser can post to 127.0.0.1, and any name can resolve to it: Host, Origin (RFC 6454) and Sec-Fetch-Site
 * (https://www.w3.org/TR/fetch-metadata/) give it away.
 */
function isFromWebPage(c: HonoContext): boolean {
  const host = c.req.header("host") ?? "";
  const site = c.req.header("sec-fetch-site") ?? "none";
  if (!localHost.test(host)) return true;
  return isForeign(c.req.header("origin"), host) || (site !== "none" && site !== "same-origin");
}

/** A page of another port is another's, too. */
function isForeign(origin: string | undefined, host: string): boolean {
  if (origin === undefined) return false;
  const from = URL.parse(origin);
  return from === null || from.host !== URL.parse(`${from.protocol}//${host}`)?.host;
}
