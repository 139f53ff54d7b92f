import type { Delivery, DeliveryEvent } from "../model/delivery.ts";
import { digestRoute, stormRoute, troubleRoute } from "../model/incident.ts";
import type { Database, Statement } from "./database.ts";

/** More deliveries of one incident than come within a storm's time. */
const ringsOfOne = 8;

/** An incident whose page is its storm's. */
export interface StormMember {
  readonly incidentId: string;
  readonly route: string;
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
    route: string;
    subject: string;
    closed_at: number | null;
    recovered: number;
  }>(
    `select storm_members.incident_id, incidents.route, incidents.subject, incidents.closed_at, (
        select count(*) from deliveries where deliveries.incident_id = storm_members.incident_id
          and deliveries.action = storm_members.action and event = 'recovered'
          and created_at >= storm_members.joined_at) as recovered
      from storm_members join incidents on incidents.id = storm_members.incident_id
      where storm_members.storm_id = $1 order by storm_members.incident_id`,
    [stormId],
  );
  return rows.map((row) => ({
    incidentId: row.incident_id,
    route: row.route,
    subject: row.subject,
    closedAt: row.closed_at,
    isRecovered: row.recovered > 0,
  }));
}

/** What decides whether a delivery to a pager may be a storm's. */
export interface PageStanding {
  /** The incident's route. */
  readonly route: string;
  /** What the pager was last told of the incident; null: nothing. */
  readonly last: DeliveryEvent | null;
  /** The last storm on the pager that the incident is part of. */
  readonly storm: { readonly id: string; readonly isOpen: boolean } | null;
  /** How many deliveries of other incidents to the pager were due before, at most `limit`: no fewer than rang. */
  readonly others: number;
}

/** In one read, for every page asks for it. `since` in ms; undefined when the incident is gone. */
export async function pageStanding(
  database: Database,
  { incidentId, action, createdAt }: Pick<Delivery, "incidentId" | "action" | "createdAt">,
  { since, limit }: { readonly since: number; readonly limit: number },
): Promise<PageStanding | undefined> {
  const [row] = await database.read<{
    route: string;
    last: DeliveryEvent | null;
    storm_id: string | null;
    storm_open: number | null;
    others: number;
  }>(
    `select incidents.route, (
        select event from deliveries where incident_id = $1 and action = $2 and state = 'delivered'
        order by number desc limit 1) as last,
      storms.id as storm_id, case when storms.closed_at is null then 1 else 0 end as storm_open, (
        select count(*) from (
          select 1 from deliveries
          where action = $2 and created_at > $3 and created_at <= $4 and incident_id <> $1 limit $5) as near) as others
      from incidents left join incidents storms on storms.id = (
        select max(storm_id) from storm_members where incident_id = $1 and action = $2)
      where incidents.id = $1`,
    [incidentId, action, since, createdAt, limit],
  );
  if (row === undefined) return undefined;
  const { route, last, storm_id: id, storm_open: open, others } = row;
  return { route, last, storm: id === null ? null : { id, isOpen: open === 1 }, others };
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
    // The first ones are enough, and found without reading the others; an incident has hardly ever more than a few.
    `select count(distinct incident_id) as rings from (
      select incident_id from deliveries ring
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
      order by created_at limit $9) as counted`,
    [action, since, createdAt, id, incidentId, stormRoute, troubleRoute, digestRoute, limit * ringsOfOne],
  );
  return Math.min(row?.rings ?? 0, limit);
}
