import type { Config } from "../config/config.ts";
import { version } from "../model/version.ts";
import type { Metrics } from "../metrics.ts";
import { troubleCauses } from "../steps/trouble.ts";

const results = ["ok", "failed"] as const;

/**
 * Counters of what should never happen start at 0: one that begins with its first event shows Prometheus no rise, and the
 * rule that waits for it stays silent. Nothing is counted here. What runs now is said as well; what a reload took away
 * (`before`: what ran until then) is nobody's trouble any more.
 */
export function primeMetrics(
  metrics: Metrics,
  { actions, server, stale, loadedAt }: Config,
  before?: Config,
): void {
  for (const action of before?.actions.keys() ?? [])
    if (!actions.has(action)) metrics.actionOpen.remove({ action });
  metrics.buildInfo.set({ version }, 1);
  metrics.reloadOk.set(1);
  metrics.configStale.set(stale === null ? 0 : 1);
  metrics.configLoaded.set(loadedAt / 1000);
  metrics.spoolLimit.set(server.spoolBytes);
  for (const action of actions.keys()) {
    for (const state of ["delivered", "dead"]) metrics.deliveries.inc({ action, state }, 0);
    for (const result of results) metrics.attempts.inc({ action, result }, 0);
    // It stays as it is where it is 1.
    metrics.actionOpen.inc({ action }, 0);
  }
  for (const action of server.emergency)
    for (const result of results) metrics.emergencies.inc({ action, result }, 0);
  for (const cause of troubleCauses) metrics.trouble.inc({ cause }, 0);
  for (const reason of ["token", "signature", "store", "pressure"]) metrics.refused.inc({ reason }, 0);
  for (const result of ["ok", "refused"]) metrics.reloads.inc({ result }, 0);
  for (const result of ["ok", "withheld", "failed"]) metrics.heartbeats.inc({ result }, 0);
}
