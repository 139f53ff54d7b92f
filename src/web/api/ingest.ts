import { Hono } from "hono";
import type { Context as HonoContext } from "hono";
import { deadline } from "../../deadline.ts";
import { readWebhook } from "../../ingest/receive.ts";
import type { SourceSettings } from "../../ingest/source-type.ts";
import type { Alert } from "../../model/alert.ts";
import { describeError } from "../../model/errors.ts";
import { Secret } from "../../model/secret.ts";
import { parseDuration } from "../../model/settings.ts";
import { RecentCount } from "../../steps/self-watch.ts";
import { reportTrouble } from "../../steps/trouble.ts";
import { requireToken } from "../auth.ts";
import { readBody } from "../body.ts";
import { problem } from "../problem.ts";
import { tokensOf } from "../site.ts";
import type { Site } from "../site.ts";
import { verdictsOf } from "../wait.ts";

const maxWaitMs = 120_000;

/** So many refused calls within this time tell `trouble`. */
const refusalsToTell = 3;
const refusalWindowMs = 300_000;

/** `POST /`, `/scan`, `/tenant/{route}` and `/alerts/{source}`: alerts come in. 202 once they are on disk. */
export function ingestRoutes(site: Site): Hono {
  const app = new Hono();
  const refusals = new RecentCount(refusalWindowMs);
  const guard = requireToken({
    tokens: (c) => ingestTokens(site, c),
    refused: (c) => {
      site.context.metrics.refused.inc({ reason: "token" });
      // A name of the configuration: a caller must not be able to make up troubles.
      const what = site.context.setup().config.sources.get(c.req.param("source") ?? "")?.name ?? "webhook";
      if (refusals.add(what, site.context.now()) < refusalsToTell) return;
      const note = "callers without a valid token were turned away: a sender may have the wrong one";
      void reportTrouble(site.context, "refused-ingest", { what, note });
    },
  });
  app.post("/", guard, (c) => take(site, c, {}));
  app.post("/scan", guard, (c) => take(site, c, {}));
  app.post("/tenant/:route", guard, (c) => take(site, c, { onlyRoute: c.req.param("route") }));
  app.post("/alerts/:source", guard, (c) => {
    const source = site.context.setup().config.sources.get(c.req.param("source"));
    if (source === undefined)
      return problem(c, 404, `no source is called ${JSON.stringify(c.req.param("source"))}`);
    return take(site, c, { source });
  });
  return app;
}

/** A source's own token takes the place of the common ones. */
function ingestTokens(site: Site, c: HonoContext): readonly string[] {
  const { config } = site.context.setup();
  const source = config.sources.get(c.req.param("source") ?? "");
  const token: unknown = source === undefined ? undefined : Reflect.get(source, "token");
  return token instanceof Secret ? [config.secretSource(token.reference)] : tokensOf(site, "ingestTokens");
}

async function take(
  site: Site,
  c: HonoContext,
  from: { readonly onlyRoute?: string; readonly source?: SourceSettings },
): Promise<Response> {
  const waitMs = waitOf(c);
  if (waitMs === undefined) return problem(c, 400, "wait: write a duration such as ?wait=30s, at most 120s");
  const { bytes, cut } = await readBody(c, site.context.setup().config.server.maxBodyBytes);
  const alerts = readWebhook(
    {
      headers: c.req.raw.headers,
      contentType: c.req.header("content-type") ?? null,
      body: bytes,
      cut,
      onlyRoute: from.onlyRoute ?? null,
      receivedAt: site.context.now(),
    },
    from.source,
  );
  try {
    await site.receive(alerts);
  } catch (error) {
    site.context.metrics.refused.inc({ reason: "store" });
    site.context.log.error("alert-not-stored", { error: describeError(error) });
    // 503 and never 4xx: several senders take a 4xx for delivered (alerts.md §0).
    c.header("retry-after", "5");
    return problem(c, 503, "the alert could not be stored: send it again");
  }
  return answer(site, { c, alerts, waitMs });
}

function waitOf(c: HonoContext): number | undefined {
  const text = c.req.query("wait");
  if (text === undefined) return 0;
  const ms = parseDuration(text);
  return ms === undefined || ms > maxWaitMs ? undefined : ms;
}

async function answer(
  site: Site,
  {
    c,
    alerts,
    waitMs,
  }: { readonly c: HonoContext; readonly alerts: readonly Alert[]; readonly waitMs: number },
): Promise<Response> {
  const ids = alerts.map(({ id }) => id);
  const accepted = { id: ids[0] ?? null, ...(ids.length > 1 ? { ids } : {}) };
  if (waitMs === 0) return c.json(accepted, 202);
  using limit = deadline(site.stopping, waitMs);
  const incidents = await verdictsOf(site, ids, limit.signal);
  return incidents === undefined ? c.json(accepted, 202) : c.json({ ...accepted, incidents }, 200);
}
