import type { Storm } from "../config/config.ts";
import type { Delivery } from "../model/delivery.ts";
import { digestRoute, newIncident, stormRoute, troubleRoute } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import { alertById } from "../store/alerts.ts";
import { ConflictError } from "../store/database.ts";
import type { Statement } from "../store/database.ts";
import { lastToldEvent, pendingDeliveries, replaceDelivery } from "../store/deliveries.ts";
import { incidentById, insertIncident, openOnRoute, updateIncident } from "../store/incidents.ts";
import { wake } from "../store/jobs.ts";
import { countInStorm, insertStormMember, ringsBefore, stormMembers, stormsOf } from "../store/storms.ts";
import { telling } from "../verdict/step.ts";
import type { Telling } from "../verdict/step.ts";
import type { Context } from "./context.ts";
import { tellStatements } from "./tell.ts";

/** What comes within this time of a storm's beginning is on its first page. */
const longestGatherMs = 5000;

const tries = 8;

/** Incidents of our own: one page each, whatever happens. */
const apart: readonly string[] = [stormRoute, troubleRoute, digestRoute];

/**
 * Whether a delivery that is about to be sent to a pager is told by a storm's page instead (verdict.md §6), or is no
 * longer what it was: the lane looks again. It is superseded only in the write that makes the storm's page due, and has
 * the incident listed there; and its place in the order of pages decides, so that replicas that look at once agree.
 */
export async function joinsStorm(context: Context, delivery: Delivery): Promise<boolean> {
  if (context.setup().kinds.get(delivery.action) !== "pager" || delivery.attempts > 0) return false;
  const last = await lastToldEvent(context.database, delivery.incidentId, delivery.action);
  // What has rung by itself is told to its end by itself.
  if (last !== undefined && last !== "recovered") return false;
  const statements = await joining(context, delivery);
  if (statements === null) return false;
  try {
    await context.database.write([replaceDelivery(delivery.id), ...statements]);
    const { id, incidentId, action, event } = delivery;
    context.log.info("delivery-in-storm", { delivery: id, incident: incidentId, action, told: event });
    context.metrics.deliveries.inc({ action, state: "superseded" });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  return true;
}

/** What is written in a delivery's place; null: it is sent by itself. */
async function joining(context: Context, delivery: Delivery): Promise<Statement[] | null> {
  const [storm] = await stormsOf(context.database, delivery);
  if (delivery.event === "recovered")
    return storm === undefined ? null : [wake(`incident:${storm.id}`, context.now())];
  const isRing = await ringsNow(context, delivery);
  if (!isRing) return null;
  if (storm?.isOpen === true) return joinStatements(context, storm.id, delivery);
  const { storm: limits } = context.setup().config;
  const since = delivery.createdAt - limits.withinMs;
  const rings = await ringsBefore(context.database, delivery, { since, limit: limits.incidents });
  return rings < limits.incidents ? null : joinAny(context, delivery, limits);
}

/** News that would make the pager ring. */
async function ringsNow({ database }: Context, delivery: Delivery): Promise<boolean> {
  const { event, incidentId, notice, createdAt } = delivery;
  if (event !== "trigger" && event !== "verdict" && event !== "change") return false;
  const incident = await incidentById(database, incidentId);
  if (incident === undefined || apart.includes(incident.route)) return false;
  if (incident.closedAt !== null && createdAt < incident.closedAt) return false;
  if (event !== "trigger" || notice.alertId === null) return true;
  // Passed on, an alert that says resolved ends a page.
  return (await alertById(database, notice.alertId))?.alert.status !== "resolved";
}

/** The storm that goes on, or a new one. Long after the last has joined, a page would change without being heard. */
async function joinAny(
  context: Context,
  delivery: Delivery,
  { withinMs, updateMs }: Storm,
): Promise<Statement[]> {
  const now = context.now();
  const open = await openOnRoute(context.database, stormRoute);
  const going = open.find(
    (storm) => pagerOf(storm) === delivery.action && now - lastNewsOf(storm) <= updateMs,
  );
  if (going !== undefined) return joinStatements(context, going.id, delivery);
  const taken = open.map(({ subject }) => subject);
  const begun = newIncident({ route: stormRoute, subject: freeName(delivery.action, taken), now });
  const dueAt = now + Math.min(longestGatherMs, Math.ceil(withinMs / 12));
  const nextRunAt = dueAt + updateMs;
  const told = { outcome: "confirmed", failing: 1, at: dueAt, actions: [delivery.action] } as const;
  const storm: Incident = {
    ...begun,
    state: "open",
    alertCount: 1,
    told: { ...told, actions: [...told.actions] },
    nextRunAt,
  };
  const tell = telling("verdict", [delivery.action]).map((one) => ({ ...one, dueAt }));
  return [
    insertIncident(storm),
    insertStormMember(storm.id, delivery, now),
    ...tellStorm(storm, tell, now),
    wake(`incident:${storm.id}`, nextRunAt),
  ];
}

function joinStatements(context: Context, stormId: string, delivery: Delivery): Statement[] {
  const now = context.now();
  return [insertStormMember(stormId, delivery, now), countInStorm(stormId, now)];
}

/** When somebody joined last, or its page was told. */
function lastNewsOf({ lastAlertAt, told }: Incident): number {
  return Math.max(lastAlertAt, told?.at ?? 0);
}

/** The pager that a storm is on. */
function pagerOf({ told }: Incident): string | undefined {
  return told?.actions[0];
}

/** `oncall`; while that storm's page is not over yet, `oncall (2)`. */
function freeName(action: string, taken: readonly string[]): string {
  let name = action;
  for (let number = 2; taken.includes(name); number += 1) name = `${action} (${number})`;
  return name;
}

function tellStorm({ id }: Incident, tell: readonly Telling[], now: number): Statement[] {
  return tellStatements({ incidentId: id, runId: null, alertId: null, now }, tell);
}

/**
 * A storm's page is told again while more join, at most once in `update`, and is over when all of its incidents are. It
 * is resolved if each of them has recovered; what nobody checks never does, and whoever took the page closes it.
 */
export async function lookAtStorm(context: Context, stormId: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const storm = await incidentById(context.database, stormId);
    if (storm === undefined || storm.closedAt !== null) return;
    try {
      await context.database.write(await nextOfStorm(context, storm));
      return;
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === tries) throw error;
    }
  }
}

async function nextOfStorm(context: Context, storm: Incident): Promise<Statement[]> {
  const now = context.now();
  const { database } = context;
  const members = await stormMembers(database, storm.id);
  const pager = pagerOf(storm) ?? "";
  const isRecovered = members.every(({ closedAt, isRecovered: told }) => closedAt !== null && told);
  const isOver = members.every(({ closedAt }) => closedAt !== null);
  // What nobody checks is over at once: not before its page is out.
  if (isRecovered || (isOver && (await pendingDeliveries(database, storm.id, pager)).length === 0)) {
    const closed: Incident = { ...storm, state: "closed", closedAt: now, nextRunAt: null };
    return [
      updateIncident(closed),
      ...tellStorm(storm, telling("recovered", isRecovered ? [pager] : []), now),
    ];
  }
  const { updateMs } = context.setup().config.storm;
  const { told } = storm;
  const isDue = told === null || now >= told.at + updateMs;
  const isNews = told !== null && isDue && storm.alertCount > told.failing;
  const nextRunAt = told === null || isDue ? now + updateMs : told.at + updateMs;
  const next: Incident = {
    ...storm,
    told: isNews ? { ...told, failing: storm.alertCount, at: now } : told,
    nextRunAt,
  };
  return [
    updateIncident(next),
    ...tellStorm(storm, telling("change", isNews ? [pager] : []), now),
    wake(`incident:${storm.id}`, nextRunAt),
  ];
}
