import { Hono } from "hono";
import type { Context as HonoContext } from "hono";
import { readWebhook } from "../../ingest/receive.ts";
import type { SourceSettings } from "../../ingest/source-type.ts";
import type { Alert } from "../../model/alert.ts";
import { describeError } from "../../model/errors.ts";
import { parseDuration } from "../../model/settings.ts";
import { RecentCount } from "../../steps/self-watch.ts";
import { reportTrouble } from "../../steps/trouble.ts";
import { requireToken } from "../auth.ts";
import { readBody } from "../body.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";
import { ingestTokens } from "../tokens.ts";
import { Waiters } from "../wait.ts";

const maxWaitMs = 120_000;

/** So many refused calls within this time tell `trouble`. */
const refusalsToTell = 3;
const refusalWindowMs = 300_000;

/** `POST /`, `/scan`, `/tenant/{route}` and `/alerts/{source}`: alerts come in. 202 once they are on disk. */
export function ingestRoutes(site: Site): Hono {
  const app = new Hono({ strict: false });
  const waiters = new Waiters(site);
  const refusals = new RecentCount(refusalWindowMs);
  const guard = requireToken({
    tokens: (c) => ingestTokens(site, c.req.param("source")),
    refused: (c) => {
      site.context.metrics.refused.inc({ reason: "token" });
      // A name of the configuration: a caller must not be able to make up troubles.
      const what = site.context.setup().config.sources.get(c.req.param("source") ?? "")?.name ?? "webhook";
      if (refusals.add(what, site.context.now()) < refusalsToTell) return;
      const note = "callers without a valid token were turned away: a sender may have the wrong one";
      void reportTrouble(site.context, "refused-ingest", { what, note });
    },
  });
  const take = async (c: HonoContext, from: Sender): Promise<Response> => {
    const alerts = await received(site, c, from);
    try {
      await site.receive(alerts);
    } catch (error) {
      return notStored(site, c, error);
    }
    return answer(c, alerts, waiters);
  };
  app.post("/", guard, (c) => take(c, {}));
  app.post("/scan", guard, (c) => take(c, {}));
  app.post("/tenant/:route", guard, (c) => take(c, { onlyRoute: c.req.param("route") }));
  app.post("/alerts/:source", guard, (c) => {
    const name = c.req.param("source");
    const source = site.context.setup().config.sources.get(name);
    return take(c, source === undefined ? { unknownSource: name } : { source });
  });
  return app;
}

/** What the path says about whom an alert comes from and whom it is for. */
interface Sender {
  readonly onlyRoute?: string;
  readonly source?: SourceSettings;
  readonly unknownSource?: string;
}

async function received(site: Site, c: HonoContext, from: Sender): Promise<Alert[]> {
  const { bytes, cut } = await readBody(c, site.context.setup().config.server.maxBodyBytes);
  const delivered = {
    headers: c.req.raw.headers,
    contentType: c.req.header("content-type") ?? null,
    body: bytes,
    cut,
    onlyRoute: from.onlyRoute ?? null,
    unknownSource: from.unknownSource ?? null,
    receivedAt: site.context.now(),
  };
  return readWebhook(delivered, from.source);
}

/** 503 and never 4xx: several senders take a 4xx for delivered (alerts.md §0). */
function notStored(site: Site, c: HonoContext, error: unknown): Response {
  site.context.metrics.refused.inc({ reason: "store" });
  site.context.log.error("alert-not-stored", { error: describeError(error) });
  c.header("retry-after", "5");
  return problem(c, 503, "the alert could not be stored: send it again");
}

/** The alerts are stored: whatever `?wait=` says, this is a 2xx. */
async function answer(c: HonoContext, alerts: readonly Alert[], waiters: Waiters): Promise<Response> {
  const ids = alerts.map(({ id }) => id);
  const wait = waitOf(c);
  const accepted = {
    id: ids[0] ?? null,
    ...(ids.length > 1 ? { ids } : {}),
    ...(wait.ignored === undefined ? {} : { waitIgnored: wait.ignored }),
  };
  if (wait.ms === 0) return c.json(accepted, 202);
  const incidents = await waiters.verdictsOf(ids, wait.ms);
  return incidents === undefined ? c.json(accepted, 202) : c.json({ ...accepted, incidents }, 200);
}

function waitOf(c: HonoContext): { readonly ms: number; readonly ignored?: string } {
  const text = c.req.query("wait");
  if (text === undefined) return { ms: 0 };
  const ms = parseDuration(text);
  if (ms === undefined) return { ms: 0, ignored: "write a duration such as ?wait=30s, at most 120s" };
  return { ms: Math.min(ms, maxWaitMs) };
}
