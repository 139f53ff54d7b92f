import type { Alert } from "../model/alert.ts";
import { newId } from "../model/id.ts";
import { deleteAlert, insertAlert } from "../store/alerts.ts";
import { wake } from "../store/jobs.ts";
import type { Config } from "../config/config.ts";
import { isInvestigated } from "../route/plan.ts";
import type { Context } from "./context.ts";
import type { Rush } from "./rush.ts";

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
export function createReceiver(context: Context, rush?: Rush): (alerts: readonly Alert[]) => Promise<void> {
  const waiting: Arrival[] = [];
  let writing = false;
  const drain = async () => {
    writing = true;
    await Promise.resolve();
    while (waiting.length > 0) {
      const arrivals = waiting.splice(0, batchLimit);
      await storeTogether(context, arrivals);
      rush?.received(arrivals.length);
    }
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
  const holdOf = shortestHolds(context.setup().config);
  const firing = alerts.filter((alert) => alert.status === "firing");
  await context.database.write([
    ...alerts.map(insertAlert),
    ...firing.map(({ id, receivedAt, onlyRoute }) => wake(`hold:${id}`, receivedAt + holdOf(onlyRoute))),
    wake("inbox", context.now()),
  ]);
  for (const [status, same] of Map.groupBy(alerts, (alert) => alert.status)) {
    for (const [source, { length }] of Map.groupBy(same, (alert) => alert.source))
      context.metrics.alerts.inc({ source, status }, length);
  }
  for (const { id, source, status, body } of alerts)
    context.log.info("alert", { alert: id, source, status, bytes: body.length });
}

/**
 * Stores an alert as any other and takes it back, in one write.
 * @throws what the database says while it stores none
 */
export async function probeStore(context: Pick<Context, "database" | "now">): Promise<void> {
  const [id, now] = [newId(), context.now()];
  const nothing = { onlyRoute: null, contentType: null, dedupKey: null, targetUrl: null, fault: null };
  const standIn = { ...nothing, id, receivedAt: now, source: "probe", body: new Uint8Array() };
  await context.database.write([
    insertAlert({ ...standIn, status: "other" }),
    wake("inbox", now),
    deleteAlert(id),
  ]);
}

/** Which route takes an alert is not known yet, so the shortest hold of those that may decides when to look. */
function shortestHolds({ routes }: Config): (onlyRoute: string | null) => number {
  const investigated = [...routes.values()].filter(isInvestigated);
  const shortest = Math.min(defaultHoldMs, ...investigated.map(({ policy }) => policy.holdMs));
  return (onlyRoute) => {
    if (onlyRoute === null) return shortest;
    const own = investigated.find(({ name }) => name === onlyRoute);
    return Math.min(defaultHoldMs, own?.policy.holdMs ?? defaultHoldMs);
  };
}
