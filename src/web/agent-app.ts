import { Hono } from "hono";
import type { Context as HonoContext } from "hono";
import { ConfigError, describeError, LocationError } from "../model/errors.ts";
import type { Observation } from "../model/observation.ts";
import { probeProtocolVersion } from "../model/probe-protocol.ts";
import type { ProbeResponse } from "../model/probe-protocol.ts";
import { requireToken } from "./auth.ts";
import { readBody } from "./body.ts";
import { problem } from "./problem.ts";

export interface AgentAppOptions {
  /** Of which callers must show one: two while one takes the other's place. */
  readonly tokens: readonly string[];
  /** Who reads requests and carries them out: ConfigError for one that cannot be, LocationError without an answer. */
  readonly answer: (text: string, signal: AbortSignal) => Promise<Observation>;
}

/** A request holds one check; this is plenty. */
const requestLimit = 64 * 1024;

/**
 * The HTTP side of a listening agent: `POST /` or `/probe` with the probe protocol, `GET /healthz`. 200 whenever the
 * agent did its work, whatever it saw; everything else is problem details.
 */
export function createAgentApp({ tokens, answer }: AgentAppOptions): Hono {
  const app = new Hono();
  const guard = requireToken({ tokens: () => tokens });
  const probe = async (c: HonoContext) => {
    const { signal } = c.req.raw;
    const { bytes, cut } = await readBody(c, requestLimit);
    if (cut) return problem(c, 413, `the request is longer than ${requestLimit} bytes`);
    const observation = await answer(new TextDecoder().decode(bytes), signal);
    return c.json({ version: probeProtocolVersion, observation } satisfies ProbeResponse);
  };
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.post("/", guard, probe);
  app.post("/probe", guard, probe);
  app.notFound((c) => problem(c, 404, "an agent answers POST / and GET /healthz"));
  app.onError((error, c) => {
    if (error instanceof ConfigError) return problem(c, 400, error.message);
    if (error instanceof LocationError) return problem(c, 503, error.message);
    return problem(c, 500, describeError(error));
  });
  return app;
}
