import type { HttpBindings } from "@hono/node-server";
import type { Context as HonoContext, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import ipaddr from "ipaddr.js";
import { isSameText } from "../constant-time.ts";
import { problem } from "./problem.ts";

/** Whether a request shows one of the tokens: bearer, password of basic authentication, or a parameter of the URL. */
export function showsToken(
  c: HonoContext,
  tokens: readonly string[],
  parameters: readonly string[] = ["token"],
): boolean {
  const shown = tokensShown(c, parameters);
  // Every pair is compared, so that time does not tell which token it was.
  const hits = shown.flatMap((text) => tokens.map((token) => isSameText(text, token)));
  return hits.includes(true);
}

/** Who a request came from, for the record: `api-token 1` is the first of the list, `loopback` this machine. */
export function actorOf(c: HonoContext, tokens: readonly string[]): string {
  const shown = tokensShown(c, ["token"]);
  const index = tokens.findIndex((token) => shown.some((text) => isSameText(text, token)));
  return index === -1 ? "loopback" : `api-token ${index + 1}`;
}

function tokensShown(c: HonoContext, parameters: readonly string[]): string[] {
  const header = c.req.header("authorization") ?? "";
  const [scheme = "", credentials = ""] = header.split(/\s+/, 2);
  const bearer = scheme.toLowerCase() === "bearer" ? [credentials] : [];
  const basic = scheme.toLowerCase() === "basic" ? [passwordOf(credentials)] : [];
  return [...bearer, ...basic, ...parameters.flatMap((name) => c.req.queries(name) ?? [])];
}

function passwordOf(credentials: string): string {
  const text = Buffer.from(credentials, "base64").toString();
  return text.slice(text.indexOf(":") + 1);
}

/** Who may call. */
export interface Gate {
  /** Texts, revealed. Empty: this machine; null: everybody, for what they send is judged instead. */
  tokens(c: HonoContext): readonly string[] | null;
  /** Parameters of the URL that may hold one; default: `token`. */
  readonly parameters?: readonly string[];
  /** Told of each refusal. */
  refused?(c: HonoContext): void;
}

/** Lets through whoever shows a token; without tokens, whoever calls from this machine and is no web page. */
export function requireToken(gate: Gate): MiddlewareHandler {
  return createMiddleware(async (c, next) => {
    const tokens = gate.tokens(c);
    if (tokens === null) return next();
    if (tokens.length === 0) return fromThisMachine(c) && !fromWebPage(c) ? next() : foreign(c, gate);
    if (showsToken(c, tokens, gate.parameters)) return next();
    gate.refused?.(c);
    c.header("www-authenticate", 'Bearer realm="crosscheck"');
    return problem(
      c,
      401,
      "show a token: Authorization: Bearer …, the password of basic authentication, or ?token=…",
    );
  });
}

function foreign(c: HonoContext, gate: Gate): Response {
  gate.refused?.(c);
  return problem(
    c,
    403,
    "without tokens only this machine may call, and no web page: set server.ingest-tokens",
  );
}

/** By the connection: headers are what the caller likes them to be. */
function fromThisMachine(c: HonoContext): boolean {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  const address = incoming?.socket.remoteAddress ?? "";
  // IPv4 that comes in on an IPv6 port is written ::ffff:127.0.0.1.
  return ipaddr.isValid(address) && ipaddr.process(address).range() === "loopback";
}

const localHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Any page in a browser can post to 127.0.0.1, and any name can resolve to it: Origin and Host give it away. */
function fromWebPage(c: HonoContext): boolean {
  const host = hostOf(`http://${c.req.header("host") ?? ""}`);
  const origin = c.req.header("origin");
  return !localHosts.has(host) || (origin !== undefined && !localHosts.has(hostOf(origin)));
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : "";
}
