import type { Actor } from "../model/actor.ts";
import { newId } from "../model/id.ts";
import type { Database, Statement } from "./database.ts";

/** What somebody asked for, for the same write as what they changed. */
export interface Audited {
  /** ms since 1970 */
  readonly at: number;
  readonly actor: Actor;
  readonly action: "mute" | "mute-end" | "mark" | "recheck" | "retry" | "reload";
  readonly detail: object;
}

export function insertAudit({ at, actor, action, detail }: Audited): Statement {
  return {
    sql: "insert into audit (id, at, actor, address, action, detail) values ($1, $2, $3, $4, $5, $6)",
    params: [newId(), at, actor.name, actor.address, action, JSON.stringify(detail)],
  };
}

/** An entry as it was written; an older version may have called what was done by another name. */
export interface AuditEntry extends Omit<Audited, "action"> {
  readonly id: string;
  readonly action: string;
}

interface AuditRow {
  id: string;
  at: number;
  actor: string;
  address: string | null;
  action: string;
  detail: string | null;
}

/** Newest first; `cursor` is the id that the page before ended with. */
export async function listAudit(
  database: Database,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<AuditEntry[]> {
  const before = cursor === undefined ? "" : "where id < $2";
  const rows = await database.read<AuditRow>(`select * from audit ${before} order by id desc limit $1`, [
    limit,
    ...(cursor === undefined ? [] : [cursor]),
  ]);
  return rows.map(({ id, at, actor, address, action, detail }) => ({
    id,
    at,
    actor: { name: actor, address },
    action,
    detail: JSON.parse(detail ?? "{}") as object,
  }));
}
