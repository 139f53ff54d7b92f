import { Hono } from "hono";
import { formatDuration, parseDuration } from "../../model/settings.ts";
import { longestReportMs, makeReport, usualReportMs } from "../../steps/report.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

/** `/api/v1/report?since=7d`: what was paged and what was spared. */
export function reportRoutes(site: Site): Hono {
  const { context } = site;
  const app = new Hono();
  app.get("/report", async (c) => {
    const since = c.req.query("since");
    const backMs = since === undefined ? usualReportMs : (parseDuration(since) ?? 0);
    if (backMs <= 0 || backMs > longestReportMs)
      return problem(c, 400, `since is a duration such as 7d, at most ${formatDuration(longestReportMs)}`);
    const now = context.now();
    return c.json(await makeReport(context.database, { since: now - backMs, until: now }));
  });
  return app;
}
