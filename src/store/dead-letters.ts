import type { DeliveryEvent } from "../model/delivery.ts";
import { firstIdOf } from "../model/id.ts";
import type { Database } from "./database.ts";
import { isPassedSql } from "./deliveries.ts";
import { unindexed } from "./unindexed.ts";

const dayMs = 86_400_000;

/** How many deliveries were given up within a window (ms since 1970), by action. */
export async function deadLettersOf(
  database: Database,
  { since, until }: { readonly since: number; readonly until: number },
): Promise<{ action: string; count: number }[]> {
  // Retried for a day at most: the index has the ids of those that may have died then. `next_at` is their last try's.
  return database.read<{ action: string; count: number }>(
    `select action, count(*) as count from deliveries
      where state = 'dead' and id > $1 and id < $2 and next_at >= $3 and next_at < $4
      group by action order by action`,
    [firstIdOf(since - 2 * dayMs), firstIdOf(until), since, until],
  );
}

/** A message that was given up, and what speaks against sending it again. */
export interface DeadLetter {
  readonly id: string;
  readonly incidentId: string;
  readonly action: string;
  readonly event: DeliveryEvent;
  /** Its incident was judged, and is over. */
  readonly isOver: boolean;
  /** Its action has heard something newer of the incident. */
  readonly isPassed: boolean;
}

export interface DeadLetterFilter {
  readonly action?: string | undefined;
  /** When the message became due the first time; ms since 1970. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** The id that the page before ended with. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

interface DeadLetterRow {
  id: string;
  incident_id: string;
  action: string;
  event: DeliveryEvent;
  is_over: number;
  is_passed: number;
}

/** The dead letters, oldest first. */
export async function deadLetters(database: Database, filter: DeadLetterFilter): Promise<DeadLetter[]> {
  const { action, since, until, cursor, limit } = filter;
  const wanted = [
    { clause: `${unindexed("dead.action")} =`, value: action },
    { clause: "dead.id >=", value: since === undefined ? undefined : firstIdOf(since) },
    { clause: "dead.id <", value: until === undefined ? undefined : firstIdOf(until) },
    { clause: "dead.id >", value: cursor },
  ].filter(({ value }) => value !== undefined);
  const where = wanted.map(({ clause }, index) => `and ${clause} $${index + 2}`).join(" ");
  const rows = await database.read<DeadLetterRow>(
    `select dead.id, dead.incident_id, dead.action, dead.event,
        case when incidents.closed_at is not null and incidents.outcome is not null then 1 else 0 end as is_over,
        case when ${isPassedSql("dead")} then 1 else 0 end as is_passed
      from deliveries dead left join incidents on incidents.id = dead.incident_id
      where dead.state = 'dead' ${where} order by dead.id limit $1`,
    [limit, ...wanted.map(({ value }) => value ?? null)],
  );
  return rows.map(({ id, incident_id: incidentId, action, event, is_over, is_passed }) => ({
    id,
    incidentId,
    action,
    event,
    isOver: is_over === 1,
    isPassed: is_passed === 1,
  }));
}
