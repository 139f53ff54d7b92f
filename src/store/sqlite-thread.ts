/** A thread that owns one SQLite connection. The writer commits many callers at once; the reader never writes. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { ConflictError, type Statement, type Value } from "./database.ts";
import { yieldToProbing } from "../priority.ts";
import { checkChanges, excerpt } from "./guards.ts";
import { LogFile } from "./log-file.ts";
import { migrateSqlite } from "./migrate.ts";
import { unpack, type Packed, type Unit } from "./packed.ts";

export type Task =
  | { readonly type: "write"; readonly units: Packed }
  | { readonly type: "read"; readonly queries: readonly Statement[] }
  | { readonly type: "close" };

/** Errors lose their class on the way between threads. */
export interface Failure {
  readonly message: string;
  readonly conflictAt?: number;
  readonly code?: number;
}

export type Outcome = { readonly rows: unknown[] } | { readonly failure: Failure };

export interface ThreadOptions {
  readonly file: string;
  readonly role: "writer" | "reader";
}

/** The first reply, with number 0, says whether the file could be opened. */
export interface Reply {
  readonly number: number;
  readonly outcomes: readonly Outcome[];
}

/** SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE. */
const uniqueViolations = new Set([1555, 2067]);
const preparedLimit = 300;

interface Prepared {
  readonly statement: StatementSync;
  /** Its parameters are `?` in the order of their numbers: bound several times faster than by name. */
  readonly inOrder: boolean;
}

const { file, role } = workerData as ThreadOptions;
const prepared = new Map<string, Prepared>();
let database: DatabaseSync;
let log: LogFile | undefined;

/** Four times what the log is cut to when it begins anew. */
const maxLogBytes = 256 * 1024 * 1024;

function open(): void {
  database = new DatabaseSync(file, { timeout: 5000, readOnly: role === "reader" });
  // Where the root is read-only or /tmp is full there is no file to be had, and whatever needs one would fail.
  database.exec("pragma temp_store = memory");
  if (role === "reader") return;
  // FULL: a commit has been synced to the disk when it returns, in WAL mode too.
  database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma journal_size_limit = 67108864");
  log = new LogFile(database, file, maxLogBytes);
  migrateSqlite(database, Date.now());
}

function prepare(sql: string): Prepared {
  const known = prepared.get(sql);
  if (known) return known;
  // Texts with a varying number of rows could fill the memory; starting over is cheap.
  if (prepared.size >= preparedLimit) prepared.clear();
  const numbers = Array.from(sql.matchAll(/\$(\d+)/g), ([, number]) => Number(number));
  const inOrder = numbers.every((number, index) => number === index + 1);
  const statement = database.prepare(inOrder ? sql.replaceAll(/\$\d+/g, "?") : sql);
  const fresh = { statement, inOrder };
  prepared.set(sql, fresh);
  return fresh;
}

function changesOf({ sql, params }: Statement): number {
  const { statement, inOrder } = prepare(sql);
  return Number((inOrder ? statement.run(...params.map(bound)) : statement.run(named(params))).changes);
}

function rowsOf({ sql, params }: Statement): unknown[] {
  const { statement, inOrder } = prepare(sql);
  return inOrder ? statement.all(...params.map(bound)) : statement.all(named(params));
}

/** Integers go as bigint, or SQLite would compute with them as reals. */
function bound(value: Value): SQLInputValue {
  return Number.isSafeInteger(value) ? BigInt(value as number) : value;
}

/** Named `1`, `2`, …: `$1` is a name to SQLite. */
function named(params: readonly Value[]): Record<string, SQLInputValue> {
  return Object.fromEntries(params.map((value, index) => [index + 1, bound(value)]));
}

function run(unit: Unit): unknown[] {
  let rows: unknown[] = [];
  for (const [index, statement] of unit.statements.entries()) {
    try {
      if (unit.rows) rows = rowsOf(statement);
      else checkChanges(statement, index, changesOf(statement));
    } catch (error) {
      throw explain(error, statement, index);
    }
  }
  return rows;
}

function explain(error: unknown, statement: Statement, index: number): unknown {
  if (error instanceof ConflictError || !(error instanceof Error)) return error;
  if (uniqueViolations.has(sqliteCode(error) ?? 0)) return new ConflictError(index, error.message);
  error.message = `${error.message} (statement ${index}: ${excerpt(statement.sql)})`;
  return error;
}

/**
 * One transaction, one fsync, many callers: each caller's statements stand in a savepoint, so that what refuses one
 * caller leaves the others alone. Nobody is answered before the commit has returned.
 */
function write(units: readonly Unit[]): Outcome[] {
  try {
    command("begin immediate");
    const outcomes = units.map(writeOne);
    command("commit");
    return outcomes;
  } catch (error) {
    if (database.isTransaction) command("rollback");
    return units.map(() => ({ failure: failure(error) }));
  }
}

function writeOne(unit: Unit): Outcome {
  command("savepoint unit");
  try {
    const rows = run(unit);
    command("release unit");
    return { rows };
  } catch (error) {
    // A full disk makes SQLite drop the whole transaction: then nobody's statements are there any more.
    if (!database.isTransaction) throw error;
    command("rollback to unit");
    command("release unit");
    return { failure: failure(error) };
  }
}

function command(sql: string): void {
  prepare(sql).statement.run();
}

function read(query: Statement): Outcome {
  try {
    return { rows: rowsOf(query) };
  } catch (error) {
    return { failure: failure(explain(error, query, 0)) };
  }
}

function failure(error: unknown): Failure {
  if (!(error instanceof Error)) return { message: String(error) };
  const code = sqliteCode(error);
  return {
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(error instanceof ConflictError ? { conflictAt: error.index } : {}),
  };
}

function sqliteCode(error: Error): number | undefined {
  return "errcode" in error && typeof error.errcode === "number" ? error.errcode : undefined;
}

function perform(task: Task): Outcome[] {
  if (task.type === "write") return write(unpack(task.units));
  if (task.type === "read") return task.queries.map(read);
  prepared.clear();
  database.close();
  return [];
}

function answer(number: number, outcomes: readonly Outcome[]): void {
  parentPort?.postMessage({ number, outcomes } satisfies Reply, []);
}

yieldToProbing();
try {
  open();
  answer(0, [{ rows: [] }]);
  parentPort?.on("message", ({ number, task }: { number: number; task: Task }) => {
    answer(number, perform(task));
    if (task.type === "write") log?.committed();
    if (task.type === "close") parentPort?.close();
  });
} catch (error) {
  answer(0, [{ failure: failure(error) }]);
}
