import { Hono } from "hono";
import type { Context as HonoContext } from "hono";
import * as z from "zod";
import { deliveryState } from "../../model/delivery.ts";
import { passedReason, retryMany, revived, whyNot } from "../../steps/retry.ts";
import { insertAudit } from "../../store/audit.ts";
import { ConflictError } from "../../store/database.ts";
import { incidentById } from "../../store/incidents.ts";
import type { DeadLetterFilter } from "../../store/dead-letters.ts";
import { deliveryById, listDeliveries } from "../../store/deliveries.ts";
import { actorOf } from "../auth.ts";
import { readBody } from "../body.ts";
import { deliveryJson } from "../incident-json.ts";
import { faultText, jsonOf } from "../json-body.ts";
import { pageOf } from "../page.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

const maxBodyBytes = 65_536;

const time = z.iso.datetime({
  offset: true,
  error: "write a time of RFC 3339, such as 2026-12-01T02:00:00Z",
});

/** Which dead letters; an empty object: all of them. */
const wanted = z.strictObject({
  action: z.string().min(1).optional(),
  since: time.optional(),
  until: time.optional(),
  cursor: z.string().optional(),
  limit: z.int().min(1).max(200).default(50),
});

/** `/api/v1/deliveries`: the outbox and its dead letters. */
export function deliveryRoutes(site: Site): Hono {
  const { database } = site.context;
  const app = new Hono();
  app.get("/deliveries", async (c) => {
    const asked = c.req.query("state");
    const { success, data: state } = deliveryState.optional().safeParse(asked);
    if (!success) {
      return problem(c, 400, `state is one of ${deliveryState.options.join(", ")}`);
    }
    const page = pageOf(c);
    if (page === undefined) return problem(c, 400, "limit is a number from 1 to 200");
    const deliveries = await listDeliveries(database, { ...page, state, action: c.req.query("action") });
    const cursor = deliveries.length === page.limit ? deliveries.at(-1)?.id : undefined;
    return c.json({
      deliveries: deliveries.map((delivery) => deliveryJson(delivery)),
      cursor: cursor ?? null,
    });
  });
  app.post("/deliveries/retry", async (c) => {
    const asked = await readWanted(c);
    if ("fault" in asked) return problem(c, 400, asked.fault);
    try {
      return c.json(await retryMany(site.context, asked, actorOf(c)), 202);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      return problem(c, 409, "somebody else sends them again at this moment: look what is still dead");
    }
  });
  app.post("/deliveries/:id/retry", (c) => retryOne(site, c));
  return app;
}

async function retryOne({ context }: Site, c: HonoContext): Promise<Response> {
  const { database } = context;
  const delivery = await deliveryById(database, c.req.param("id") ?? "");
  if (delivery === undefined) return problem(c, 404, "no delivery has this id");
  const incident = await incidentById(database, delivery.incidentId);
  // What nobody checks is over as soon as it is told.
  const isOver = incident !== undefined && incident.closedAt !== null && incident.outcome !== null;
  const isDead = delivery.state === "dead";
  const against = isDead ? whyNot(context, { ...delivery, isOver, isPassed: false }) : null;
  if (against !== null) return problem(c, 409, against);
  const now = context.now();
  try {
    const detail = { delivery: delivery.id };
    const audit = insertAudit({ at: now, actor: actorOf(c), action: "retry", detail });
    await database.write([...revived(delivery, now), audit]);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const why = isDead ? passedReason : `this one is ${delivery.state}`;
    return problem(c, 409, `only a dead delivery whose news still holds can be sent again: ${why}`);
  }
  return c.json({ id: delivery.id }, 202);
}

async function readWanted(c: HonoContext): Promise<DeadLetterFilter | { readonly fault: string }> {
  const { bytes, cut } = await readBody(c, maxBodyBytes);
  if (cut) return { fault: `the body is longer than ${maxBodyBytes} bytes` };
  const read = wanted.safeParse(jsonOf(bytes));
  if (!read.success) return { fault: read.error.issues.map(faultText).join("; ") };
  const { since, until, ...others } = read.data;
  return { ...others, since: timeOf(since), until: timeOf(until) };
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}
