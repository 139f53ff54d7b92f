import type { Database, Statement } from "./database.ts";

/** What a route tells only once (`unique-message-props`), unless it was told before `since` (ms since 1970). */
export interface Unique {
  readonly route: string;
  readonly key: string;
  readonly since: number;
}

/** The route tells its actions of it. Guarded: where another replica does at the same time, one gets a ConflictError. */
export function markTold({ route, key, since }: Unique, now: number): Statement {
  return {
    sql: `insert into told_messages (route, key, told_at) values ($1, $2, $3)
      on conflict (route, key) do update set told_at = excluded.told_at where told_messages.told_at <= $4`,
    params: [route, key, now, since],
    changes: 1,
  };
}

/** Whether it has been told. */
export async function wasTold(database: Database, { route, key, since }: Unique): Promise<boolean> {
  const rows = await database.read(
    "select 1 from told_messages where route = $1 and key = $2 and told_at > $3",
    [route, key, since],
  );
  return rows.length > 0;
}
