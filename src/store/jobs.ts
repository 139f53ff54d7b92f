/**
 * The jobs table. A job is a wake-up for a key: waiting, it has `run_at`; running, `lease_until`; woken while running,
 * both. The truth is in the rows that the key points at, so a job that is late or doubled harms nothing.
 *
 * Each claim and renewal makes a later `lease_until` than any before, so whoever knows the key's value holds the lease.
 */
import type { Database, Statement } from "./database.ts";
import { listOf, padded } from "./gathered.ts";
import { Rows, tuples } from "./rows.ts";

export type JobKey =
  | "inbox"
  | "self-tests"
  | "digest"
  | "retention"
  | `hold:${string}`
  | `incident:${string}`
  /** Run id. */
  | `contrast:${string}`
  /** Incident id, action: the deliveries of one action for one incident go in order. */
  | `lane:${string}/${string}`;

/** Jobs that share a limit: one kind, for lanes one action, so that a receiver that hangs delays nobody else. */
export type JobClass =
  | "inbox"
  | "self-tests"
  | "digest"
  | "retention"
  | "hold"
  | "incident"
  | "contrast"
  | `lane:${string}`;

/** A claimed job; `lease` is the `lease_until` that proves it. */
export interface ClaimedJob {
  readonly key: JobKey;
  readonly class: JobClass;
  readonly lease: number;
}

/** A class with jobs: `wait_ms` until its next one is due, zero or less if one is due now. */
export interface ClassDue {
  readonly class: JobClass;
  readonly wait_ms: number;
}

interface Dialect {
  /** Leases go by the database's clock: replicas whose clocks differ agree on when one is over. */
  readonly now: string;
  readonly later: string;
  /** The keys of several queries, as something that `key` can be compared with. */
  readonly anyOf: (queries: readonly string[]) => string;
  /** The same for one query, whose rows are locked in the order of their keys. */
  readonly locked: (query: string) => string;
}

const dialects: Record<Database["kind"], Dialect> = {
  sqlite: {
    now: "cast(unixepoch('subsec') * 1000 as integer)",
    later: "max",
    anyOf: (queries) => `in (${queries.map((query) => `select key from (${query})`).join(" union all ")})`,
    locked: (query) => `in (${query})`,
  },
  postgres: {
    now: "cast(extract(epoch from now()) * 1000 as bigint)",
    later: "greatest",
    // With `in` the planner may read the whole table; an array it looks up by the primary key.
    anyOf: (queries) =>
      `= any (${queries.map((query) => `array(${query} for update skip locked)`).join(" || ")})`,
    locked: (query) => `= any (array(${query} order by key for update))`,
  },
};

/** The class of a key, stored with it so that a claim can leave out classes that are busy. */
export function jobClass(key: JobKey): JobClass {
  const [kind = key, rest = ""] = split(key, ":");
  if (kind !== "lane") return kind as JobClass;
  const [, action = rest] = split(rest, "/");
  return `lane:${action}`;
}

const woken = new Rows(
  { columns: 3, keyed: true },
  // The row is locked even where the update is not needed: a claim waits until the rows of this write can be read.
  (rows) => `insert into jobs (key, class, run_at) values ${tuples(rows)}
    on conflict (key) do update set run_at = excluded.run_at
    where jobs.run_at is null or jobs.run_at > excluded.run_at`,
);

/**
 * Makes a key due at a time (ms), for the same write as the rows it is about. One job a key: of two times the earlier
 * stays. A job that is running keeps its lease and runs once more afterwards.
 */
export function wake(key: JobKey, atMs: number): Statement {
  return woken.one([key, jobClass(key), Math.floor(atMs)], { wakes: { key, at: atMs } });
}

const dropped = new Rows(
  { columns: 1, keyed: true },
  (rows) => `delete from jobs where key in (${rows.join(", ")}) and lease_until is null`,
);

/** There is nothing to do for a key any more; one that is running ends by itself. */
export function drop(key: JobKey): Statement {
  return dropped.one([key]);
}

/** Every lane looks again whether it may send; one that is running does when it is done. */
export function wakeLanes(atMs: number): Statement {
  return {
    sql: `update jobs set run_at = $1
      where class >= 'lane:' and class < 'lane;' and (run_at is null or run_at > $1)`,
    params: [Math.floor(atMs)],
    wakes: true,
  };
}

/** The same for the lanes of one action. */
export function wakeLanesOf(action: string, atMs: number): Statement {
  return {
    sql: "update jobs set run_at = $2 where class = $1 and (run_at is null or run_at > $2)",
    params: [jobClass(`lane:/${action}`), Math.floor(atMs)],
    wakes: true,
  };
}

/** One row a class that has jobs. The index is skipped through, class by class: a backlog does not make it slower. */
export function dueByClass(kind: Database["kind"], nowMs: number): Statement {
  const { now, later } = dialects[kind];
  return {
    sql: `with recursive classes (class) as (
        select min(class) from jobs
        union all
        select (select min(jobs.class) from jobs where jobs.class > classes.class)
        from classes where classes.class is not null
      ), due (class, at) as (
        select class, (
          select min(coalesce(lease_until, run_at)) from jobs where jobs.class = classes.class
        ) from classes where class is not null
      )
      select class, at - ${later}(${now}, $1) as wait_ms from due where at is not null`,
    params: [nowMs],
  };
}

/** Nobody waits for these: they are late whenever something else has to be done. */
const unhurried: readonly JobClass[] = ["contrast", "self-tests", "digest", "retention"];

/** How long the oldest due job that somebody waits for has been due, in ms; 0 when none is. */
export async function queueAgeMs(database: Database, nowMs: number): Promise<number> {
  const { sql, params } = dueByClass(database.kind, nowMs);
  const classes = await database.read<ClassDue>(sql, params);
  const hurried = classes.filter((one) => !unhurried.includes(one.class));
  return Math.max(0, ...hurried.map(({ wait_ms }) => -wait_ms));
}

/** Leases due jobs, oldest first, at most so many of each class. Rows: `ClaimedJob`. */
export function claimJobs(
  kind: Database["kind"],
  wanted: readonly { readonly class: JobClass; readonly limit: number }[],
  { leaseMs, nowMs }: { readonly leaseMs: number; readonly nowMs: number },
): Statement {
  const { now, later, anyOf } = dialects[kind];
  // Due by our own clock too: what this replica wakes now is not late because its clock is ahead.
  const queries = wanted.map(
    (_, index) => `select key from jobs
      where class = $${3 + index * 2} and coalesce(lease_until, run_at) <= ${later}(${now}, $2)
      and (lease_until is null or lease_until <= ${now})
      order by coalesce(lease_until, run_at) limit $${4 + index * 2}`,
  );
  return {
    sql: `update jobs set lease_until = ${now} + $1, run_at = null where key ${anyOf(queries)}
      returning key, class, lease_until as lease`,
    params: [leaseMs, nowMs, ...wanted.flatMap(({ class: name, limit }) => [name, limit])],
  };
}

/** A row with the new `lease`, or none if the lease has gone to somebody else. */
export function renewLease(kind: Database["kind"], key: JobKey, lease: number, leaseMs: number): Statement {
  return {
    sql: `update jobs set lease_until = ${dialects[kind].now} + $1 where key = $2 and lease_until = $3
      returning lease_until as lease`,
    params: [leaseMs, key, lease],
  };
}

/**
 * Takes jobs off the table, all with one lease; those that were woken in the meantime wait again. Their rows are locked in
 * the order in which a write wakes several keys, so that neither has what the other waits for.
 */
export function finishJobs(kind: Database["kind"], keys: readonly JobKey[], lease: number): Statement[] {
  const mine = `key in (${listOf(keys.length, 2)}) and lease_until = $1`;
  const params = [lease, ...padded(keys)];
  const locked = dialects[kind].locked(`select key from jobs where ${mine}`);
  return [
    { sql: `delete from jobs where key ${locked} and run_at is null`, params },
    { sql: `update jobs set lease_until = null where ${mine}`, params },
  ];
}

/** The job runs again at a time (ms), however often it was woken in the meantime. */
export function putOffJob(key: JobKey, lease: number, atMs: number): Statement[] {
  return [
    {
      sql: "update jobs set lease_until = null, run_at = $3 where key = $1 and lease_until = $2",
      params: [key, lease, Math.floor(atMs)],
      wakes: { key, at: atMs },
    },
  ];
}

function split(text: string, separator: string): [string, string] | [] {
  const at = text.indexOf(separator);
  return at === -1 ? [] : [text.slice(0, at), text.slice(at + 1)];
}
