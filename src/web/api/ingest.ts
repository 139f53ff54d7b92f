import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import { Hono } from "hono";
import type { Context as HonoContext } from "hono";
import { readWebhook } from "../../ingest/receive.ts";
import type { Admission, Edge, Proof, SourceSettings } from "../../ingest/source-type.ts";
import type { Alert } from "../../model/alert.ts";
import { describeError } from "../../model/errors.ts";
import { parseDuration } from "../../model/settings.ts";
import { getCallback } from "../../steps/callback.ts";
import { RecentCount } from "../../steps/self-watch.ts";
import { reportTrouble } from "../../steps/trouble.ts";
import { requireToken } from "../auth.ts";
import { addressOf } from "../origin.ts";
import { NoRoomError, readBody } from "../body.ts";
import type { Body } from "../body.ts";
import type { Share } from "../budget.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";
import { ingestTokens, proofOf } from "../tokens.ts";
import { Waiters } from "../wait.ts";
import { Pressure, weightOf } from "./pressure.ts";

const maxWaitMs = 120_000;

/** So many refused calls within this time tell `trouble`. */
const refusalsToTell = 3;
const refusalWindowMs = 300_000;

/** A signature is over the whole body: what is larger than this, and than `max-body`, cannot be judged. */
const maxSignedBytes = 4 * 1024 * 1024;

/**
 * `POST /`, `/scan`, `/tenant/{route}` and `/alerts/{source}`: alerts come in. 202 once they are on disk. `get` fetches what
 * a source needs to judge a signature.
 */
export function ingestRoutes(
  site: Site,
  get: Edge["get"] = (url) => getCallback(url, site.context.setup().config),
): Hono {
  const app = new Hono({ strict: false });
  const waiters = new Waiters(site);
  const pressure = new Pressure(site);
  const refused = countRefusals(site);
  const guard = requireToken({
    tokens: (c) => ingestTokens(site, c.req.param("source")),
    refused: (c) => {
      const why = "callers without a valid token were turned away: a sender may have the wrong one";
      refused(c, "token", why);
    },
  });
  const keep = async (c: HonoContext, from: Sender): Promise<Response | readonly Alert[]> => {
    const source = from.source?.name;
    using share = pressure.open({ stranger: ingestTokens(site, source) === null });
    if (share === undefined) return pressure.refuse(c);
    // Looked up before the body comes: a reload meanwhile must not change what the caller was let in for.
    const proof = proofOf(site, source);
    const body = await wholeBody(site, c, { proof, share });
    if (body === undefined) return pressure.refuse(c);
    const admission = await admit({ c, body, proof }, { now: site.context.now(), get });
    if (!admission.admitted) {
      refused(c, "signature", `webhooks were turned away: ${admission.why}`);
      return problem(c, admission.status, admission.why);
    }
    const alerts = readAlerts(site, c, body, from);
    if (!share.take(weightOf(alerts, body.bytes))) return pressure.refuse(c);
    try {
      await site.receive(alerts);
    } catch (error) {
      return notStored(site, c, error);
    }
    return alerts;
  };
  const take = async (c: HonoContext, from: Sender): Promise<Response> => {
    const kept = await keep(c, from);
    return kept instanceof Response ? kept : answer(c, kept, waiters);
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

/** Counts who is turned away, and tells `trouble` when a sender may be among them. */
function countRefusals(site: Site): (c: HonoContext, reason: "token" | "signature", note: string) => void {
  const refusals = new RecentCount(refusalWindowMs);
  return (c, reason, note) => {
    const { context } = site;
    context.metrics.refused.inc({ reason });
    // A name of the configuration: a caller must not be able to make up troubles.
    const what = context.setup().config.sources.get(c.req.param("source") ?? "")?.name ?? "webhook";
    const count = refusals.add(what, context.now());
    // Whoever sets a sender up looks for the reason; whoever guesses must not fill the log.
    if (count <= refusalsToTell)
      context.log.warn("webhook-refused", { source: what, reason: note, address: addressOf(c) });
    if (count < refusalsToTell) return;
    void reportTrouble(context, "refused-ingest", { what, note });
  };
}

interface Caller {
  readonly c: HonoContext;
  readonly body: Body;
  /** undefined: its token has said enough. */
  readonly proof: Proof | undefined;
}

async function admit({ c, body, proof }: Caller, edge: Edge): Promise<Admission> {
  if (proof === undefined) return { admitted: true };
  const why = "the body is too large for its signature to be judged";
  if (body.cut) return { admitted: false, status: 413, why };
  return proof({ headers: c.req.raw.headers, body: body.bytes }, edge);
}

interface Reading {
  readonly proof: Proof | undefined;
  readonly share: Share;
}

/** The body as far as it is kept, or as it takes to judge its signature; undefined when there is no room for it. */
async function wholeBody(site: Site, c: HonoContext, { proof, share }: Reading): Promise<Body | undefined> {
  const { maxBodyBytes } = site.context.setup().config.server;
  const maxBytes = proof === undefined ? maxBodyBytes : Math.max(maxBodyBytes, maxSignedBytes);
  try {
    return await readBody(c, maxBytes, share);
  } catch (error) {
    if (error instanceof NoRoomError) return undefined;
    throw error;
  }
}

/** What the path says about whom an alert comes from and whom it is for. */
interface Sender {
  readonly onlyRoute?: string;
  readonly source?: SourceSettings;
  readonly unknownSource?: string;
}

function readAlerts(site: Site, c: HonoContext, { bytes, cut }: Body, from: Sender): Alert[] {
  const { maxBodyBytes } = site.context.setup().config.server;
  const delivered = {
    get headers() {
      return c.req.raw.headers;
    },
    contentType: c.req.header("content-type") ?? null,
    body: bytes.subarray(0, maxBodyBytes),
    cut: cut || bytes.length > maxBodyBytes,
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
  if (wait.ms === 0) return said(c, accepted);
  // A database that goes away meanwhile leaves them in the dark; the alerts are kept.
  const incidents = await waiters.verdictsOf(ids, wait.ms).catch(() => undefined);
  return incidents === undefined ? c.json(accepted, 202) : c.json({ ...accepted, incidents }, 200);
}

/** On Node's own response: a `Response` is read back as a stream, which costs as much as the rest of the answer. */
function said(c: HonoContext, accepted: object): Response {
  const { outgoing } = (c.env ?? {}) as Partial<HttpBindings>;
  if (outgoing === undefined) return c.json(accepted, 202);
  const text = JSON.stringify(accepted);
  outgoing.writeHead(202, { "content-type": "application/json", "content-length": text.length });
  outgoing.end(text);
  return RESPONSE_ALREADY_SENT;
}

function waitOf(c: HonoContext): { readonly ms: number; readonly ignored?: string } {
  const text = c.req.query("wait");
  if (text === undefined) return { ms: 0 };
  const ms = parseDuration(text);
  if (ms === undefined) return { ms: 0, ignored: "write a duration such as ?wait=30s, at most 120s" };
  return { ms: Math.min(ms, maxWaitMs) };
}
