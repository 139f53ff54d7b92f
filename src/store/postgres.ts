import { Client, Pool, type ClientBase, type PoolClient, type PoolConfig, type QueryResult } from "pg";
import { ConflictError, DiskFullError, wakesOf } from "./database.ts";
import type { Database, Statement, Value, Wake } from "./database.ts";
import { checkChanges, excerpt, storable } from "./guards.ts";
import { migratePostgres } from "./migrate.ts";
import { connectionSettings, describe, openError } from "./postgres-connection.ts";
import { together } from "./rows.ts";
import { Turns } from "./turns.ts";
import { WakeChannel } from "./postgres-wake.ts";

const poolSize = 8;
/** So many callers may wait for a connection: more of them would only wait longer, and cost memory. */
const maxWaiting = 20_000;
/** A little more than the server's own limit: only a network that swallows everything gets here. */
const queryTimeoutMs = 12_000;
const patienceMs = 30_000;
const uniqueViolation = "23505";
const diskFull = "53100";
/** Serialization failure, deadlock: PostgreSQL undid the transaction and asks to try again. */
const retryable = new Set(["40001", "40P01"]);

/** Opens a PostgreSQL database, version 13 or newer, and brings its tables up to date. See `openDatabase`. */
export async function openPostgres(url: string): Promise<Database> {
  const settings = connectionSettings(url);
  const client = new Client(settings);
  client.on("error", () => undefined);
  try {
    await client.connect();
    await migratePostgres(client, Date.now());
  } catch (error) {
    throw openError(client, error);
  } finally {
    await client.end().catch(() => undefined);
  }
  return new PostgresDatabase(settings);
}

class PostgresDatabase implements Database {
  readonly kind = "postgres";
  readonly #pool: Pool;
  readonly #wakes: WakeChannel;
  /** As many as connections: the pool's own queue has one limit for a server that is away and one that is busy. */
  readonly #turns = new Turns({ places: poolSize, silenceMs: queryTimeoutMs, patienceMs });
  readonly #lent = new Set<Promise<unknown>>();
  #closed = false;

  constructor(settings: PoolConfig) {
    // Pipelined: the statements of a write leave together instead of waiting for each other's answers.
    this.#pool = new Pool({ ...settings, max: poolSize, pipeline: true, query_timeout: queryTimeoutMs });
    this.#pool.on("connect", limitSession);
    // An idle connection that breaks leaves the pool by itself; the next query opens another.
    this.#pool.on("error", () => undefined);
    this.#wakes = new WakeChannel(settings, (sql, params) =>
      this.#lendOne((client) => client.query(sql, [...params])),
    );
  }

  async read<T>(sql: string, params: readonly Value[] = []): Promise<T[]> {
    return this.#lend(async (client) => {
      const { rows } = await send(client, storable({ sql, params }), 0);
      return rows as T[];
    });
  }

  async claim<T>(statement: Statement): Promise<T[]> {
    const checked = storable(statement);
    return retryOnce(() => this.#lend((client) => claimRows<T>(client, checked)));
  }

  async write(statements: readonly Statement[]): Promise<void> {
    if (statements.length === 0) return;
    const checked = together(statements).map(storable);
    await retryOnce(() => this.#lend((client) => transact(client, checked)));
    const wakes = wakesOf(statements);
    if (wakes.length > 0) this.#wakes.tell(wakes);
  }

  onWake(callback: (wakes: readonly Wake[]) => void): Disposable {
    return this.#wakes.listen(callback);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#lent);
    await this.#wakes[Symbol.asyncDispose]();
    await this.#pool.end();
  }

  /** Closing waits for whoever has asked for a connection: the pool itself would forget those that still wait for one. */
  async #lend<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    if (this.#closed) throw new Error("the database is closed");
    if (this.#lent.size >= maxWaiting)
      throw new Error(`PostgreSQL: busy, ${this.#lent.size} callers are waiting already`);
    const lent = this.#lendOne(use);
    this.#lent.add(lent);
    return lent.finally(() => this.#lent.delete(lent));
  }

  async #lendOne<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    await this.#turns.take().catch((fault: Error) => {
      throw new Error(`PostgreSQL ${fault.message}`, { cause: fault });
    });
    let answered = false;
    try {
      const result = await this.#use(use);
      answered = true;
      return result;
    } catch (error) {
      answered = isAnswer(error);
      throw error;
    } finally {
      this.#turns.leave({ answered });
    }
  }

  async #use<T>(use: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch((cause: Error) => {
      const what = sqlState(cause) === undefined ? "does not answer" : "takes no connection";
      throw new Error(`PostgreSQL ${what}: ${describe(cause)}`, { cause });
    });
    let broken: Error | undefined;
    // Without a listener, a connection that breaks while it is lent would end the process.
    const onBreak = (error: Error) => (broken = error);
    client.on("error", onBreak);
    try {
      return await use(client);
    } catch (error) {
      if (!isAnswer(error)) broken ??= error as Error;
      throw error;
    } finally {
      client.off("error", onBreak);
      client.release(broken);
    }
  }
}

/**
 * A queue's statistics are always stale, and with stale ones the planner sorts the whole backlog for each claim
 * instead of reading the first rows of the index: 16 ms instead of 0.6 at 20,000 jobs.
 */
async function claimRows<T>(client: PoolClient, statement: Statement): Promise<T[]> {
  const sent = inOnePiece(client, () => [
    client.query("begin; set local enable_bitmapscan = off"),
    send(client, statement, 0),
    client.query("commit"),
  ]);
  const [, result] = await allOrFirstFailure<QueryResult>(sent);
  return result?.rows as T[];
}

/** Begin, statements and, where nothing is to be counted first, the commit in one round trip. */
async function transact(client: PoolClient, statements: readonly Statement[]): Promise<void> {
  const counted = statements.some(({ changes }) => changes !== undefined);
  const [only] = statements;
  if (only && statements.length === 1 && !counted) {
    await send(client, only, 0);
    return;
  }
  const sent = inOnePiece(client, () => [
    client.query("begin"),
    ...statements.map((statement, index) => send(client, statement, index)),
    // After a failed statement this commit is a rollback.
    ...(counted ? [] : [client.query("commit")]),
  ]);
  try {
    const [, ...results] = await allOrFirstFailure(sent);
    if (!counted) return;
    for (const [index, statement] of statements.entries()) {
      checkChanges(statement, index, results[index]?.rowCount ?? 0);
    }
  } catch (error) {
    if (counted && isAnswer(error)) await client.query("rollback");
    throw error;
  }
  await client.query("commit");
}

/** What is sent meanwhile goes to the network as one: a system call each would cost as much as the rest of a statement. */
function inOnePiece<T>(client: PoolClient, send: () => T): T {
  const { stream } = client.connection;
  stream.cork();
  try {
    return send();
  } finally {
    stream.uncork();
  }
}

/** The first failure explains the others, which only say that the transaction is already lost. */
async function allOrFirstFailure<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  const outcomes = await Promise.allSettled(promises);
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}

async function send(client: ClientBase, { sql, params }: Statement, index: number): Promise<QueryResult> {
  try {
    return await client.query(sql, [...params]);
  } catch (error) {
    const cause = error as Error;
    if (sqlState(error) === uniqueViolation) throw new ConflictError(index, cause.message, { cause });
    const code = sqlState(error);
    const Kind = code === diskFull ? DiskFullError : Error;
    const message = `PostgreSQL: ${cause.message} (statement ${index}: ${excerpt(sql)})`;
    throw Object.assign(new Kind(message, { cause }), { code });
  }
}

async function retryOnce<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (!retryable.has(sqlState(error) ?? "")) throw error;
    return attempt();
  }
}

/** Not as parameters of the connection: PgBouncer refuses those. If the connection breaks now, its user will notice. */
function limitSession(client: ClientBase): void {
  // The pool listens while nobody uses it, and no longer once it has let go of it: the server's farewell may come later.
  client.on("error", () => undefined);
  client
    .query("set statement_timeout = 10000; set idle_in_transaction_session_timeout = 10000")
    .catch(() => undefined);
}

/** Only an answer of the server leaves the connection in a state that we know; any other error ends it. */
function isAnswer(error: unknown): boolean {
  return error instanceof ConflictError || sqlState(error) !== undefined;
}

/** The five characters that PostgreSQL gives each error; undefined if it was not the server that failed. */
function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}
