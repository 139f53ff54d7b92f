import { createHash, timingSafeEqual } from "node:crypto";
import { Hono, type Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { ConfigError, describeError, LocationError } from "../model/errors.ts";
import type { Observation } from "../model/observation.ts";
import {
  probeProtocolVersion,
  probeRequest,
  type ProbeRequest,
  type ProbeResponse,
} from "../model/probe-protocol.ts";
import { issueLines } from "./issues.ts";

export interface AgentAppOptions {
  /** What callers must present as a bearer token. */
  readonly token: string;
  /** Who carries requests out; see `Prober.ask` for what it throws. */
  readonly ask: (request: ProbeRequest, signal: AbortSignal) => Promise<Observation>;
}

/** A request holds one check; this is plenty. */
const requestLimit = 64 * 1024;

/**
 * The HTTP side of a listening agent: `POST /` or `/probe` with the probe protocol, `GET /healthz`. 200 whenever the
 * agent did its work, whatever it saw; everything else is problem details (RFC 9457).
 */
export function agentApp({ token, ask }: AgentAppOptions): Hono {
  const app = new Hono();
  const tooLarge = (c: Context) => problem(c, 413, `the request is longer than ${requestLimit} bytes`);
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.on("POST", ["/", "/probe"], async (c, next) => {
    if (isBearer(c.req.header("authorization"), token)) return next();
    c.header("www-authenticate", "Bearer");
    return problem(c, 401, "the bearer token is missing or wrong");
  });
  app.on("POST", ["/", "/probe"], bodyLimit({ maxSize: requestLimit, onError: tooLarge }), async (c) => {
    const request = readRequest(await c.req.text());
    const observation = await ask(request, c.req.raw.signal);
    return c.json({ version: probeProtocolVersion, observation } satisfies ProbeResponse);
  });
  app.notFound((c) => problem(c, 404, "an agent answers POST / and GET /healthz"));
  app.onError((error, c) => {
    if (error instanceof ConfigError) return problem(c, 400, error.message);
    if (error instanceof LocationError) return problem(c, 503, error.message);
    return problem(c, 500, describeError(error));
  });
  return app;
}

/** @throws ConfigError for what is not the probe protocol, with a line for each fault. */
function readRequest(text: string): ProbeRequest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ConfigError([`the request is not JSON: ${describeError(cause)}`], { cause });
  }
  const { data, error } = probeRequest.safeParse(json);
  if (data !== undefined) return data;
  throw new ConfigError(issueLines(error));
}

/** Digests have one length, so that the comparison's time says nothing, not even how long the token is. */
function isBearer(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+) *$/i.exec(header ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function problem(c: Context, status: 400 | 401 | 404 | 413 | 500 | 503, detail: string): Response {
  c.header("content-type", "application/problem+json");
  return c.body(JSON.stringify({ status, detail }), status);
}
