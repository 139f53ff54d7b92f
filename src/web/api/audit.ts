import { Hono } from "hono";
import { listAudit } from "../../store/audit.ts";
import type { ApiDoor } from "../api-door.ts";
import { pageOf } from "../page.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

/** `/api/v1/audit`: who changed what, newest first. It tells who may change something, and is not for readers. */
export function auditRoutes(site: Site, door: ApiDoor): Hono {
  const app = new Hono();
  app.get("/audit", door.guard({ whole: true }), async (c) => {
    const page = pageOf(c);
    if (page === undefined) return problem(c, 400, "limit is a number from 1 to 200");
    const entries = await listAudit(site.context.database, page);
    const cursor = entries.length === page.limit ? entries.at(-1)?.id : undefined;
    const audit = entries.map(({ id, at, actor, action, detail }) => ({
      id,
      at: new Date(at).toISOString(),
      actor: actor.name,
      address: actor.address,
      action,
      detail,
    }));
    return c.json({ audit, cursor: cursor ?? null });
  });
  return app;
}
