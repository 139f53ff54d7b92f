import type { Database } from "./database.ts";

/** In ms, as the statement runs: `now()` is when its transaction began. */
const readClock = "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now";

/**
 * The time that all replicas go by: PostgreSQL's, so that what one makes due at a time another takes up at that time,
 * however far apart the clocks of their machines are. Between two looks at it the machine's own clock goes on. SQLite has
 * none of its own.
 */
export class DatabaseClock {
  readonly #database: Database;
  #offsetMs = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** ms since 1970 */
  readonly now = (): number => Date.now() + this.#offsetMs;

  /** How far this machine's clock is ahead of the database's, in ms; less than zero when it is behind. */
  get aheadMs(): number {
    return -this.#offsetMs;
  }

  /**
   * Looks at the database's clock. The way there and back leaves a doubt of half its time, within which what was known
   * before stands: a slow answer changes nothing.
   */
  async measure(): Promise<void> {
    if (this.#database.kind === "sqlite") return;
    const askedAt = Date.now();
    const started = performance.now();
    const [row] = await this.#database.read<{ now: number }>(readClock);
    const doubtMs = (performance.now() - started) / 2;
    if (row === undefined) return;
    const offsetMs = Math.round(row.now - (askedAt + doubtMs));
    if (Math.abs(offsetMs - this.#offsetMs) > doubtMs + 1) this.#offsetMs = offsetMs;
  }
}
