import { Hono } from "hono";
import type { Incident } from "../../model/incident.ts";
import { verdictOutcome } from "../../model/verdict.ts";
import { insertAudit } from "../../store/audit.ts";
import { ConflictError } from "../../store/database.ts";
import { incidentById, listIncidents, updateIncident } from "../../store/incidents.ts";
import { wake } from "../../store/jobs.ts";
import { actorOf } from "../auth.ts";
import { incidentJson, incidentListJson } from "../incident-json.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";
import { pageOf } from "../page.ts";

const readAtOnce = 10;

/** `/api/v1/incidents`: newest first, one whole, and check again now. */
export function incidentRoutes(site: Site): Hono {
  const { database } = site.context;
  const app = new Hono();
  app.get("/incidents", async (c) => {
    const outcome = c.req.query("outcome");
    if (outcome !== undefined && !verdictOutcome.safeParse(outcome).success) {
      return problem(c, 400, `outcome is one of ${verdictOutcome.options.join(", ")}`);
    }
    const page = pageOf(c);
    if (page === undefined) return problem(c, 400, "limit is a number from 1 to 200");
    const incidents = await listIncidents(database, { ...page, outcome, route: c.req.query("route") });
    const cursor = incidents.length === page.limit ? incidents.at(-1)?.id : undefined;
    // A few at a time, each made text at once: megabytes in one go would hold up whoever sends an alert meanwhile.
    const texts: string[] = [];
    for (let from = 0; from < incidents.length; from += readAtOnce) {
      const some = incidents.slice(from, from + readAtOnce);
      const read = async (incident: Incident) => JSON.stringify(await incidentListJson(database, incident));
      texts.push(...(await Promise.all(some.map(read))));
    }
    const text = `{"incidents":[${texts.join(",")}],"cursor":${JSON.stringify(cursor ?? null)}}`;
    return c.body(text, 200, { "content-type": "application/json" });
  });
  app.get("/incidents/:id", async (c) => {
    const incident = await incidentById(database, c.req.param("id"));
    return incident === undefined
      ? problem(c, 404, "no incident has this id")
      : c.json(await incidentJson(database, incident));
  });
  app.post("/incidents/:id/recheck", async (c) => {
    const incident = await incidentById(database, c.req.param("id"));
    if (incident === undefined) return problem(c, 404, "no incident has this id");
    if (incident.state === "closed" || incident.nextRunAt === null) {
      return problem(c, 409, "this incident is over, or has nothing to check: a new alert starts a new one");
    }
    const now = site.context.now();
    try {
      await database.write([
        updateIncident({ ...incident, nextRunAt: now }),
        wake(`incident:${incident.id}`, now),
        insertAudit({ at: now, actor: actorOf(c), action: "recheck", detail: { incident: incident.id } }),
      ]);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      return problem(c, 409, "the incident has just changed: look at it again");
    }
    return c.json({ id: incident.id }, 202);
  });
  return app;
}
