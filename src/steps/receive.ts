import type { Alert } from "../model/alert.ts";
import { insertAlert } from "../store/alerts.ts";
import { wake } from "../store/jobs.ts";
import type { Config } from "../config/config.ts";
import { isInvestigated } from "../route/plan.ts";
import type { Context } from "./context.ts";

/** The hold of an alert that no route may know: nothing waits longer than this for a human to be told. */
const defaultHoldMs = 60_000;

/** Callers in one write: enough to share the commit, few enough that nobody waits for long. */
const batchLimit = 250;

interface Arrival extends PromiseWithResolvers<void> {
  readonly alerts: readonly Alert[];
}

/**
 * 1. Alerts come in: each is stored with its hold (verdict.md §4) and a wake-up for the routing, in one durable write.
 * When the promise resolves they are on disk. While one write is under way the next gathers its callers: they share the
 * commit, and the lock of the inbox, for which they would wait one after the other.
 */
export function createReceiver(context: Context): (alerts: readonly Alert[]) => Promise<void> {
  const waiting: Arrival[] = [];
  let writing = false;
  const drain = async () => {
    writing = true;
    await Promise.resolve();
    while (waiting.length > 0) await storeTogether(context, waiting.splice(0, batchLimit));
    writing = false;
  };
  return (alerts) => {
    const arrival = { alerts, ...Promise.withResolvers<void>() };
    waiting.push(arrival);
    if (!writing) void drain();
    return arrival.promise;
  };
}

/** All in one write; where that fails each alone, so that nobody is refused for another's alert. Never rejects. */
async function storeTogether(context: Context, arrivals: readonly Arrival[]): Promise<void> {
  try {
    await store(
      context,
      arrivals.flatMap(({ alerts }) => alerts),
    );
    for (const { resolve } of arrivals) resolve();
  } catch (error) {
    const [only, ...others] = arrivals;
    if (others.length === 0) only?.reject(error);
    else await Promise.all(arrivals.map((arrival) => storeTogether(context, [arrival])));
  }
}

async function store(context: Context, alerts: readonly Alert[]): Promise<void> {
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
    (route) => isInvestigated(route) && (alert.onlyRoute === null || alert.onlyRoute === route.name),
  );
  return Math.min(defaultHoldMs, ...routes.map((route) => route.policy.holdMs));
}
