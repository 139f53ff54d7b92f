import { newId } from "../model/id.ts";
import type { Statement } from "./database.ts";

/** What somebody asked for, for the same write as what they changed. */
export interface Audited {
  /** ms since 1970 */
  readonly at: number;
  /** How they showed who they are: `api-token 1`, `loopback`. */
  readonly actor: string;
  /** `mute`, `mute-end` */
  readonly action: string;
  readonly detail: object;
}

export function insertAudit({ at, actor, action, detail }: Audited): Statement {
  return {
    sql: "insert into audit (id, at, actor, action, detail) values ($1, $2, $3, $4, $5)",
    params: [newId(), at, actor, action, JSON.stringify(detail)],
  };
}
