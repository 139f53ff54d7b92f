import type { Database, Statement } from "./database.ts";

/** A route has told the actions that it lists of an alert with this key (`unique-message-props`). */
export function markTold(route: string, key: string, now: number): Statement {
  return {
    sql: `insert into told_messages (route, key, told_at) values ($1, $2, $3)
      on conflict (route, key) do update set told_at = excluded.told_at`,
    params: [route, key, now],
  };
}

/** Whether it has since then; times are ms since 1970. */
export async function wasTold(
  database: Database,
  { route, key, since }: { readonly route: string; readonly key: string; readonly since: number },
): Promise<boolean> {
  const rows = await database.read(
    "select 1 from told_messages where route = $1 and key = $2 and told_at > $3",
    [route, key, since],
  );
  return rows.length > 0;
}
