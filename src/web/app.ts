import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import type { Context as HonoContext } from "hono";
import { describeError } from "../model/errors.ts";
import { ApiDoor } from "./api-door.ts";
import { alertRoutes } from "./api/alerts.ts";
import { auditRoutes } from "./api/audit.ts";
import { deliveryRoutes } from "./api/deliveries.ts";
import { healthRoutes } from "./api/health.ts";
import { incidentRoutes } from "./api/incidents.ts";
import { ingestRoutes } from "./api/ingest.ts";
import { markRoutes } from "./api/marks.ts";
import { muteRoutes } from "./api/mutes.ts";
import { posteeRoutes } from "./api/postee.ts";
import { replicaRoutes } from "./api/replicas.ts";
import { reportRoutes } from "./api/report.ts";
import { problem } from "./problem.ts";
import type { Site } from "./site.ts";

/** Everything that answers HTTP. */
export function createApp(site: Site): Hono {
  // A slash too many in a sender's settings must not cost an alert.
  const app = new Hono({ strict: false });
  const door = new ApiDoor(site);
  const guard = door.guard();
  app.route("/", ingestRoutes(site));
  app.route("/", healthRoutes(site, door));
  app.use("/api/*", guard);
  app.route("/api/v1", incidentRoutes(site));
  app.route("/api/v1", alertRoutes(site));
  app.route("/api/v1", deliveryRoutes(site));
  app.route("/api/v1", muteRoutes(site));
  app.route("/api/v1", markRoutes(site));
  app.route("/api/v1", reportRoutes(site));
  app.route("/api/v1", replicaRoutes(site));
  app.route("/api/v1", auditRoutes(site, door));
  app.get("/metrics", guard, async (c) => {
    const { registry } = site.context.metrics;
    return c.body(await registry.metrics(), 200, { "content-type": registry.contentType });
  });
  app.route("/", posteeRoutes(site, door));
  app.notFound((c) => {
    const methods = methodsAt(app, c.req.path);
    if (methods.length === 0) return problem(c, 404, `nothing is at ${c.req.path}`);
    c.header("allow", methods.join(", "));
    return problem(c, 405, `${c.req.path} takes ${methods.join(" and ")}, not ${c.req.method}`);
  });
  app.onError((error, c) => {
    if (isCutOff(c)) {
      // Its sender has gone, or was too slow: whoever likes to can do that all day, and must not fill the log.
      site.context.metrics.refused.inc({ reason: "cut-off" });
      return problem(c, 400, "the request ended before it was whole");
    }
    site.context.log.error("request-failed", { path: c.req.path, error: describeError(error) });
    return problem(c, 500, "it is in the log");
  });
  return app;
}

function isCutOff(c: HonoContext): boolean {
  const { incoming } = (c.env ?? {}) as Partial<HttpBindings>;
  return incoming !== undefined && incoming.destroyed && !incoming.complete;
}

/** The methods that a path has a handler for; what guards it is there for all of them. */
function methodsAt(app: Hono, path: string): string[] {
  return ["GET", "POST", "DELETE"].filter((method) =>
    app.router.match(method, path)[0].some(([[, route]]) => route.method === method),
  );
}
