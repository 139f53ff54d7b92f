import { Hono } from "hono";
import { describeError } from "../../model/errors.ts";
import { within } from "../../steps/within.ts";
import type { ApiDoor } from "../api-door.ts";
import { problem } from "../problem.ts";
import type { Site } from "../site.ts";

/**
 * `/healthz`: the process lives. `/readyz`: it can take an alert now. `/ping` as in Postee. Whoever may read in the API is
 * told more, all others the status alone.
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
    if (fault !== undefined && site.canSpool())
      return c.json({ status: "ready", database: "away", ...(knows ? { fault } : {}) });
    if (fault !== undefined)
      return problem(c, 503, `the database does not answer${knows ? `: ${fault}` : ""}`);
    const { config } = site.context.setup();
    const { hash, stale } = config;
    const running = {
      hash,
      loadedAt: new Date(config.loadedAt).toISOString(),
      ...(stale === null
        ? {}
        : { stale: true, lastGoodOf: new Date(stale.keptAt).toISOString(), faults: stale.faults }),
    };
    return c.json({ status: "ready", ...(knows ? { config: running } : {}) });
  });
  return app;
}

/** Who asks has a limit of its own, often a second or two. */
const answerMs = 1000;

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
