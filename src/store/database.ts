/**
 * The store's lowest layer: one interface over SQLite and PostgreSQL.
 *
 * There is no interactive transaction. A step reads, decides purely, and writes with guards; where a guard fails it
 * reads again and decides again. SQL is written once for both databases: `$1` parameters, `bigint` times in ms,
 * JSON as text, no booleans in results, `is null` spelled out so that partial indexes match.
 */

import type { JobKey } from "./jobs.ts";
import type { Rows } from "./rows.ts";

/** Integers must be safe integers; a NUL in a text, which PostgreSQL cannot hold, is stored as U+FFFD on both. */
export type Value = string | number | null | Uint8Array;

/** Which job falls due and when (ms since 1970); `true`: whichever, now. */
export type Wake = true | { readonly key: JobKey; readonly at: number };

export interface Statement {
  readonly sql: string;
  readonly params: readonly Value[];
  /** How many rows this insert, update or delete must change. Any other count rolls the whole write back. */
  readonly changes?: number;
  /** The statement makes jobs due: whoever serves jobs, in any replica, is told after the commit. */
  readonly wakes?: Wake;
  /** Its kind, where statements of that kind can be written together: see rows.ts. */
  readonly rows?: Rows;
}

export interface Database extends AsyncDisposable {
  readonly kind: "sqlite" | "postgres";
  /** Rows of a query, as plain objects by column name: bigint as number, blob as Uint8Array. */
  read<T>(sql: string, params?: readonly Value[]): Promise<T[]>;
  /** One `update … returning`, durable when resolved. */
  claim<T>(statement: Statement): Promise<T[]>;
  /**
   * All statements or none; durable when resolved. Rejects with a ConflictError where a guard or a unique index
   * refused it, and with another error where the database is away, full or the SQL is wrong. If the connection broke
   * during the commit, a rejected write may still have happened: guards and stable ids make a repeat harmless.
   */
  write(statements: readonly Statement[]): Promise<void>;
  /** Calls back after a write that `wakes`, here or in another replica, and whenever such news may have been missed. */
  onWake(callback: (wakes: readonly Wake[]) => void): Disposable;
}

/** Somebody else was first: a guard counted other rows than asked, or a unique index refused. Read again, decide again. */
export class ConflictError extends Error {
  override readonly name = "ConflictError";
  /** Which statement of the write was refused, from 0; on PostgreSQL of those that went to it, rows of a kind as one. */
  readonly index: number;

  constructor(index: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.index = index;
  }
}

/** Nobody answers where the database should be, or it takes nobody just now: later it may. */
export class AwayError extends Error {
  override readonly name = "AwayError";
}

/** There is no room on the database's disk: nothing was written, and what is smaller may still find room. */
export class DiskFullError extends Error {
  override readonly name = "DiskFullError";
}

/** Where the rows are: a folder for SQLite (made if it is missing), or a PostgreSQL URL. */
export type DatabaseLocation = { readonly data: string } | { readonly url: string };

/**
 * Opens the database and brings its tables up to date.
 * Rejects with a message of one line that says what is wrong and what to do: folder not writable, file damaged,
 * server away (an AwayError, after about 5 s), tables newer than this version.
 */
export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  // Imported on demand: a process that uses one database does not load the other's driver.
  if ("url" in location) {
    const { openPostgres } = await import("./postgres.ts");
    return openPostgres(location.url);
  }
  const { openSqlite } = await import("./sqlite.ts");
  return openSqlite(location.data);
}

/** Which jobs a write has made due. */
export function wakesOf(statements: readonly Statement[]): Wake[] {
  return statements.flatMap(({ wakes }) => (wakes === undefined ? [] : [wakes]));
}
