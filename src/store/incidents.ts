import type { AlertStatus } from "../model/alert.ts";
import { progress, told } from "../model/incident.ts";
import type { Incident, IncidentState, Mark } from "../model/incident.ts";
import type { VerdictOutcome, VerdictReason } from "../model/verdict.ts";
import type { Database, Statement } from "./database.ts";
import { gathered } from "./gathered.ts";
import { Rows, tuples } from "./rows.ts";
import { unindexed } from "./unindexed.ts";

interface IncidentRow {
  id: string;
  route: string;
  subject: string;
  state: IncidentState;
  flags: string | null;
  version: number;
  alert_count: number;
  opened_at: number;
  last_alert_at: number;
  closed_at: number | null;
  told: string | null;
  progress: string;
  outcome: VerdictOutcome | null;
  reason: VerdictReason | null;
  watch_step: number;
  next_run_at: number | null;
  mark: Mark | null;
}

const opened = new Rows(
  { columns: 17 },
  (
    rows,
  ) => `insert into incidents (id, route, subject, state, flags, version, alert_count, opened_at, last_alert_at,
      closed_at, told, progress, outcome, reason, watch_step, next_run_at, mark)
    values ${tuples(rows)}`,
);

/** The unique index refuses a second open incident of one subject on one route: a ConflictError, read again and join. */
export function insertIncident(incident: Incident): Statement {
  return opened.one(columns(incident));
}

/** Guarded by the version that was read; writes the next one. */
export function updateIncident(incident: Incident): Statement {
  const [id, , , ...rest] = columns({ ...incident, version: incident.version + 1 });
  return {
    sql: `update incidents set state = $2, flags = $3, version = $4, alert_count = $5, opened_at = $6,
        last_alert_at = $7, closed_at = $8, told = $9, progress = $10, outcome = $11, reason = $12, watch_step = $13,
        next_run_at = $14, mark = $15
      where id = $1 and version = $16`,
    params: [id ?? null, ...rest, incident.version],
    changes: 1,
  };
}

const closed = new Rows(
  { columns: 2, keyed: true },
  (rows) => `with ended (id, at) as (
      values ${tuples(rows.map(([id, at]) => [`cast(${id} as text)`, `cast(${at} as bigint)`]))})
    update incidents set state = 'closed', closed_at = ended.at, version = version + 1
    from ended where incidents.id = ended.id and closed_at is null and next_run_at is null
      and version = (select version from incidents as seen where seen.id = incidents.id) and not exists (
      select 1 from deliveries where deliveries.incident_id = incidents.id and deliveries.state = 'pending')`,
);

// Of several incidents each: what is locked sooner, or settled sooner (deliveries.ts), is only the better known at the end.
const awaited = new Rows(
  { columns: 1, keyed: true, passes: [closed] },
  (rows) => `update incidents set version = version
    where id in (${rows.join(", ")}) and closed_at is null and next_run_at is null and exists (
      select 1 from deliveries where deliveries.incident_id = incidents.id and deliveries.state = 'pending')`,
);

/** The kinds of `closeWhenDelivered`. */
export const closings: readonly Rows[] = [awaited, closed];

/**
 * Ends an incident that nothing looks at any more once everything due to anybody has been sent or given up. Not when an
 * alert joins it meanwhile: PostgreSQL, having waited for that write, would see its version and not what it made due.
 */
export function closeWhenDelivered(incidentId: string, now: number): Statement[] {
  // Of two that settle an incident's last deliveries at once each sees the other's as pending: the first of these makes
  // one wait for the other, and the second then sees what it has done.
  return [awaited.one([incidentId]), closed.one([incidentId, now])];
}

const joined = new Rows(
  { columns: 3 },
  (rows) =>
    `insert into incident_alerts (incident_id, alert_id, status) values ${tuples(rows)} on conflict do nothing`,
);

export function joinAlert(incidentId: string, alertId: string, status: AlertStatus): Statement {
  return joined.one([incidentId, alertId, status]);
}

const byId = gathered<IncidentRow>("id", (ids) => `select * from incidents where id in (${ids})`);

export async function incidentById(database: Database, id: string): Promise<Incident | undefined> {
  const [row] = await byId(database, id);
  return row === undefined ? undefined : toIncident(row);
}

/** The open incident of a subject on a route; else the one closed last, if that was after `closedAfter`. */
export async function currentIncident(
  database: Database,
  key: { readonly route: string; readonly subject: string },
  closedAfter: number,
): Promise<Incident | undefined> {
  // Two look-ups in an index each, the second only if the first finds nothing. An `or` over both would read every
  // incident that the route has ever had.
  const [row] = await database.read<IncidentRow>(
    `select * from incidents where id = coalesce(
      (select id from incidents where route = $1 and subject = $2 and closed_at is null),
      (select id from incidents where route = $1 and subject = $2 and closed_at > $3 order by closed_at desc limit 1))`,
    [key.route, key.subject, closedAfter],
  );
  return row === undefined ? undefined : toIncident(row);
}

/** The incidents of a route that are not over, the oldest first. */
export async function openOnRoute(database: Database, route: string): Promise<Incident[]> {
  const rows = await database.read<IncidentRow>(
    `select * from incidents where closed_at is null and route = $1 order by ${unindexed("id")}`,
    [route],
  );
  return rows.map(toIncident);
}

/** The incidents that are not over and have a flag. */
export async function openWithFlag(database: Database, flag: string): Promise<Incident[]> {
  const rows = await database.read<IncidentRow>(
    // `route`, for the index of those that are open: SQLite would read them all.
    `select * from incidents where closed_at is null and route >= '' and flags like $1 order by ${unindexed("id")}`,
    [`%"${flag}"%`],
  );
  return rows.map(toIncident);
}

/** An incident that is not over is looked at again at a time (ms), if not before. */
export function bringForward(incidentId: string, at: number): Statement {
  return {
    sql: `update incidents set next_run_at = $2, version = version + 1
      where id = $1 and closed_at is null and (next_run_at is null or next_run_at > $2)`,
    params: [incidentId, at],
  };
}

/** The incidents that an alert opened or joined. */
export async function incidentsOfAlert(database: Database, alertId: string): Promise<Incident[]> {
  const rows = await database.read<IncidentRow>(
    `select incidents.* from incident_alerts join incidents on incidents.id = incident_alerts.incident_id
      where incident_alerts.alert_id = $1 order by incidents.id`,
    [alertId],
  );
  return rows.map(toIncident);
}

/** What a list shows: newest first, after `cursor` (the last id of the page before). */
export interface IncidentFilter {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly outcome?: string | undefined;
  readonly route?: string | undefined;
}

export async function listIncidents(database: Database, filter: IncidentFilter): Promise<Incident[]> {
  const wanted = [
    { clause: "id <", value: filter.cursor },
    { clause: "outcome =", value: filter.outcome },
    { clause: "route =", value: filter.route },
  ].filter(({ value }) => value !== undefined);
  const where = wanted.map(({ clause }, index) => `${clause} $${index + 2}`).join(" and ");
  const rows = await database.read<IncidentRow>(
    `select * from incidents ${where === "" ? "" : `where ${where}`} order by id desc limit $1`,
    [filter.limit, ...wanted.map(({ value }) => value ?? null)],
  );
  return rows.map(toIncident);
}

/** The first and the last alerts of an incident, at most `edge` of each, oldest first. */
export async function alertsOfIncident(
  database: Database,
  incidentId: string,
  edge: number,
): Promise<{ id: string; receivedAt: number; status: AlertStatus; bodyRemovedAt: number | null }[]> {
  const query = (order: "asc" | "desc") =>
    database.read<{ id: string; received_at: number; body_removed_at: number | null; status: AlertStatus }>(
      `select alerts.id, alerts.received_at, alerts.body_removed_at, incident_alerts.status from incident_alerts
        join alerts on alerts.id = incident_alerts.alert_id
        where incident_alerts.incident_id = $1 order by incident_alerts.alert_id ${order} limit $2`,
      [incidentId, edge],
    );
  const [first, last] = await Promise.all([query("asc"), query("desc")]);
  const distinct = new Map([...first, ...last.toReversed()].map((row) => [row.id, row]));
  return [...distinct.values()].map((row) => ({
    id: row.id,
    receivedAt: row.received_at,
    status: row.status,
    bodyRemovedAt: row.body_removed_at,
  }));
}

function columns(incident: Incident) {
  return [
    incident.id,
    incident.route,
    incident.subject,
    incident.state,
    JSON.stringify(incident.flags),
    incident.version,
    incident.alertCount,
    incident.openedAt,
    incident.lastAlertAt,
    incident.closedAt,
    incident.told === null ? null : JSON.stringify(incident.told),
    JSON.stringify(incident.progress),
    incident.outcome,
    incident.reason,
    incident.watchStep,
    incident.nextRunAt,
    incident.mark,
  ] as const;
}

function toIncident(row: IncidentRow): Incident {
  return {
    id: row.id,
    route: row.route,
    subject: row.subject,
    state: row.state,
    flags: row.flags === null ? [] : (JSON.parse(row.flags) as string[]),
    version: row.version,
    alertCount: row.alert_count,
    openedAt: row.opened_at,
    lastAlertAt: row.last_alert_at,
    closedAt: row.closed_at,
    outcome: row.outcome,
    reason: row.reason,
    told: row.told === null ? null : told.parse(JSON.parse(row.told)),
    progress: progress.parse(JSON.parse(row.progress)),
    watchStep: row.watch_step,
    nextRunAt: row.next_run_at,
    mark: row.mark,
  };
}
