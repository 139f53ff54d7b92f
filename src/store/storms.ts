import type { Delivery } from "../model/delivery.ts";
import { digestRoute, stormRoute, troubleRoute } from "../model/incident.ts";
import type { Database, Statement } from "./database.ts";

/** An incident whose page is its storm's. */
export interface StormMember {
  readonly incidentId: string;
  readonly subject: string;
  readonly closedAt: number | null;
  /** The pager would have been told that it is over. */
  readonly isRecovered: boolean;
}

/** An incident of an action as part of a storm; a second time it is only noted when. */
export function insertStormMember(
  stormId: string,
  { incidentId, action }: Pick<Delivery, "incidentId" | "action">,
  now: number,
): Statement {
  return {
    sql: `insert into storm_members (storm_id, incident_id, action, joined_at) values ($1, $2, $3, $4)
      on conflict (storm_id, incident_id) do update set joined_at = excluded.joined_at`,
    params: [stormId, incidentId, action, now],
  };
}

/**
 * One more has joined. Guarded: a ConflictError when the storm is over. Its version counts, so that nobody who read it
 * before ends it; any number may join at once.
 */
export function countInStorm(stormId: string, now: number): Statement {
  return {
    sql: `update incidents set version = version + 1, alert_count = alert_count + 1, last_alert_at = $2
      where id = $1 and closed_at is null`,
    params: [stormId, now],
    changes: 1,
  };
}

/** Those of one storm, in the order in which their incidents opened. */
export async function stormMembers(database: Database, stormId: string): Promise<StormMember[]> {
  const rows = await database.read<{
    incident_id: string;
    subject: string;
    closed_at: number | null;
    recovered: number;
  }>(
    `select storm_members.incident_id, incidents.subject, incidents.closed_at, (
        select count(*) from deliveries where deliveries.incident_id = storm_members.incident_id
          and deliveries.action = storm_members.action and event = 'recovered'
          and created_at >= storm_members.joined_at) as recovered
      from storm_members join incidents on incidents.id = storm_members.incident_id
      where storm_members.storm_id = $1 order by storm_members.incident_id`,
    [stormId],
  );
  return rows.map((row) => ({
    incidentId: row.incident_id,
    subject: row.subject,
    closedAt: row.closed_at,
    isRecovered: row.recovered > 0,
  }));
}

/** The storms that an incident is part of on an action, the latest first. */
export async function stormsOf(
  database: Database,
  { incidentId, action }: Pick<Delivery, "incidentId" | "action">,
): Promise<{ readonly id: string; readonly isOpen: boolean }[]> {
  const rows = await database.read<{ id: string; closed_at: number | null }>(
    `select incidents.id, incidents.closed_at from storm_members
      join incidents on incidents.id = storm_members.storm_id
      where storm_members.incident_id = $1 and storm_members.action = $2 order by incidents.id desc`,
    [incidentId, action],
  );
  return rows.map(({ id, closed_at }) => ({ id, isOpen: closed_at === null }));
}

/**
 * How many other incidents began to ring an action before this delivery was due, and after `since` (ms), at most `limit`.
 * Those that became part of a storm count; what was overtaken or only says more of an incident that rings does not.
 */
export async function ringsBefore(
  database: Database,
  { id, incidentId, action, createdAt }: Pick<Delivery, "id" | "incidentId" | "action" | "createdAt">,
  { since, limit }: { readonly since: number; readonly limit: number },
): Promise<number> {
  const [row] = await database.read<{ rings: number }>(
    `select count(*) as rings from (
      select distinct incident_id from deliveries ring
      where action = $1 and created_at > $2 and created_at <= $3 and (created_at < $3 or id < $4)
        and incident_id <> $5 and event in ('trigger', 'verdict', 'change')
        and (state <> 'superseded' or exists (
          select 1 from storm_members where storm_members.incident_id = ring.incident_id
            and storm_members.action = ring.action))
        and coalesce((select event from deliveries before where before.incident_id = ring.incident_id
          and before.action = ring.action and before.number < ring.number and before.state = 'delivered'
          order by before.number desc limit 1), 'recovered') = 'recovered'
        and not exists (select 1 from incidents where incidents.id = ring.incident_id
          and incidents.route in ($6, $7, $8))
      limit $9) as counted`,
    [action, since, createdAt, id, incidentId, stormRoute, troubleRoute, digestRoute, limit],
  );
  return row?.rings ?? 0;
}
