import type { Database, Statement } from "./database.ts";

/** A process that serves the database, as it said itself when it was last heard of. Times are ms since 1970. */
export interface Replica {
  readonly id: string;
  /** For people: host and process. */
  readonly name: string;
  readonly version: string;
  readonly startedAt: number;
  /** SHA-256 of its configuration, in hex, and since when it runs on it. */
  readonly configHash: string;
  readonly configSince: number;
  readonly seenAt: number;
}

interface ReplicaRow {
  id: string;
  name: string | null;
  version: string;
  started_at: number | null;
  config_hash: string | null;
  config_since: number | null;
  seen_at: number;
}

/** Says that it lives, and how. */
export function saveReplica(replica: Replica): Statement {
  return {
    sql: `insert into replicas (id, name, version, started_at, config_hash, config_since, seen_at)
      values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (id) do update set version = excluded.version, config_hash = excluded.config_hash,
        config_since = excluded.config_since, seen_at = excluded.seen_at`,
    params: [
      replica.id,
      replica.name,
      replica.version,
      replica.startedAt,
      replica.configHash,
      replica.configSince,
      replica.seenAt,
    ],
  };
}

export function deleteReplica(id: string): Statement {
  return { sql: "delete from replicas where id = $1", params: [id] };
}

/** Those that have not been heard of since `before` (ms): they ended without a word. */
export function forgetReplicas(before: number): Statement {
  return { sql: "delete from replicas where seen_at < $1", params: [before] };
}

/** Those that have been heard of since `after` (ms), the oldest process first. */
export async function replicasSeen(database: Database, after: number): Promise<Replica[]> {
  const rows = await database.read<ReplicaRow>("select * from replicas where seen_at > $1 order by id", [
    after,
  ]);
  return rows.map((row) => ({
    id: row.id,
    name: row.name ?? row.id,
    version: row.version,
    startedAt: row.started_at ?? row.seen_at,
    configHash: row.config_hash ?? "",
    configSince: row.config_since ?? row.seen_at,
    seenAt: row.seen_at,
  }));
}
