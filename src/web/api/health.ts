import { Hono } from "hono";
import type { Config } from "../../config/config.ts";
import { describeError } from "../../model/errors.ts";
import { within } from "../../steps/within.ts";
import type { ApiDoor } from "../api-door.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

/**
 * `/healthz`: the process lives. `/readyz`: it can take an alert now, and keep it or tell it. `/ping` as in Postee. Whoever may
 * read in the API is told more, all others the status alone.
 */
export function healthRoutes(site: Site, door: ApiDoor): Hono {
  const app = new Hono();
  const database = askedOnce(() => databaseFault(site));
  app.get("/healthz", (c) => {
    return c.json({ status: "ok", ...(door.mayRead(c) ? { version: site.version } : {}) });
  });
  app.get("/ping", (c) => c.text("Crosscheck alive!"));
  app.get("/readyz", async (c) => {
    if (site.stopping.aborted) return problem(c, 503, "stopping");
    const fault = await database();
    const knows = door.mayRead(c);
    const { config } = site.context.setup();
    // What comes now waits in the spool, or is told unchecked: senders that are turned away may not come again.
    if (fault !== undefined && !site.canSpool() && config.server.emergency.length === 0)
      return problem(c, 503, `the database does not answer${knows ? `: ${fault}` : ""}`);
    return c.json({
      status: "ready",
      ...(fault === undefined ? {} : { database: "away" }),
      ...(knows
        ? {
            ...(fault === undefined ? {} : { fault }),
            degraded: degraded(site, config, fault),
            config: running(config),
          }
        : {}),
    });
  });
  return app;
}

function running({ hash, loadedAt, stale }: Config) {
  const since = { hash, loadedAt: new Date(loadedAt).toISOString() };
  if (stale === null) return since;
  return { ...since, stale: true, lastGoodOf: new Date(stale.keptAt).toISOString(), faults: stale.faults };
}

/** What does not work, though alerts are taken: words for people, empty when all is well. */
function degraded(site: Site, { stale }: Config, fault: string | undefined): string[] {
  const kept = site.canSpool();
  const now = kept ? "alerts wait in the spool" : "alerts are told unchecked to server.emergency";
  return [
    ...(fault === undefined ? [] : [`the database is away: ${now}`]),
    ...(kept ? [] : ["no alert can be kept while the database is away: see server.data, server.spool"]),
    ...(stale === null ? [] : ["the last good configuration runs: the file has faults"]),
  ];
}

/** Who asks has a limit of its own, often a second: the answer has to be there before it. */
const answerMs = 700;

async function databaseFault(site: Site): Promise<string | undefined> {
  try {
    await within(answerMs, "the database", site.context.database.read("select 1 as one"));
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

/** One question at a time, whoever asks: anybody may, as often as they like. */
function askedOnce<T>(ask: () => Promise<T>): () => Promise<T> {
  let going: Promise<T> | undefined;
  return () => {
    going ??= ask().finally(() => {
      going = undefined;
    });
    return going;
  };
}
