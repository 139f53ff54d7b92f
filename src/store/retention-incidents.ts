import { firstIdOf } from "../model/id.ts";
import type { Database, Statement } from "./database.ts";

/** Incidents looked at together. */
const incidentsAtOnce = 100;
/** Rows of one batch that hang on them. */
const batchRows = 500;
/** Each with what every check saw from every location, at every look. */
const runsAtOnce = 20;

/** It is over, everybody has heard of it, and no storm that goes on lists it. */
const isOver = `closed_at is not null and closed_at < $1
  and not exists (
    select 1 from deliveries where deliveries.incident_id = incidents.id and deliveries.state = 'pending')
  and not exists (select 1 from runs where runs.incident_id = incidents.id and runs.ended_at is null)
  and not exists (
    select 1 from storm_members join incidents storms on storms.id = storm_members.storm_id
    where storm_members.incident_id = incidents.id and storms.closed_at is null)`;

/**
 * One batch of what hangs on incidents that are over since before `history` (ms since 1970), or, when there is nothing left,
 * the incidents themselves. The deliveries go first: without its dead letters nothing can make an incident due again.
 */
export async function sweepIncidents(
  database: Database,
  { history }: { readonly history: number },
  from: string,
): Promise<{ readonly removed: number; readonly next: string | null }> {
  const rows = await database.read<{ id: string; due: number }>(
    // Limited first: for a whole table PostgreSQL would read all of the others.
    `select id, case when ${isOver} then 1 else 0 end as due from (
        select id, closed_at from incidents where id > $2 and id < $3 order by id limit $4
      ) as incidents order by id`,
    [history, from, firstIdOf(history), incidentsAtOnce],
  );
  const ids = rows.filter(({ due }) => due === 1).map(({ id }) => id);
  const next = rows.length < incidentsAtOnce ? null : (rows.at(-1)?.id ?? null);
  if (ids.length === 0) return { removed: 0, next };
  for (const statementsFor of [ofDeliveries, ofRuns, ofStorms, ofAlerts]) {
    const { removed, statements } = await statementsFor(database, ids);
    if (removed === 0) continue;
    await database.write(statements);
    return { removed, next: from };
  }
  const sql = `delete from incidents where id in (${places(ids.length, 2)}) and ${isOver}`;
  await database.write([{ sql, params: [history, ...ids] }]);
  return { removed: ids.length, next };
}

interface Leaves {
  readonly removed: number;
  readonly statements: readonly Statement[];
}

async function ofDeliveries(database: Database, incidentIds: readonly string[]): Promise<Leaves> {
  const ids = await idsOf(database, "deliveries", { incidentIds, limit: batchRows });
  const sql = `delete from deliveries where id in (${places(ids.length)}) and state <> 'pending'`;
  return { removed: ids.length, statements: [{ sql, params: ids }] };
}

async function ofRuns(database: Database, incidentIds: readonly string[]): Promise<Leaves> {
  const ids = await idsOf(database, "runs", { incidentIds, limit: runsAtOnce });
  const tables = { observations: "run_id", contrasts: "run_id", runs: "id" };
  const statements = Object.entries(tables).map(([table, column]) => ({
    sql: `delete from ${table} where ${column} in (${places(ids.length)})`,
    params: ids,
  }));
  return { removed: ids.length, statements };
}

/** As members of a storm, and as storms. */
async function ofStorms(database: Database, incidentIds: readonly string[]): Promise<Leaves> {
  const ids = places(incidentIds.length, 2);
  const rows = await database.read<{ storm_id: string; incident_id: string }>(
    `select storm_id, incident_id from storm_members where storm_id in (${ids})
      union select storm_id, incident_id from storm_members where incident_id in (${ids}) limit $1`,
    [batchRows, ...incidentIds],
  );
  const statements = rows.map((row) => ({
    sql: "delete from storm_members where storm_id = $1 and incident_id = $2",
    params: [row.storm_id, row.incident_id],
  }));
  return { removed: rows.length, statements };
}

/** That they joined it; the alerts themselves may have joined others too. */
async function ofAlerts(database: Database, incidentIds: readonly string[]): Promise<Leaves> {
  const rows = await database.read<{ incident_id: string; alert_id: string }>(
    `select incident_id, alert_id from incident_alerts where incident_id in (${places(incidentIds.length, 2)})
      order by incident_id, alert_id limit $1`,
    [batchRows, ...incidentIds],
  );
  // In the table's order: of each incident the first ones, up to the last that was read.
  const last = new Map(rows.map((row) => [row.incident_id, row.alert_id]));
  const statements = Array.from(last, ([incidentId, alertId]) => ({
    sql: "delete from incident_alerts where incident_id = $1 and alert_id <= $2",
    params: [incidentId, alertId],
  }));
  return { removed: rows.length, statements };
}

async function idsOf(
  database: Database,
  table: "deliveries" | "runs",
  { incidentIds, limit }: { readonly incidentIds: readonly string[]; readonly limit: number },
): Promise<string[]> {
  const rows = await database.read<{ id: string }>(
    `select id from ${table} where incident_id in (${places(incidentIds.length, 2)}) limit $1`,
    [limit, ...incidentIds],
  );
  return rows.map(({ id }) => id);
}

/** `$1, $2, …` for so many values, counted from `first`. */
export function places(count: number, first = 1): string {
  return Array.from({ length: count }, (_, index) => `$${first + index}`).join(", ");
}
