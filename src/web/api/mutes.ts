import { Hono } from "hono";
import type { Context as HonoContext } from "hono";
import * as z from "zod";
import { instead } from "../../config/nearest.ts";
import { duration, formatDuration } from "../../model/settings.ts";
import { longestMuteMs } from "../../model/mute.ts";
import type { Mute } from "../../model/mute.ts";
import { beginMute, endMuteNow, isConfigured, knownMutes } from "../../steps/mutes.ts";
import type { WantedMute } from "../../steps/mutes.ts";
import { ConflictError } from "../../store/database.ts";
import { muteById } from "../../store/mutes.ts";
import { actorOf } from "../auth.ts";
import { readBody } from "../body.ts";
import { faultText, jsonOf } from "../json-body.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

const maxBodyBytes = 65_536;

const wanted = z
  .strictObject({
    route: z.string().min(1).optional(),
    subject: z.string().min(1).optional(),
    for: duration.optional(),
    until: z.iso
      .datetime({ offset: true, error: "write a time of RFC 3339, such as 2026-12-01T02:00:00Z" })
      .optional(),
    reason: z.string().trim().min(1, { error: "say why: whoever is not told will ask" }).max(500),
  })
  .refine(({ route, subject }) => route !== undefined || subject !== undefined, {
    error: "name a route, a subject or both",
  })
  .refine((body) => (body.for === undefined) !== (body.until === undefined), {
    error: 'say how long: either "for", such as "2h", or "until", a time',
  });

/** `/api/v1/mutes`: whom nobody is told about for a while. */
export function muteRoutes(site: Site): Hono {
  const { context } = site;
  const app = new Hono();
  app.get("/mutes", async (c) => {
    const mutes = await knownMutes(context);
    return c.json({ mutes: mutes.toSorted((one, other) => one.from - other.from).map(muteJson) });
  });
  app.post("/mutes", async (c) => {
    const asked = await readWanted(c, site);
    if ("fault" in asked) return problem(c, 400, asked.fault);
    return c.json(muteJson(await beginMute(context, asked, actorOf(c))), 201);
  });
  app.delete("/mutes/:id", async (c) => {
    const id = c.req.param("id");
    const mute = await muteById(context.database, id);
    if (mute === undefined && isConfigured(context.setup().config, id))
      return problem(c, 409, "this mute stands in the configuration: take it out of `mutes:` and reload");
    if (mute === undefined) return problem(c, 404, "no mute has this id");
    try {
      await endMuteNow(context, mute, actorOf(c));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      return problem(c, 409, "this mute is over already");
    }
    return c.body(null, 204);
  });
  return app;
}

async function readWanted(c: HonoContext, site: Site): Promise<WantedMute | { readonly fault: string }> {
  const { bytes, cut } = await readBody(c, maxBodyBytes);
  if (cut) return { fault: `the body is longer than ${maxBodyBytes} bytes` };
  const read = wanted.safeParse(jsonOf(bytes));
  if (!read.success) return { fault: read.error.issues.map(faultText).join("; ") };
  const { route = null, subject = null, reason } = read.data;
  const { routes } = site.context.setup().config;
  if (route !== null && !routes.has(route)) {
    const near = instead(route, [...routes.keys()], "the configuration has");
    return { fault: `there is no route ${JSON.stringify(route)}${near}` };
  }
  const now = site.context.now();
  const until = read.data.until === undefined ? now + (read.data.for ?? 0) : Date.parse(read.data.until);
  if (until <= now || until > now + longestMuteMs)
    return { fault: `a mute ends after now, and at most ${formatDuration(longestMuteMs)} later` };
  return { route, subject, until, reason };
}

function muteJson({ id, route, subject, from, until, reason, actor }: Mute) {
  const times = { from: new Date(from).toISOString(), until: new Date(until).toISOString() };
  return { id, route, subject, ...times, reason, actor };
}
