import type { Alert } from "../model/alert.ts";
import { insertAlert } from "../store/alerts.ts";
import { wake } from "../store/jobs.ts";
import type { Config } from "../config/config.ts";
import type { Context } from "./context.ts";

/** The hold of an alert that no route may know: nothing waits longer than this for a human to be told. */
const defaultHoldMs = 60_000;

/**
 * 1. Alerts come in: each is stored with its hold (verdict.md §4) and a wake-up for the routing, in one durable write.
 * When this resolves they are on disk; the database groups the writes of concurrent callers into one commit.
 */
export async function receiveAlerts(context: Context, alerts: readonly Alert[]): Promise<void> {
  const { config } = context.setup();
  const firing = alerts.filter((alert) => alert.status === "firing");
  await context.database.write([
    ...alerts.map((alert) => insertAlert(alert)),
    ...firing.map((alert) => wake(`hold:${alert.id}`, alert.receivedAt + shortestHold(config, alert))),
    wake("inbox", context.now()),
  ]);
  for (const alert of alerts) {
    context.metrics.alerts.inc({ source: alert.source, status: alert.status });
    context.log.info("alert", {
      alert: alert.id,
      source: alert.source,
      status: alert.status,
      bytes: alert.body.length,
    });
  }
}

/** Which route takes the alert is not known yet, so the shortest hold of those that may decides when to look. */
function shortestHold(config: Config, alert: Alert): number {
  const routes = [...config.routes.values()].filter(
    (route) => route.checks.length > 0 && (alert.onlyRoute === null || alert.onlyRoute === route.name),
  );
  return Math.min(defaultHoldMs, ...routes.map((route) => route.policy.holdMs));
}
