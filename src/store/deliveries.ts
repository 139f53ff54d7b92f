import { notice as noticeSchema } from "../model/delivery.ts";
import type { Delivery, DeliveryEvent, DeliveryState, Notice } from "../model/delivery.ts";
import type { Database, Statement } from "./database.ts";

interface DeliveryRow {
  id: string;
  incident_id: string;
  action: string;
  number: number;
  event: DeliveryEvent;
  run_id: string | null;
  message: string;
  state: DeliveryState;
  attempts: number;
  created_at: number;
  next_at: number;
  fallback_at: number | null;
  error: string | null;
  thread: string | null;
  delivered_at: number | null;
}

/** A message that becomes due, before it has its place in the order. */
export interface DueDelivery {
  readonly id: string;
  readonly incidentId: string;
  readonly action: string;
  readonly event: DeliveryEvent;
  readonly runId: string | null;
  readonly notice: Notice;
  readonly now: number;
  /** Not sent before. */
  readonly dueAt: number;
}

/** Takes the next number of its incident and action; two writers at once: one of them gets a ConflictError. */
export function insertDelivery(due: DueDelivery): Statement {
  return {
    sql: `insert into deliveries (id, incident_id, action, number, event, run_id, message, state, attempts, created_at,
        next_at)
      values ($1, $2, $3, (select coalesce(max(number), 0) + 1 from deliveries where incident_id = $2 and action = $3),
        $4, $5, $6, 'pending', 0, $7, $8)`,
    params: [
      due.id,
      due.incidentId,
      due.action,
      due.event,
      due.runId,
      JSON.stringify(due.notice),
      due.now,
      due.dueAt,
    ],
  };
}

/** What became of an attempt to send. Guarded: a delivery that is no longer pending stays as it is. */
export function settleDelivery(
  id: string,
  outcome: Pick<
    Delivery,
    "state" | "attempts" | "nextAt" | "fallbackAt" | "error" | "thread" | "deliveredAt"
  >,
): Statement {
  return {
    sql: `update deliveries set state = $2, attempts = $3, next_at = $4, fallback_at = $5, error = $6, thread = $7,
      delivered_at = $8
      where id = $1 and state = 'pending'`,
    params: [
      id,
      outcome.state,
      outcome.attempts,
      outcome.nextAt,
      outcome.fallbackAt,
      outcome.error,
      outcome.thread,
      outcome.deliveredAt,
    ],
    changes: 1,
  };
}

/** What is no longer true is not sent. */
export function supersedeDelivery(id: string): Statement {
  return {
    sql: "update deliveries set state = 'superseded' where id = $1 and state = 'pending'",
    params: [id],
  };
}

/** Something else is told in its place; guarded: a ConflictError unless it is still pending. */
export function replaceDelivery(id: string): Statement {
  return { ...supersedeDelivery(id), changes: 1 };
}

/** Gives a dead letter another life, from its first attempt on; guarded: not once its lane has told something newer. */
export function reviveDelivery(id: string, now: number): Statement {
  return {
    sql: `update deliveries set state = 'pending', attempts = 0, created_at = $2, next_at = $2, error = null
      where id = $1 and state = 'dead' and not exists (
        select 1 from deliveries later where later.incident_id = deliveries.incident_id
          and later.action = deliveries.action and later.number > deliveries.number and later.state = 'delivered')`,
    params: [id, now],
    changes: 1,
  };
}

/** What is told of an arrival is not sent any more to these actions. */
export function supersedeArrivals(incidentId: string, actions: readonly string[]): Statement {
  const list = actions.map((_, index) => `$${index + 2}`).join(", ");
  return {
    sql: `update deliveries set state = 'superseded'
      where incident_id = $1 and event = 'trigger' and state = 'pending' and action in (${list || "null"})`,
    params: [incidentId, ...actions],
  };
}

/** What is still due to an action about an incident, in order. */
export async function pendingDeliveries(
  database: Database,
  incidentId: string,
  action: string,
): Promise<Delivery[]> {
  const rows = await database.read<DeliveryRow>(
    "select * from deliveries where incident_id = $1 and action = $2 and state = 'pending' order by number",
    [incidentId, action],
  );
  return rows.map(toDelivery);
}

export async function deliveryById(database: Database, id: string): Promise<Delivery | undefined> {
  const [row] = await database.read<DeliveryRow>("select * from deliveries where id = $1", [id]);
  return row === undefined ? undefined : toDelivery(row);
}

export async function deliveriesOfIncident(database: Database, incidentId: string): Promise<Delivery[]> {
  const rows = await database.read<DeliveryRow>(
    "select * from deliveries where incident_id = $1 order by id",
    [incidentId],
  );
  return rows.map(toDelivery);
}

/** The outbox, newest first. */
export async function listDeliveries(
  database: Database,
  filter: {
    readonly state?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  },
): Promise<Delivery[]> {
  const wanted = [
    { clause: "id <", value: filter.cursor },
    { clause: "state =", value: filter.state },
  ].filter(({ value }) => value !== undefined);
  const where = wanted.map(({ clause }, index) => `${clause} $${index + 2}`).join(" and ");
  const rows = await database.read<DeliveryRow>(
    `select * from deliveries ${where === "" ? "" : `where ${where}`} order by id desc limit $1`,
    [filter.limit, ...wanted.map(({ value }) => value ?? null)],
  );
  return rows.map(toDelivery);
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    id: row.id,
    incidentId: row.incident_id,
    action: row.action,
    number: row.number,
    event: row.event,
    runId: row.run_id,
    notice: noticeSchema.parse(JSON.parse(row.message)),
    state: row.state,
    attempts: row.attempts,
    createdAt: row.created_at,
    nextAt: row.next_at,
    fallbackAt: row.fallback_at,
    error: row.error,
    thread: row.thread,
    deliveredAt: row.delivered_at,
  };
}
