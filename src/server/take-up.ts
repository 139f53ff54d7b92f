import type { Context } from "../steps/context.ts";
import { wakeDigest } from "../steps/digest.ts";
import { releaseUnmuted } from "../steps/mutes.ts";
import { wakeRetention } from "../steps/retention.ts";
import { wakeSelfTests } from "../steps/self-test.ts";
import { reportTrouble } from "../steps/trouble.ts";
import { staleText } from "./load-at-start.ts";
import { primeMetrics } from "./prime-metrics.ts";

/** What a configuration that has just been loaded makes due. */
export async function takeUp(context: Context): Promise<void> {
  const { config } = context.setup();
  const { path, stale } = config;
  primeMetrics(context.metrics, config);
  if (stale !== null)
    await reportTrouble(context, "stale-config", { what: path, note: staleText(path, stale) });
  await Promise.all([
    wakeSelfTests(context),
    wakeDigest(context),
    wakeRetention(context),
    releaseUnmuted(context),
  ]);
}
