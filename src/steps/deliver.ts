import type { ActionKind } from "../model/action.ts";
import type { Delivery } from "../model/delivery.ts";
import type { ActionSettings } from "../notify/action-type.ts";
import { decideDelivery, decideWait } from "../notify/deliver.ts";
import type { Change, Wait } from "../notify/gates.ts";
import type { Statement } from "../store/database.ts";
import { pendingDeliveries, supersedeDelivery } from "../store/deliveries.ts";
import { failingSince } from "../store/heard.ts";
import { closeWhenDelivered } from "../store/incidents.ts";
import { wake, wakeLanesOf } from "../store/jobs.ts";
import { attempt } from "./attempt.ts";
import type { Context } from "./context.ts";
import { logChange, logDelivery } from "./delivery-report.ts";
import { leftUntil } from "./leave.ts";
import { aboutOf } from "./message.ts";
import { heldUntil } from "./mutes.ts";
import { isBehind } from "./serial.ts";
import { gone, settle } from "./settle.ts";
import type { Settled } from "./settle.ts";
import { joinsStorm } from "./storm.ts";

/** One action's deliveries about one incident; they go in order. */
export interface Lane {
  readonly incidentId: string;
  readonly action: string;
}

/**
 * 5. The lowest pending delivery of a lane is sent: delivered, put off or dead (architecture §3). What is no longer true
 * by then is superseded, not sent.
 */
export async function deliverLane(
  context: Context,
  lane: Lane,
  signal: AbortSignal,
): Promise<readonly Statement[]> {
  const concurrency = context.setup().config.actions.get(lane.action)?.concurrency;
  using _place = await context.places.take(lane.action, concurrency ?? Infinity, signal);
  while (!signal.aborted) {
    const waiting = await pendingDeliveries(context.database, lane.incidentId);
    const pending = waiting.filter(({ action }) => action === lane.action);
    const now = context.now();
    const stale = pending.filter(
      (delivery, index) => delivery.isPassed || isOvertaken(delivery, pending.slice(index + 1), now),
    );
    if (stale.length > 0) await supersede(context, stale);
    const next = pending.find((delivery) => !stale.includes(delivery));
    if (next === undefined) return closing(context, lane);
    if (next.nextAt > context.now()) return wakeLane(lane, next.nextAt);
    const until = await heldUntil(context, next, () => aboutOf(context, next));
    if (until !== null) return wakeLane(lane, until);
    if (await isBehind(context, next)) return wakeLane(lane, context.now() + behindMs);
    if (await joinsStorm(context, next)) continue;
    const left = await unknownUntil(context, next);
    if (left !== undefined) return wakeLane(lane, left);
    const { isOver, statements, wakeAt } = await deliver(context, next, signal);
    if (wakeAt !== undefined) return wakeLane(lane, wakeAt);
    // What fell due in the meantime has woken the lane, which makes it run again: there is no need to look.
    if (isOver && pending.length === 1) return [...statements, ...closing(context, lane)];
    await context.database.write(statements);
  }
  return [];
}

/** How long an action that is not in the configuration here is left to a replica that may know it. */
const unknownMs = 60_000;

/** Until when this delivery is left to a replica with another configuration; undefined where it is ours to make. */
async function unknownUntil(context: Context, { action, nextAt }: Delivery): Promise<number | undefined> {
  return context.setup().config.actions.has(action) ? undefined : leftUntil(context, nextAt, unknownMs);
}

/** How soon to look again whether the actions before this one have been tried. */
const behindMs = 250;

function wakeLane({ incidentId, action }: Lane, at: number): Statement[] {
  return [wake(`lane:${incidentId}/${action}`, at)];
}

/** The lane has nothing more to tell; if no other has, the incident is over. */
function closing(context: Context, { incidentId }: Lane): Statement[] {
  return closeWhenDelivered(incidentId, context.now());
}

/**
 * An arrival is old news once there is another or a verdict, a verdict once there is a later word. What gathers alerts until
 * its time comes is no news before.
 */
function isOvertaken(delivery: Delivery, later: readonly Delivery[], now: number): boolean {
  const rank = { trigger: 0, verdict: 1, change: 1, recovered: 1, trouble: 2, digest: 2, test: 2 } as const;
  const own = rank[delivery.event];
  const isNews = ({ event, nextAt }: Delivery) =>
    rank[event] >= own &&
    rank[event] < 2 &&
    (event !== "trigger" || nextAt <= Math.max(now, delivery.nextAt));
  return own < 2 && later.some(isNews);
}

async function supersede(context: Context, deliveries: readonly Delivery[]): Promise<void> {
  await context.database.write(deliveries.map(({ id }) => supersedeDelivery(id)));
  for (const delivery of deliveries) logDelivery(context, delivery, "superseded", null);
}

async function deliver(context: Context, delivery: Delivery, signal: AbortSignal): Promise<Settled> {
  const { config, kinds } = context.setup();
  const settings = config.actions.get(delivery.action);
  if (settings === undefined) return settle(context, delivery, gone(delivery, config));
  const kind: ActionKind = kinds.get(delivery.action) ?? "message";
  const asking = { settings, kind, lane: delivery.incidentId };
  const answer = context.gates.enter(asking, context.now());
  if ("reason" in answer) return putOff(context, { delivery, settings, kind }, answer);
  using pass = answer;
  const tried = await attempt(context, { settings, delivery }, signal);
  if (tried === "over") {
    await supersede(context, [delivery]);
    return { isOver: true, statements: [] };
  }
  const { error, thread } = tried;
  const circumstances = { kind, now: context.now(), random: context.random() };
  // What never came to its receiver says nothing about it: a database that is away must not close the way to a pager.
  const change = tried.wasSent ? pass.end(error, circumstances) : null;
  const createdAt = error === null ? delivery.createdAt : await failingSinceOf(context, delivery);
  const decision = decideDelivery({ ...delivery, createdAt }, error, circumstances);
  if (change !== null) await spreadWord(context, delivery.action, { change, error: decision.error });
  context.metrics.attempts.inc({ action: delivery.action, result: error === null ? "ok" : "failed" });
  return await settle(context, { ...delivery, thread }, { decision, fallback: settings.fallback });
}

/**
 * Nobody has been told, and that is all a wait has in common with a failure: it counts no attempt. The row says why, once,
 * so that others see it.
 */
async function putOff(
  context: Context,
  { delivery, settings, kind }: { delivery: Delivery; settings: ActionSettings; kind: ActionKind },
  wait: Wait,
): Promise<Settled> {
  const { action } = delivery;
  const createdAt = await failingSinceOf(context, delivery);
  const { decision, wakeAt } = decideWait({ ...delivery, createdAt }, wait, { kind, now: context.now() });
  context.metrics.putOff.inc({ action, reason: wait.reason });
  const { fallback } = settings;
  const isNews = delivery.error === null || (decision.fallbackDue && fallback.length > 0);
  if (decision.state === "dead") return settle(context, delivery, { decision, fallback });
  if (isNews) await settle(context, delivery, { decision, fallback });
  return { isOver: false, statements: [], wakeAt };
}

/** What waited for an action that answers again need not wait any longer. */
async function spreadWord(
  context: Context,
  action: string,
  what: { readonly change: Change; readonly error: string | null },
): Promise<void> {
  logChange(context, action, what);
  if (what.change === "opened") return;
  // Without it they look again by themselves, if later.
  await context.database.write([wakeLanesOf(action, context.now())]).catch(() => undefined);
}

/** Arrivals that take each other's place must not put off the fallback, nor the end of the retries, for ever. */
async function failingSinceOf({ database }: Context, delivery: Delivery): Promise<number> {
  return delivery.event === "trigger" ? failingSince(database, delivery) : delivery.createdAt;
}
