import { Hono } from "hono";
import * as z from "zod";
import { mark } from "../../model/incident.ts";
import { markIncident } from "../../steps/mark.ts";
import { ConflictError } from "../../store/database.ts";
import { actorOf } from "../auth.ts";
import { readBody } from "../body.ts";
import { jsonOf } from "../json-body.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

const maxBodyBytes = 4096;

const wanted = z.strictObject({ mark: mark.nullable() });

/** `/api/v1/incidents/{id}/mark`: whether it was real, in a person's judgement. */
export function markRoutes(site: Site): Hono {
  const app = new Hono();
  app.post("/incidents/:id/mark", async (c) => {
    const { bytes } = await readBody(c, maxBodyBytes);
    const read = wanted.safeParse(jsonOf(bytes));
    if (!read.success) return problem(c, 400, 'the body is {"mark": "real"}, "not-real" or null');
    const marking = { incidentId: c.req.param("id"), mark: read.data.mark, actor: actorOf(c) };
    try {
      const incident = await markIncident(site.context, marking);
      if (incident === undefined) return problem(c, 404, "no incident has this id");
      return c.json({ id: incident.id, mark: incident.mark });
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      return problem(c, 409, "the incident is changing just now: ask again");
    }
  });
  return app;
}
