import { Hono } from "hono";
import { liveReplicas } from "../../steps/replicas.ts";
import type { Site } from "../site.ts";

/** `/api/v1/replicas`: the processes that serve this database, the oldest first. */
export function replicaRoutes({ context }: Site): Hono {
  const app = new Hono();
  app.get("/replicas", async (c) => {
    const replicas = await liveReplicas(context);
    return c.json({
      replicas: replicas.map(({ configSince, startedAt, seenAt, ...replica }) => ({
        ...replica,
        configSince: new Date(configSince).toISOString(),
        startedAt: new Date(startedAt).toISOString(),
        seenAt: new Date(seenAt).toISOString(),
      })),
    });
  });
  return app;
}
