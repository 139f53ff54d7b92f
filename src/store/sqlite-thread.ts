/** A thread that owns one SQLite connection. The writer commits many callers at once; the reader never writes. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { parentPort, workerData } from "node:worker_threads";
import { ConflictError, type Statement, type Value } from "./database.ts";
import { yieldToProbing } from "../priority.ts";
import { checkChanges, excerpt } from "./guards.ts";
import { migrateSqlite } from "./migrate.ts";

/** What one caller wants written; with `rows` (a claim, a single statement) the changed rows come back. */
export interface Unit {
  readonly statements: readonly Statement[];
  readonly rows: boolean;
}

export type Task =
  | { readonly type: "write"; readonly units: readonly Unit[] }
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

const { file, role } = workerData as ThreadOptions;
const prepared = new Map<string, StatementSync>();
let database: DatabaseSync;

function open(): void {
  database = new DatabaseSync(file, { timeout: 5000, readOnly: role === "reader" });
  if (role === "reader") return;
  // FULL: a commit has been synced to the disk when it returns, in WAL mode too.
  database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma journal_size_limit = 67108864");
  migrateSqlite(database, Date.now());
}

function prepare(sql: string): StatementSync {
  const known = prepared.get(sql);
  if (known) return known;
  // Texts with a varying number of rows could fill the memory; starting over is cheap.
  if (prepared.size >= preparedLimit) prepared.clear();
  const statement = database.prepare(sql);
  prepared.set(sql, statement);
  return statement;
}

/** Named `1`, `2`, …: `$1` is a name to SQLite. Integers go as bigint, or SQLite would compute with them as reals. */
function bind(params: readonly Value[]): Record<string, SQLInputValue> {
  const bound: Record<string, SQLInputValue> = {};
  for (const [index, value] of params.entries()) {
    bound[index + 1] = Number.isSafeInteger(value) ? BigInt(value as number) : value;
  }
  return bound;
}

function run(unit: Unit): unknown[] {
  let rows: unknown[] = [];
  for (const [index, statement] of unit.statements.entries()) {
    try {
      if (unit.rows) rows = prepare(statement.sql).all(bind(statement.params));
      else checkChanges(statement, index, Number(prepare(statement.sql).run(bind(statement.params)).changes));
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
    prepare("begin immediate").run();
    const outcomes = units.map(writeOne);
    prepare("commit").run();
    return outcomes;
  } catch (error) {
    if (database.isTransaction) prepare("rollback").run();
    return units.map(() => ({ failure: failure(error) }));
  }
}

function writeOne(unit: Unit): Outcome {
  prepare("savepoint unit").run();
  try {
    const rows = run(unit);
    prepare("release unit").run();
    return { rows };
  } catch (error) {
    // A full disk makes SQLite drop the whole transaction: then nobody's statements are there any more.
    if (!database.isTransaction) throw error;
    prepare("rollback to unit").run();
    prepare("release unit").run();
    return { failure: failure(error) };
  }
}

function read(sql: string, params: readonly Value[]): Outcome {
  try {
    return { rows: prepare(sql).all(bind(params)) };
  } catch (error) {
    return { failure: failure(explain(error, { sql, params }, 0)) };
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
  if (task.type === "write") return write(task.units);
  if (task.type === "read") return task.queries.map(({ sql, params }) => read(sql, params));
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
    if (task.type === "close") parentPort?.close();
  });
} catch (error) {
  answer(0, [{ failure: failure(error) }]);
}
