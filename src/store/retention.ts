/**
 * What is over is removed, in batches that each take a few milliseconds: a sweep goes through a table by its ids, which
 * sort by time, and removes what nothing needs any more. It can end after any batch, and begin anew at any time.
 */
import { firstIdOf } from "../model/id.ts";
import type { Database, Statement } from "./database.ts";
import { places, sweepIncidents } from "./retention-incidents.ts";

/** What is older goes; times in ms since 1970. */
export interface Limits {
  readonly now: number;
  /** Of the bodies of alerts. */
  readonly bodies: number;
  /** Of everything. */
  readonly history: number;
  /** For how long (ms) a route tells nothing twice, for ever where that is null. Routes that are not there are left out. */
  readonly uniqueMs: ReadonlyMap<string, number | null>;
}

export interface Batch {
  /** How many rows went. */
  readonly removed: number;
  /** Where the next batch begins; null: that was the last one. */
  readonly next: string | null;
}

/** One batch, from an id on; the first one from the empty id. */
export type Sweep = (database: Database, limits: Limits, from: string) => Promise<Batch>;

/** In this order: what hangs on something goes before it. */
export const sweeps: Readonly<Record<string, Sweep>> = {
  incidents: sweepIncidents,
  deliveries: sweepDeliveries,
  alerts: sweepAlerts,
  bodies: sweepBodies,
  mutes: sweepMutes,
  audit: sweepAudit,
  told: sweepTold,
};

const batchRows = 500;

/** Somebody may still have to be told of this alert, or asks about it again. */
const inUse = `exists (
  select 1 from incident_alerts join incidents on incidents.id = incident_alerts.incident_id
  where incident_alerts.alert_id = alerts.id and (incidents.closed_at is null or exists (
    select 1 from deliveries where deliveries.incident_id = incidents.id and deliveries.state = 'pending')))`;

/** A dead letter does not keep it: sent again it says so. */
function sweepBodies(database: Database, { now, bodies }: Limits, from: string): Promise<Batch> {
  const due = `routed_at is not null and body_removed_at is null and not ${inUse}`;
  return sweepById(database, {
    walk: { table: "alerts", from, before: bodies, due },
    remove: (ids) => ({
      sql: `update alerts set body = $1, body_removed_at = $2 where id in (${places(ids.length, 3)}) and ${due}`,
      params: [new Uint8Array(), now, ...ids],
    }),
  });
}

// `limit 1` and not `exists`: PostgreSQL looks each one up then, and never reads a table whole to have them all at hand.

/** Those that no incident refers to: they never had one, or it has gone. */
function sweepAlerts(database: Database, { history }: Limits, from: string): Promise<Batch> {
  const due =
    "routed_at is not null and (select 1 from incident_alerts where alert_id = alerts.id limit 1) is null";
  return sweepById(database, {
    walk: { table: "alerts", from, before: history, due },
    remove: (ids) => ({
      sql: `delete from alerts where id in (${places(ids.length)}) and ${due}`,
      params: ids,
    }),
  });
}

/** Those of no incident. */
function sweepDeliveries(database: Database, { history }: Limits, from: string): Promise<Batch> {
  const due =
    "state <> 'pending' and (select 1 from incidents where incidents.id = deliveries.incident_id limit 1) is null";
  return sweepById(database, {
    walk: { table: "deliveries", from, before: history, due },
    remove: (ids) => ({
      sql: `delete from deliveries where id in (${places(ids.length)}) and ${due}`,
      params: ids,
    }),
  });
}

function sweepAudit(database: Database, { history }: Limits, from: string): Promise<Batch> {
  return sweepById(database, {
    walk: { table: "audit", from, before: history, due: "1 = 1" },
    remove: (ids) => ({ sql: `delete from audit where id in (${places(ids.length)})`, params: ids }),
  });
}

async function sweepMutes(database: Database, { history }: Limits): Promise<Batch> {
  const rows = await database.read<{ id: string }>(
    "select id from mutes where until_at < $1 order by until_at limit $2",
    [history, batchRows],
  );
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return { removed: 0, next: null };
  await database.write([{ sql: `delete from mutes where id in (${places(ids.length)})`, params: ids }]);
  return { removed: ids.length, next: ids.length < batchRows ? null : "" };
}

/** Route by route, after one: what a route tells only once for ever is never forgotten. */
async function sweepTold(database: Database, limits: Limits, from: string): Promise<Batch> {
  const [first] = await database.read<{ route: string | null }>(
    "select min(route) as route from told_messages where route > $1",
    [from],
  );
  const route = first?.route ?? null;
  if (route === null) return { removed: 0, next: null };
  const uniqueMs = limits.uniqueMs.get(route);
  if (uniqueMs === null) return { removed: 0, next: route };
  const before = Math.min(limits.history, limits.now - (uniqueMs ?? 0));
  const rows = await database.read<{ key: string }>(
    "select key from told_messages where route = $1 and told_at < $2 order by told_at limit $3",
    [route, before, batchRows],
  );
  const keys = rows.map(({ key }) => key);
  if (keys.length === 0) return { removed: 0, next: route };
  const sql = `delete from told_messages where route = $1 and told_at < $2 and key in (${places(keys.length, 3)})`;
  await database.write([{ sql, params: [route, before, ...keys] }]);
  return { removed: keys.length, next: keys.length < batchRows ? route : from };
}

/** What `due` may look at. */
const columns = {
  alerts: "id, routed_at, body_removed_at",
  deliveries: "id, incident_id, state",
  audit: "id",
} as const;

interface Walk {
  readonly table: keyof typeof columns;
  readonly from: string;
  /** ms since 1970 */
  readonly before: number;
  /** What a row has to be to go. */
  readonly due: string;
}

/** Reads so many rows, whether they are due or not, so that no batch takes long; the write looks at them once more. */
async function sweepById(
  database: Database,
  { walk, remove }: { readonly walk: Walk; readonly remove: (ids: string[]) => Statement },
): Promise<Batch> {
  const rows = await database.read<{ id: string; due: number }>(
    // Limited first: for a whole table PostgreSQL would plan to read all of another.
    `select id, case when ${walk.due} then 1 else 0 end as due from (
        select ${columns[walk.table]} from ${walk.table} where id > $1 and id < $2 order by id limit $3
      ) as ${walk.table} order by id`,
    [walk.from, firstIdOf(walk.before), batchRows],
  );
  const ids = rows.filter(({ due }) => due === 1).map(({ id }) => id);
  if (ids.length > 0) await database.write([remove(ids)]);
  return { removed: ids.length, next: rows.length < batchRows ? null : (rows.at(-1)?.id ?? null) };
}
