import { Hono } from "hono";
import { describeError } from "../../model/errors.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

/** `/healthz`: the process lives. `/readyz`: it can take an alert now. `/ping` as in Postee. */
export function healthRoutes(site: Site): Hono {
  const app = new Hono();
  app.get("/healthz", (c) => c.json({ status: "ok", version: site.version }));
  app.get("/ping", (c) => c.text("Crosscheck alive!"));
  app.get("/readyz", async (c) => {
    if (site.stopping.aborted) return problem(c, 503, "stopping");
    try {
      await site.context.database.read("select 1 as one");
    } catch (error) {
      return problem(c, 503, `the database does not answer: ${describeError(error)}`);
    }
    const { config } = site.context.setup();
    return c.json({
      status: "ready",
      config: { hash: config.hash, loadedAt: new Date(config.loadedAt).toISOString() },
    });
  });
  return app;
}
