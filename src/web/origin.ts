import type { HttpBindings } from "@hono/node-server";
import type { Context as HonoContext } from "hono";
import ipaddr from "ipaddr.js";

/** The address at the other end of the connection: headers are what the caller likes them to be. */
export function addressOf(c: HonoContext): string | null {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  const address = incoming?.socket.remoteAddress ?? "";
  // IPv4 that comes in on an IPv6 port is written ::ffff:127.0.0.1.
  return ipaddr.isValid(address) ? ipaddr.process(address).toString() : null;
}

/** What a caller can hardly change: its IPv4 address, or the /64 that its IPv6 address is from. */
export function networkOf(address: string): string {
  const parsed = ipaddr.process(address);
  if (parsed.kind() === "ipv4") return address;
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`).toString()}/64`;
}

/** Whether a program on this machine calls: over loopback, through no proxy, and not for a web page. */
export function isFromThisMachine(c: HonoContext): boolean {
  const address = addressOf(c);
  const isLoopback = address !== null && ipaddr.process(address).range() === "loopback";
  return isLoopback && !isPassedOn(c) && !isFromWebPage(c);
}

/** What proxies add: whoever they speak for may be anywhere. */
const proxyHeaders = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

function isPassedOn(c: HonoContext): boolean {
  return proxyHeaders.some((name) => c.req.header(name) !== undefined);
}

const localHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Any page in a browser can post to 127.0.0.1, and any name can resolve to it: Host, Origin (RFC 6454) and Sec-Fetch-Site
 * (https://www.w3.org/TR/fetch-metadata/) give it away.
 */
function isFromWebPage(c: HonoContext): boolean {
  const host = c.req.header("host") ?? "";
  const site = c.req.header("sec-fetch-site") ?? "none";
  if (!localHosts.has(URL.parse(`http://${host}`)?.hostname ?? "")) return true;
  return isForeign(c.req.header("origin"), host) || (site !== "none" && site !== "same-origin");
}

/** A page of another port is another's, too. */
function isForeign(origin: string | undefined, host: string): boolean {
  if (origin === undefined) return false;
  const from = URL.parse(origin);
  return from === null || from.host !== URL.parse(`${from.protocol}//${host}`)?.host;
}
