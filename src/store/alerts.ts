import type { Alert, AlertStatus } from "../model/alert.ts";
import type { Database, Statement } from "./database.ts";
import { gathered } from "./gathered.ts";
import { Rows, tuples } from "./rows.ts";

interface AlertRow {
  id: string;
  received_at: number;
  source: string;
  only_route: string | null;
  content_type: string | null;
  body: Uint8Array;
  status: AlertStatus;
  dedup_key: string | null;
  target_url: string | null;
  fault: string | null;
  routed_at: number | null;
  body_removed_at: number | null;
}

const inserted = new Rows(
  { columns: 10 },
  (
    rows,
  ) => `insert into alerts (id, received_at, source, only_route, content_type, body, status, dedup_key, target_url,
      fault)
    values ${tuples(rows)} on conflict (id) do nothing`,
);

/** Once more does nothing: what became of a write that nobody heard the end of is not known. */
export function insertAlert(alert: Alert): Statement {
  return inserted.one([
    alert.id,
    alert.receivedAt,
    alert.source,
    alert.onlyRoute,
    alert.contentType,
    alert.body,
    alert.status,
    alert.dedupKey,
    alert.targetUrl,
    alert.fault,
  ]);
}

/** For an alert that was never to stay: in the write that inserts it. */
export function deleteAlert(alertId: string): Statement {
  return { sql: "delete from alerts where id = $1", params: [alertId] };
}

const routed = new Rows(
  { columns: 1, shared: 1 },
  (rows) => `update alerts set routed_at = $1 where id in (${rows.join(", ")}) and routed_at is null`,
);

/** Guarded: an alert is routed once. */
export function markRouted(alertId: string, now: number): Statement {
  return routed.one([now, alertId], { changes: 1 });
}

/** What the bodies of one batch may weigh together: a sender decides how large its alerts are. */
const maxBatchBytes = 16 * 1024 * 1024;

/** The oldest alerts that no step has routed yet: as many as fit in `maxBatchBytes`, at least one, at most `limit`. */
export async function unroutedAlerts(database: Database, limit: number): Promise<Alert[]> {
  // The lengths are known without reading the bodies, on both databases.
  const rows = await database.read<AlertRow>(
    `select * from alerts where id in (
        select id from (
          select id, size, sum(size) over (order by id) as size_so_far from (
            select id, octet_length(body) as size from alerts where routed_at is null order by id limit $1
          ) as oldest
        ) as weighed where size_so_far <= $2 or size_so_far = size
      ) order by id`,
    [limit, maxBatchBytes],
  );
  return rows.map(toAlert);
}

/** The bodies of the newest alerts, oldest first: at most `limit`, and no more than `maxBatchBytes` together. */
export async function recentBodies(database: Database, limit: number): Promise<Uint8Array[]> {
  const rows = await database.read<Pick<AlertRow, "id" | "body">>(
    `select id, body from alerts where id in (
        select id from (
          select id, sum(size) over (order by id desc) as size_so_far from (
            select id, octet_length(body) as size from alerts order by id desc limit $1
          ) as newest
        ) as weighed where size_so_far <= $2
      ) and body_removed_at is null order by id`,
    [limit, maxBatchBytes],
  );
  return rows.map(({ body }) => body);
}

const byId = gathered<AlertRow>("id", (ids) => `select * from alerts where id in (${ids})`);

export async function alertById(
  database: Database,
  id: string,
): Promise<{ readonly alert: Alert; readonly routed: boolean } | undefined> {
  const [row] = await byId(database, id);
  return row === undefined ? undefined : { alert: toAlert(row), routed: row.routed_at !== null };
}

/** Whether an alert has been routed and every incident that it joined has its verdict. */
export async function isSettled(database: Database, alertId: string): Promise<boolean> {
  const rows = await database.read(
    `select id from alerts where id = $1 and routed_at is not null and not exists (
        select 1 from incident_alerts join incidents on incidents.id = incident_alerts.incident_id
        where incident_alerts.alert_id = $1 and incidents.state = 'checking')`,
    [alertId],
  );
  return rows.length > 0;
}

/** The alert that an incident's next run is about: the last that fired, else the last at all. */
export async function latestAlert(database: Database, incidentId: string): Promise<Alert | undefined> {
  // Two walks down the primary key: an incident may have joined thousands of alerts, and none of them is sorted.
  const last = (condition: string) =>
    database.read<AlertRow>(
      `select alerts.* from alerts where id = (
        select alert_id from incident_alerts where incident_id = $1 ${condition} order by alert_id desc limit 1)`,
      [incidentId],
    );
  const [firing] = await last("and status = 'firing'");
  const [row] = firing === undefined ? await last("") : [firing];
  return row === undefined ? undefined : toAlert(row);
}

/** Whether one of these sources has ever said that something is over, as far back as alerts are kept. */
export async function saysResolved(database: Database, sources: readonly string[]): Promise<boolean> {
  const known = await Promise.all(
    sources.map(async (source) => {
      // In the index's order, so that PostgreSQL reads one row of it: of a source that never does it would read them all.
      const [next] = await database.read<{ source: string }>(
        "select source from alerts where status = 'resolved' and source >= $1 order by source limit 1",
        [source],
      );
      return next?.source === source;
    }),
  );
  return known.includes(true);
}

/** The alerts that an incident has joined since then, oldest first, and how many there are. */
export async function alertsJoinedSince(
  database: Database,
  {
    incidentId,
    since,
    limit,
  }: { readonly incidentId: string; readonly since: number; readonly limit: number },
): Promise<{ readonly alerts: readonly Alert[]; readonly count: number }> {
  const joined = `from incident_alerts join alerts on alerts.id = incident_alerts.alert_id
    where incident_alerts.incident_id = $1 and alerts.routed_at > $2`;
  const [rows, [total]] = await Promise.all([
    database.read<AlertRow>(`select alerts.* ${joined} order by alerts.id limit $3`, [
      incidentId,
      since,
      limit,
    ]),
    database.read<{ count: number }>(`select count(*) as count ${joined}`, [incidentId, since]),
  ]);
  return { alerts: rows.map(toAlert), count: total?.count ?? 0 };
}

function toAlert(row: AlertRow): Alert {
  return {
    id: row.id,
    receivedAt: row.received_at,
    source: row.source,
    onlyRoute: row.only_route,
    contentType: row.content_type,
    body: row.body,
    status: row.status,
    dedupKey: row.dedup_key,
    targetUrl: row.target_url,
    fault: row.fault,
    ...(row.body_removed_at === null ? {} : { bodyRemovedAt: row.body_removed_at }),
  };
}
