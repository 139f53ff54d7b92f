import type { Alert, AlertStatus } from "../model/alert.ts";
import type { Database, Statement } from "./database.ts";

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
}

export function insertAlert(alert: Alert): Statement {
  return {
    sql: `insert into alerts (id, received_at, source, only_route, content_type, body, status, dedup_key, target_url, fault)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    params: [
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
    ],
  };
}

/** Guarded: an alert is routed once. */
export function markRouted(alertId: string, now: number): Statement {
  return {
    sql: "update alerts set routed_at = $2 where id = $1 and routed_at is null",
    params: [alertId, now],
    changes: 1,
  };
}

/** The oldest alerts that no step has routed yet. */
export async function unroutedAlerts(database: Database, limit: number): Promise<Alert[]> {
  const rows = await database.read<AlertRow>(
    "select * from alerts where routed_at is null order by id limit $1",
    [limit],
  );
  return rows.map(toAlert);
}

export async function alertById(
  database: Database,
  id: string,
): Promise<{ readonly alert: Alert; readonly routed: boolean } | undefined> {
  const [row] = await database.read<AlertRow>("select * from alerts where id = $1", [id]);
  return row === undefined ? undefined : { alert: toAlert(row), routed: row.routed_at !== null };
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
  };
}
