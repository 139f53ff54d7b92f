import type { Mute } from "../model/mute.ts";
import type { Database, Statement } from "./database.ts";

interface MuteRow {
  id: string;
  route: string | null;
  subject: string | null;
  from_at: number;
  until_at: number;
  reason: string;
  actor: string;
}

export function insertMute(mute: Mute): Statement {
  return {
    sql: `insert into mutes (id, route, subject, from_at, until_at, reason, actor)
      values ($1, $2, $3, $4, $5, $6, $7)`,
    params: [mute.id, mute.route, mute.subject, mute.from, mute.until, mute.reason, mute.actor],
  };
}

/** Ends it before its time; guarded: a ConflictError where it is over already, or was never there. */
export function endMute(id: string, now: number): Statement {
  return {
    sql: "update mutes set until_at = $2 where id = $1 and until_at > $2",
    params: [id, now],
    changes: 1,
  };
}

/** Those that are not over at a time (ms since 1970), the first to end first. */
export async function mutesAfter(database: Database, now: number): Promise<Mute[]> {
  const rows = await database.read<MuteRow>("select * from mutes where until_at > $1 order by until_at, id", [
    now,
  ]);
  return rows.map(toMute);
}

export async function muteById(database: Database, id: string): Promise<Mute | undefined> {
  const [row] = await database.read<MuteRow>("select * from mutes where id = $1", [id]);
  return row === undefined ? undefined : toMute(row);
}

function toMute(row: MuteRow): Mute {
  return {
    id: row.id,
    route: row.route,
    subject: row.subject,
    from: row.from_at,
    until: row.until_at,
    reason: row.reason,
    actor: row.actor,
  };
}
