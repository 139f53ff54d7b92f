import { notice as noticeSchema } from "../model/delivery.ts";
import type { Delivery, DeliveryEvent, DeliveryState, Notice } from "../model/delivery.ts";
import type { Database, Statement, Value } from "./database.ts";
import { gathered } from "./gathered.ts";
import { closings } from "./incidents.ts";
import { Rows, tuples } from "./rows.ts";
import { unindexed } from "./unindexed.ts";

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
    sql: `insert into deliveries (id, incident_id, action, event, run_id, message, created_at, next_at, number, state,
        attempts)
      values ($1, $2, $3, $4, $5, $6, $7, $8,
        (select coalesce(max(number), 0) + 1 from deliveries where incident_id = $2 and action = $3), 'pending', 0)`,
    params: columns(due),
  };
}

const first = new Rows(
  { columns: 8 },
  (
    rows,
  ) => `insert into deliveries (id, incident_id, action, event, run_id, message, created_at, next_at, number, state,
      attempts)
    values ${rows.map((names) => `(${names.join(", ")}, 1, 'pending', 0)`).join(", ")}`,
);

/** The first of its incident and action, which nobody else can know of yet. */
export function insertFirstDelivery(due: DueDelivery): Statement {
  return first.one(columns(due));
}

function columns({ id, incidentId, action, event, runId, notice: about, now, dueAt }: DueDelivery): Value[] {
  return [id, incidentId, action, event, runId, JSON.stringify(about), now, dueAt];
}

const settled = new Rows(
  { columns: 8, keyed: true, passes: closings },
  (rows) => `with settled (id, state, attempts, next_at, fallback_at, error, thread, delivered_at) as (
      values ${tuples(rows.map(typed))})
    update deliveries set state = settled.state, attempts = settled.attempts, next_at = settled.next_at,
      fallback_at = settled.fallback_at, error = settled.error, thread = settled.thread,
      delivered_at = settled.delivered_at
    from settled where deliveries.id = settled.id and deliveries.state = 'pending'`,
);

/** PostgreSQL takes a parameter that stands in a list of values for text. */
function typed(names: readonly string[]): string[] {
  const types = ["text", "text", "bigint", "bigint", "bigint", "text", "text", "bigint"];
  return names.map((name, column) => `cast(${name} as ${types[column]})`);
}

/** What became of an attempt to send. Guarded: a delivery that is no longer pending stays as it is. */
export function settleDelivery(
  id: string,
  outcome: Pick<
    Delivery,
    "state" | "attempts" | "nextAt" | "fallbackAt" | "error" | "thread" | "deliveredAt"
  >,
): Statement {
  const { state, attempts, nextAt, fallbackAt, error, thread, deliveredAt } = outcome;
  return settled.one([id, state, attempts, nextAt, fallbackAt, error, thread, deliveredAt], { changes: 1 });
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

/** SQL: whether the action of the delivery that a query calls `name` has heard something newer of its incident. */
export function isPassedSql(name: string): string {
  return `exists (select 1 from deliveries later where later.incident_id = ${name}.incident_id
    and later.action = ${name}.action and later.number > ${name}.number and later.state = 'delivered')`;
}

/** Gives a dead letter another life, from its first attempt on; guarded: not once its lane has told something newer. */
export function reviveDelivery(id: string, now: number): Statement {
  return {
    sql: `update deliveries set state = 'pending', attempts = 0, created_at = $2, next_at = $2, error = null
      where id = $1 and state = 'dead' and not ${isPassedSql("deliveries")}`,
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

/** A delivery that is still due. */
export interface PendingDelivery extends Delivery {
  /** Its action has heard something newer meanwhile, as it may of a dead letter that lives again. */
  readonly isPassed: boolean;
}

const pendingOf = gathered<DeliveryRow & { is_passed: number }>(
  "incident_id",
  (ids) => `select deliveries.*, case when ${isPassedSql("deliveries")} then 1 else 0 end as is_passed
    from deliveries where incident_id in (${ids}) and state = 'pending' order by number`,
);

/** What is still due to anybody about an incident, in order for each action. */
export async function pendingDeliveries(database: Database, incidentId: string): Promise<PendingDelivery[]> {
  const rows = await pendingOf(database, incidentId);
  return rows.map((row) => ({ ...toDelivery(row), isPassed: row.is_passed === 1 }));
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

/** What a list of the outbox shows: newest first, after `cursor` (the last id of the page before). */
export interface DeliveryFilter {
  readonly state?: DeliveryState | undefined;
  readonly action?: string | undefined;
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export async function listDeliveries(database: Database, filter: DeliveryFilter): Promise<Delivery[]> {
  const { state, action, limit, cursor } = filter;
  const isCommon = state === undefined || state === "delivered";
  const [id, actionIs] = [
    state === "pending" ? unindexed("id") : "id",
    isCommon ? "action" : unindexed("action"),
  ];
  const wanted = [
    { clause: `${id} <`, value: cursor },
    { clause: `${actionIs} =`, value: action },
  ].filter(({ value }) => value !== undefined);
  const clauses = [
    // Spelled out: that is how the index of a state is found.
    state === undefined ? "1 = 1" : `state = '${state}'`,
    ...wanted.map(({ clause }, index) => `${clause} $${index + 2}`),
  ];
  const rows = await database.read<DeliveryRow>(
    `select * from deliveries where ${clauses.join(" and ")} order by ${id} desc limit $1`,
    [limit, ...wanted.map(({ value }) => value ?? null)],
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
