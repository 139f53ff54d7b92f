import type { Context as HonoContext, MiddlewareHandler } from "hono";
import { createMiddleware } from "hono/factory";
import { isSameText } from "../constant-time.ts";
import type { Actor } from "../model/actor.ts";
import { addressOf, isFromThisMachine } from "./origin.ts";
import { problem } from "./problem.ts";

/** Why somebody was turned away. */
export type Refusal = "no-token" | "wrong-token" | "read-only" | "not-this-machine";

/** Who may call. */
export interface Gate {
  /** Texts, revealed. Null: everybody, for what they send is judged instead. */
  tokens(c: HonoContext): readonly string[] | null;
  /** Those of whoever may look, and change nothing. Without these and the others only this machine may call. */
  readers?(c: HonoContext): readonly string[];
  /** What is asked for is not for readers, whatever its method. */
  readonly whole?: boolean;
  /** Parameters of the URL that may hold a token; default: `token`. */
  readonly parameters?: readonly string[];
  /** Told of each refusal. */
  refused?(c: HonoContext, why: Refusal): void;
}

/** Lets through whoever shows a token; without tokens, whoever calls from this machine and is no web page. */
export function requireToken(gate: Gate): MiddlewareHandler {
  return createMiddleware(async (c, next) => {
    const tokens = gate.tokens(c);
    if (tokens === null) return next();
    const { refusal, name } = judge(c, gate, tokens);
    if (refusal === undefined) {
      c.set("actor", { name, address: addressOf(c) } satisfies Actor);
      return next();
    }
    gate.refused?.(c, refusal);
    if (status[refusal] === 401) c.header("www-authenticate", 'Bearer realm="crosscheck"');
    return problem(c, status[refusal], details[refusal]);
  });
}

/** Whether a request would be let through. A wrong token is told as a refusal: whoever guesses could do it here as well. */
export function isLetIn(c: HonoContext, gate: Gate): boolean {
  const tokens = gate.tokens(c);
  if (tokens === null) return true;
  const { refusal } = judge(c, gate, tokens);
  if (refusal === "wrong-token") gate.refused?.(c, refusal);
  return refusal === undefined;
}

/** Whom a gate has let in. */
export function actorOf(c: HonoContext): Actor {
  const actor = c.get("actor") as Actor | undefined;
  return actor ?? { name: "unknown", address: addressOf(c) };
}

type Entry =
  | { readonly name: string; readonly refusal?: never }
  | { readonly refusal: Refusal; name?: never };

function judge(c: HonoContext, gate: Gate, tokens: readonly string[]): Entry {
  const readers = gate.readers?.(c) ?? [];
  if (tokens.length === 0 && readers.length === 0)
    return isFromThisMachine(c) ? { name: "loopback" } : { refusal: "not-this-machine" };
  const shown = tokensShown(c, gate.parameters ?? ["token"]);
  const [whole, reader] = [placeOf(tokens, shown), placeOf(readers, shown)];
  if (whole !== -1) return { name: `api-token ${whole + 1}` };
  if (reader === -1) return { refusal: shown.length === 0 ? "no-token" : "wrong-token" };
  const looks = gate.whole !== true && (c.req.method === "GET" || c.req.method === "HEAD");
  return looks ? { name: `read-token ${reader + 1}` } : { refusal: "read-only" };
}

/** Every pair is compared, so that time does not tell which token it was. */
function placeOf(tokens: readonly string[], shown: readonly string[]): number {
  const hits = tokens.map((token) => shown.map((text) => isSameText(text, token)).includes(true));
  return hits.indexOf(true);
}

/** One of each kind: a request is one guess, not thousands. */
function tokensShown(c: HonoContext, parameters: readonly string[]): string[] {
  const header = c.req.header("authorization") ?? "";
  const [scheme = "", credentials = ""] = header.split(/\s+/, 2);
  const bearer = scheme.toLowerCase() === "bearer" ? [credentials] : [];
  const basic = scheme.toLowerCase() === "basic" ? [passwordOf(credentials)] : [];
  return [...bearer, ...basic, ...parameters.flatMap((name) => c.req.query(name) ?? [])];
}

function passwordOf(credentials: string): string {
  const text = Buffer.from(credentials, "base64").toString();
  return text.slice(text.indexOf(":") + 1);
}

const showToken =
  "show a token: Authorization: Bearer …, the password of basic authentication, or ?token=… where neither can be set";

const status = { "no-token": 401, "wrong-token": 401, "read-only": 403, "not-this-machine": 403 } as const;

const details: Readonly<Record<Refusal, string>> = {
  "no-token": showToken,
  "wrong-token": showToken,
  "read-only":
    "this token is one of server.read-tokens: it reads, and changes nothing. Show one of server.api-tokens",
  "not-this-machine":
    "without tokens only this machine may call, directly, and no web page: set server.ingest-tokens for senders, server.api-tokens for the API",
};
