import { Hono } from "hono";
import type { Context as HonoContext } from "hono";
import { alertInput } from "../../model/alert.ts";
import { recentBodies } from "../../store/alerts.ts";
import type { ApiDoor } from "../api-door.ts";
import { actorOf } from "../auth.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";
import { apiTokens } from "../tokens.ts";

/** As many as Postee keeps. */
const maxEvents = 1000;

/** `/reload` and `/events`, which Postee's users know; both want a token of the API, `/events` one that reads. */
export function posteeRoutes(site: Site, door: ApiDoor): Hono {
  const app = new Hono({ strict: false });
  app.get("/events", door.guard(), async (c) => {
    const bodies = await recentBodies(site.context.database, maxEvents);
    return c.body(`[${bodies.map(jsonText).join(",")}]`, 200, { "content-type": "application/json" });
  });
  const guard = door.guard({ whole: true, parameters: ["token", "key"] });
  app.post("/reload", guard, (c) => reload(site, c));
  app.get("/reload", guard, (c) => {
    // Any page in a browser can make it ask for an address of this machine, and a GET then has no Origin.
    if (apiTokens(site).length > 0) return reload(site, c);
    return problem(c, 403, "GET /reload?key= wants a token: set server.api-tokens, or use POST");
  });
  return app;
}

async function reload(site: Site, c: HonoContext): Promise<Response> {
  const result = await site.reload(actorOf(c));
  if (result.ok) return c.json({ status: "reloaded", hash: result.hash, warnings: result.warnings });
  return problem(c, 422, "the configuration was refused; the one before it goes on", {
    faults: result.faults,
  });
}

/** A body as it came in where it is JSON, so that no number loses a digit; anything else as a JSON text. */
function jsonText(body: Uint8Array): string {
  const text = new TextDecoder().decode(body);
  return alertInput({ body }) === undefined ? JSON.stringify(text) : text;
}
