import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ConflictError, wakesOf } from "./database.ts";
import type { Database, Statement, Value, Wake } from "./database.ts";
import { storable } from "./guards.ts";
import { refuseDamaged, refuseEmptied } from "./integrity.ts";
import { pack, type Unit } from "./packed.ts";
import { openError, statementError } from "./sqlite-errors.ts";
import type { Failure, Outcome } from "./sqlite-thread.ts";
import { SqliteThread } from "./sqlite-worker.ts";

/** Callers in one transaction: enough to share the fsync, few enough that nobody waits for long. */
const batchLimit = 256;

/** So many callers may wait for a thread: more of them would only wait longer, and cost memory. */
const maxWaiting = 20_000;

interface Caller {
  readonly unit: Unit;
  resolve(rows: unknown[]): void;
  reject(error: Error): void;
}

/** Opens `crosscheck.db` in a folder, making both if they are missing. See `openDatabase`. */
export async function openSqlite(folder: string): Promise<Database> {
  const file = join(folder, "crosscheck.db");
  await makeWritable(folder);
  refuseEmptied(folder);
  await refuseDamaged(file);
  await using opened = new AsyncDisposableStack();
  try {
    const writer = opened.use(await SqliteThread.start({ file, role: "writer" }));
    const reader = opened.use(await SqliteThread.start({ file, role: "reader" }));
    opened.move();
    return new SqliteDatabase(writer, reader);
  } catch (error) {
    throw openError(file, error);
  }
}

class SqliteDatabase implements Database {
  readonly kind = "sqlite";
  readonly #writer: SqliteThread;
  readonly #reader: SqliteThread;
  readonly #listeners = new Set<(wakes: readonly Wake[]) => void>();
  #asked: Caller[] = [];
  /** Callers whose reads the thread has not answered. */
  #reading = 0;
  #waiting: Caller[] = [];
  #writing: Promise<void> | undefined;
  #closed = false;

  constructor(writer: SqliteThread, reader: SqliteThread) {
    this.#writer = writer;
    this.#reader = reader;
  }

  async read<T>(sql: string, params: readonly Value[] = []): Promise<T[]> {
    refuseCrowd(this.#asked.length + this.#reading);
    const unit = { statements: [storable({ sql, params })], rows: true };
    const { promise, resolve, reject } = Promise.withResolvers<unknown[]>();
    this.#asked.push({ unit, resolve, reject });
    if (this.#asked.length === 1) setImmediate(() => void this.#readTogether());
    return (await promise) as T[];
  }

  async claim<T>(statement: Statement): Promise<T[]> {
    return (await this.#enqueue([statement], true)) as T[];
  }

  async write(statements: readonly Statement[]): Promise<void> {
    if (statements.length > 0) await this.#enqueue(statements, false);
  }

  onWake(callback: (wakes: readonly Wake[]) => void): Disposable {
    const listener: typeof callback = (wakes) => callback(wakes);
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await this.#writing;
    await this.#reader[Symbol.asyncDispose]();
    // Last: closing the writer folds the log back into the file.
    await this.#writer[Symbol.asyncDispose]();
  }

  async #enqueue(statements: readonly Statement[], rows: boolean): Promise<unknown[]> {
    if (this.#closed) throw new Error("the database is closed");
    refuseCrowd(this.#waiting.length);
    const unit = { statements: statements.map(storable), rows };
    const { promise, resolve, reject } = Promise.withResolvers<unknown[]>();
    this.#waiting.push({ unit, resolve, reject });
    this.#writing ??= this.#drain();
    return promise;
  }

  /** The reads of a tick go to the thread in one message: a message costs more than most reads. */
  async #readTogether(): Promise<void> {
    const callers = this.#asked.splice(0);
    this.#reading += callers.length;
    try {
      const queries = callers.flatMap(({ unit }) => unit.statements);
      settle(callers, await this.#reader.ask({ type: "read", queries }));
    } catch (error) {
      for (const caller of callers) caller.reject(error as Error);
    } finally {
      this.#reading -= callers.length;
    }
  }

  /** While one transaction is being synced the next one gathers its callers. */
  async #drain(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const callers = this.#waiting.splice(0, batchLimit);
      try {
        const units = pack(callers.map(({ unit }) => unit));
        const outcomes = await this.#writer.ask({ type: "write", units }, [units.bytes]);
        this.#answer(callers, outcomes);
      } catch (error) {
        for (const caller of callers) caller.reject(error as Error);
      }
    }
    this.#writing = undefined;
  }

  #answer(callers: readonly Caller[], outcomes: readonly Outcome[]): void {
    const written = settle(callers, outcomes);
    const wakes = written.flatMap(({ unit }) => wakesOf(unit.statements));
    if (wakes.length === 0) return;
    for (const listener of this.#listeners) listener(wakes);
  }
}

function refuseCrowd(waiting: number): void {
  if (waiting >= maxWaiting) throw new Error(`SQLite: busy, ${waiting} callers are waiting already`);
}

/** Gives each caller its outcome; returns those that got what they asked for. */
function settle(callers: readonly Caller[], outcomes: readonly Outcome[]): Caller[] {
  return callers.filter((caller, index) => {
    try {
      caller.resolve(rowsOf(outcomes[index]));
      return true;
    } catch (error) {
      caller.reject(error as Error);
      return false;
    }
  });
}

function rowsOf(outcome: Outcome | undefined): unknown[] {
  if (outcome && "rows" in outcome) return outcome.rows;
  throw errorOf(outcome?.failure ?? { message: "the SQLite thread did not answer" });
}

function errorOf(failure: Failure): Error {
  const { message, conflictAt } = failure;
  return conflictAt === undefined ? statementError(failure) : new ConflictError(conflictAt, message);
}

async function makeWritable(folder: string): Promise<void> {
  try {
    // Alerts hold what nobody else on the machine needs to read.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new Error(
      `cannot write to the data folder ${folder} (${code}): make it writable for this user, or name another with --data`,
      { cause },
    );
  }
}
