import type { Storm } from "../config/config.ts";
import type { Delivery } from "../model/delivery.ts";
import { digestRoute, newIncident, stormRoute, troubleRoute } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import { alertById } from "../store/alerts.ts";
import { ConflictError } from "../store/database.ts";
import type { Statement } from "../store/database.ts";
import { pendingDeliveries, replaceDelivery } from "../store/deliveries.ts";
import { incidentById, insertIncident, openOnRoute, updateIncident } from "../store/incidents.ts";
import { wake } from "../store/jobs.ts";
import { countInStorm, insertStormMember, pageStanding, ringsBefore, stormMembers } from "../store/storms.ts";
import type { PageStanding } from "../store/storms.ts";
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
  if (context.setup().kinds.get(delivery.action) !== "pager") return false;
  const { incidents: limit, withinMs } = context.setup().config.storm;
  const window = { since: delivery.createdAt - withinMs, limit };
  const standing = await pageStanding(context.database, delivery, window);
  if (standing?.route === stormRoute) await noteListed(context, delivery.incidentId);
  // What has rung by itself, or may have, is told to its end by itself.
  const hasRung = standing?.last !== null && standing?.last !== "recovered";
  if (standing === undefined || delivery.attempts > 0 || hasRung) return false;
  const statements = await joining(context, delivery, standing);
  if (statements === null) return false;
  try {
    await context.database.write([replaceDelivery(delivery.id), ...statements]);
    const { id, incidentId, runId, action, event } = delivery;
    const about = { incident: incidentId, run: runId };
    context.log.info("delivery-in-storm", { delivery: id, ...about, action, told: event });
    context.metrics.deliveries.inc({ action, state: "superseded" });
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  return true;
}

/** What is written in a delivery's place; null: it is sent by itself. */
async function joining(
  context: Context,
  delivery: Delivery,
  { route, storm, others }: PageStanding,
): Promise<Statement[] | null> {
  if (apart.includes(route)) return null;
  if (delivery.event === "recovered")
    return storm === null ? null : [wake(`incident:${storm.id}`, context.now())];
  const { storm: limits } = context.setup().config;
  const joins = storm?.isOpen === true;
  if (!joins && others < limits.incidents) return null;
  if (!(await ringsNow(context, delivery))) return null;
  if (joins) return joinStatements(context, storm.id, delivery);
  const since = delivery.createdAt - limits.withinMs;
  const rings = await ringsBefore(context.database, delivery, { since, limit: limits.incidents });
  return rings < limits.incidents ? null : joinAny(context, delivery, limits);
}

/**
 * The page that is about to be put together lists whoever has joined by now: only those who come later are news. A
 * conflict says that one has just come; then the update says too much rather than too little.
 */
async function noteListed(context: Context, stormId: string): Promise<void> {
  const storm = await incidentById(context.database, stormId);
  if (storm === undefined || storm.closedAt !== null || storm.told === null) return;
  if (storm.told.failing === storm.alertCount) return;
  const told = { ...storm.told, failing: storm.alertCount };
  try {
    await context.database.write([updateIncident({ ...storm, told })]);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** News that would make the pager ring. */
async function ringsNow({ database }: Context, delivery: Delivery): Promise<boolean> {
  const { event, incidentId, notice, createdAt } = delivery;
  if (event !== "trigger" && event !== "verdict" && event !== "change") return false;
  const incident = await incidentById(database, incidentId);
  if (incident === undefined) return false;
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
  const pending = await pendingDeliveries(database, storm.id);
  const isBusy = pending.some(({ action }) => action === pager);
  const isUnsaid = storm.told !== null && storm.alertCount > storm.told.failing;
  const isRecovered = members.every(({ closedAt, isRecovered: told }) => closedAt !== null && told);
  const isOver = members.every(({ closedAt }) => closedAt !== null);
  // What nobody checks is over at once: not before it has been told.
  if (isRecovered || (isOver && !isBusy && !isUnsaid)) {
    const closed: Incident = { ...storm, state: "closed", closedAt: now, nextRunAt: null };
    return [
      updateIncident(closed),
      ...tellStorm(storm, telling("recovered", isRecovered ? [pager] : []), now),
    ];
  }
  const { updateMs } = context.setup().config.storm;
  const { told } = storm;
  const isDue = told === null || now >= told.at + updateMs;
  // One that has not been taken yet lists them all the next time it is tried.
  const isNews = told !== null && isDue && isUnsaid && !isBusy;
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
