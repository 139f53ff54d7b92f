import { Hono } from "hono";
import { deliveryState } from "../../model/delivery.ts";
import { insertAudit } from "../../store/audit.ts";
import { ConflictError } from "../../store/database.ts";
import { incidentById } from "../../store/incidents.ts";
import { deliveryById, listDeliveries, reviveDelivery } from "../../store/deliveries.ts";
import { wake } from "../../store/jobs.ts";
import { actorOf } from "../auth.ts";
import { deliveryJson } from "../incident-json.ts";
import { pageOf } from "../page.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

/** `/api/v1/deliveries`: the outbox and its dead letters. */
export function deliveryRoutes(site: Site): Hono {
  const { database } = site.context;
  const app = new Hono();
  app.get("/deliveries", async (c) => {
    const state = c.req.query("state");
    if (state !== undefined && !deliveryState.safeParse(state).success) {
      return problem(c, 400, `state is one of ${deliveryState.options.join(", ")}`);
    }
    const page = pageOf(c);
    if (page === undefined) return problem(c, 400, "limit is a number from 1 to 200");
    const deliveries = await listDeliveries(database, { ...page, state });
    const cursor = deliveries.length === page.limit ? deliveries.at(-1)?.id : undefined;
    return c.json({
      deliveries: deliveries.map((delivery) => deliveryJson(delivery)),
      cursor: cursor ?? null,
    });
  });
  app.post("/deliveries/:id/retry", async (c) => {
    const delivery = await deliveryById(database, c.req.param("id"));
    if (delivery === undefined) return problem(c, 404, "no delivery has this id");
    const incident = await incidentById(database, delivery.incidentId);
    // What nobody checks is over as soon as it is told; of the rest only that it is over still holds.
    const over = incident !== undefined && incident.closedAt !== null && incident.outcome !== null;
    const stale = over && delivery.event !== "recovered";
    if (stale) return problem(c, 409, "its incident is over: what the message says does not hold any more");
    const now = site.context.now();
    try {
      await database.write([
        reviveDelivery(delivery.id, now),
        wake(`lane:${delivery.incidentId}/${delivery.action}`, now),
        insertAudit({ at: now, actor: actorOf(c), action: "retry", detail: { delivery: delivery.id } }),
      ]);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      const why =
        delivery.state === "dead"
          ? "something newer of its incident has been told"
          : `this one is ${delivery.state}`;
      return problem(c, 409, `only a dead delivery whose news still holds can be sent again: ${why}`);
    }
    return c.json({ id: delivery.id }, 202);
  });
  return app;
}
