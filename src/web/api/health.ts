import { Hono } from "hono";
import type { Config } from "../../config/config.ts";
import { describeError } from "../../model/errors.ts";
import { within } from "../../steps/within.ts";
import type { ApiDoor } from "../api-door.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

/**
 * `/healthz`: the process lives. `/readyz`: it can take an alert now and keep it, in the database or in the spool. `/ping`
 * as in Postee. Whoever may read in the API is told more, all others the status alone.
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
    // What comes now waits in the spool: turning senders away would lose it.
    if (fault !== undefined && !site.canSpool())
      return problem(c, 503, `the database does not answer${knows ? `: ${fault}` : ""}`);
    const { config } = site.context.setup();
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
  return [
    ...(fault === undefined ? [] : ["the database is away: alerts wait in the spool"]),
    ...(site.canSpool()
      ? []
      : ["no alert can be kept while the database is away: see server.data, server.spool"]),
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
