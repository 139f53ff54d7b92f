import { Hono } from "hono";
import { alertById } from "../../store/alerts.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

/** `/api/v1/alerts/{id}`: an alert as received. */
export function alertRoutes(site: Site): Hono {
  const app = new Hono();
  app.get("/alerts/:id", async (c) => {
    const found = await alertById(site.context.database, c.req.param("id"));
    if (found === undefined) return problem(c, 404, "no alert has this id");
    const { alert } = found;
    if (alert.bodyRemovedAt !== undefined) {
      const at = new Date(alert.bodyRemovedAt).toISOString();
      return problem(
        c,
        410,
        `this alert is kept no longer as it was received: server.retention.bodies, ${at}`,
      );
    }
    c.header("x-crosscheck-source", alert.source);
    c.header("x-crosscheck-received-at", new Date(alert.receivedAt).toISOString());
    // Never as the sender's own type: a body is a stranger's text and must not run as a page of ours.
    c.header("content-type", "application/octet-stream");
    c.header("x-content-type-options", "nosniff");
    return c.body(Uint8Array.from(alert.body));
  });
  return app;
}
