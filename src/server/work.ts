import type { Alert } from "../model/alert.ts";
import { createPipeline } from "../pipeline.ts";
import type { Context } from "../steps/context.ts";
import type { Intake } from "../steps/intake.ts";
import { probeStore } from "../steps/receive.ts";
import { lookThrough } from "../steps/integrity.ts";
import type { DatabaseClock } from "../store/database-clock.ts";
import { runWorker, watchQueue } from "../worker.ts";
import { OwnHealth } from "./own-health.ts";
import { openReserve } from "./reserve.ts";
import type { OpenStore } from "./store.ts";

/** What goes on in a server beside answering. */
export interface Work {
  /** Takes alerts. */
  readonly intake: Intake;
  /** Why it cannot take them while the database is away; null when it can. */
  readonly warning: string | null;
  readonly health: OwnHealth;
}

/** Begins to work through what is due; ends when the signal is aborted, at the latest when `parts` are disposed of. */
export async function beginWork(
  parts: AsyncDisposableStack,
  context: Context,
  {
    store: opened,
    clock,
    stopping,
  }: {
    readonly store: OpenStore;
    readonly clock: DatabaseClock;
    readonly stopping: AbortController;
  },
): Promise<Work> {
  const { signal } = stopping;
  const { folder, sqliteFolder } = opened;
  const pipeline = createPipeline(context);
  const store = (alerts: readonly Alert[]) => pipeline.receive(alerts);
  const probe = () => probeStore(context);
  const { intake, warning } = parts.use(await openReserve(context, { store, probe, folder, signal }));
  const health = new OwnHealth(context, { clock, dataFolder: folder });
  const working = Promise.all([
    intake.serve(signal),
    runWorker(context, pipeline, signal, () => health.turned()),
    watchQueue(context, signal),
    sqliteFolder === null ? undefined : lookThrough(context, sqliteFolder, signal),
    health.serve(signal),
  ]);
  parts.defer(() => {
    // Aborted before, unless the start has failed.
    stopping.abort();
    return working.then(() => undefined);
  });
  return { intake, warning, health };
}
