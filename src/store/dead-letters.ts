import { firstIdOf } from "../model/id.ts";
import type { Database } from "./database.ts";

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
