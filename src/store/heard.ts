/** What actions have heard of an incident, and what of it is not certain. */
import type { Delivery, DeliveryEvent } from "../model/delivery.ts";
import type { Database } from "./database.ts";

/** The actions that have heard of an incident, or may have: an answer can get lost. */
export async function actionsThatHeard(database: Database, incidentId: string): Promise<string[]> {
  const rows = await database.read<{ action: string }>(
    "select distinct action from deliveries where incident_id = $1 and (state = 'delivered' or attempts > 0)",
    [incidentId],
  );
  return rows.map(({ action }) => action);
}

/** When what an action was last told about an incident was put together; 0 before. */
export async function lastToldAt(
  database: Database,
  { incidentId, action }: { readonly incidentId: string; readonly action: string },
): Promise<number> {
  const [row] = await database.read<{ created_at: number }>(
    `select created_at from deliveries where incident_id = $1 and action = $2 and state = 'delivered'
      order by number desc limit 1`,
    [incidentId, action],
  );
  return row?.created_at ?? 0;
}

/** What an action was last told about an incident; undefined when it took nothing. */
export async function lastToldEvent(
  database: Database,
  incidentId: string,
  action: string,
): Promise<DeliveryEvent | undefined> {
  const [row] = await database.read<{ event: DeliveryEvent }>(
    `select event from deliveries where incident_id = $1 and action = $2 and state = 'delivered'
      order by number desc limit 1`,
    [incidentId, action],
  );
  return row?.event;
}

/**
 * Since when an action has not taken what it is to be told of arrivals, of which each takes the place of the one before;
 * `createdAt` when that one was neither tried nor put off for its action's sake, which leaves a reason in the row.
 */
export async function failingSince(
  database: Database,
  { incidentId, action, createdAt }: Pick<Delivery, "incidentId" | "action" | "createdAt">,
): Promise<number> {
  const [row] = await database.read<{ since: number | null }>(
    `select min(created_at) as since from deliveries
      where incident_id = $1 and action = $2 and event = 'trigger' and state = 'superseded'
        and (attempts > 0 or error is not null)
        and number > (select coalesce(max(number), 0) from deliveries
          where incident_id = $1 and action = $2 and state in ('delivered', 'dead'))`,
    [incidentId, action],
  );
  return Math.min(row?.since ?? createdAt, createdAt);
}

/** What an action's first message about an incident left for later ones; null when there is none. */
export async function threadOf(
  database: Database,
  { incidentId, action }: { readonly incidentId: string; readonly action: string },
): Promise<string | null> {
  const [row] = await database.read<{ thread: string }>(
    `select thread from deliveries where incident_id = $1 and action = $2 and thread is not null
      order by number limit 1`,
    [incidentId, action],
  );
  return row?.thread ?? null;
}

/**
 * The actions that have not been tried yet with what they are to be told of an arrival. One that cannot be tried, which
 * its row says, counts as if it had been.
 */
export async function untriedActions(database: Database, incidentId: string): Promise<string[]> {
  const rows = await database.read<{ action: string }>(
    `select distinct action from deliveries
      where incident_id = $1 and event = 'trigger' and state = 'pending' and attempts = 0 and error is null`,
    [incidentId],
  );
  return rows.map(({ action }) => action);
}
