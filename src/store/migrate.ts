import { readFileSync, readdirSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import type { ClientBase } from "pg";
import type { Database } from "./database.ts";

/** One step of the schema: a file `migrations/NNNN-name.<kind>.sql`. Once released it never changes: a fix is a new step. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

const folder = new URL("./migrations/", import.meta.url);
const recordTable = `create table if not exists migrations (
  number bigint primary key,
  name text not null,
  applied_at bigint not null
)`;
const recordStep = "insert into migrations (number, name, applied_at) values ($1, $2, $3)";
const lastApplied = "select coalesce(max(number), 0) as number from migrations";

/** Replicas that start together take turns: any number will do, as long as nobody else in the database uses it. */
const migrationLock = 7_236_418_092;

/** PostgreSQL's code for a lock that it did not get in time. */
const lockTimeout = "55P03";

function lockedOut(cause: unknown): Error {
  return new Error(
    "its tables cannot be brought up to date, another session has held a lock on them for 5 s: end it, then start again",
    { cause },
  );
}

/** The number of the newest step that this version knows. */
export function newestStep(kind: Database["kind"]): number {
  return migrationsFor(kind).at(-1)?.number ?? 0;
}

/** The steps for a database, in order. */
export function migrationsFor(kind: Database["kind"]): Migration[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(`.${kind}.sql`))
    .toSorted()
    .map((file) => ({
      number: Number.parseInt(file, 10),
      name: file.slice(0, -`.${kind}.sql`.length),
      sql: readFileSync(new URL(file, folder), "utf8"),
    }));
}

/** Brings a SQLite file up to date, all steps or none. Throws if it was written by a newer version. */
export function migrateSqlite(database: DatabaseSync, now: number): void {
  // Immediate: of two processes that start together the second waits, then finds the work done.
  database.exec("begin immediate");
  try {
    database.exec(recordTable);
    const applied = Number(database.prepare(lastApplied).get()?.["number"]);
    const record = database.prepare(recordStep);
    for (const step of stepsAfter(applied, migrationsFor("sqlite"))) {
      database.exec(step.sql);
      record.run({ 1: step.number, 2: step.name, 3: now });
    }
    database.exec("commit");
  } catch (error) {
    if (database.isTransaction) database.exec("rollback");
    throw error;
  }
}

/** Brings a PostgreSQL database up to date, all steps or none. Rejects if it was written by a newer version. */
export async function migratePostgres(client: ClientBase, now: number): Promise<void> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock($1)", [migrationLock]);
    // Whoever waits for a table is waited for by everybody else who needs it: then rather no new version than no service.
    await client.query("set local lock_timeout = 5000");
    await client.query(recordTable);
    const { rows } = await client.query<{ number: string | number }>(lastApplied);
    for (const step of stepsAfter(Number(rows[0]?.number), migrationsFor("postgres"))) {
      await client.query(step.sql);
      await client.query(recordStep, [step.number, step.name, now]);
    }
    await client.query("commit");
  } catch (error) {
    // The connection may be what failed: the first error is the one to tell.
    await client.query("rollback").catch(() => undefined);
    throw (error as { code?: unknown }).code === lockTimeout ? lockedOut(error) : error;
  }
}

function stepsAfter(applied: number, known: readonly Migration[]): Migration[] {
  const newest = known.at(-1)?.number ?? 0;
  if (applied > newest) {
    throw new Error(
      `the tables were made by a newer version (schema ${applied}; this one knows ${newest}): run the newer version`,
    );
  }
  return known.filter((step) => step.number > applied);
}
