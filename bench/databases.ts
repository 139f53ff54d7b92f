import { startPostgres, type PostgresServer } from "../test/fixtures/postgres.ts";
import type { DatabaseLocation } from "../src/store/database.ts";

/** A kind of database that servers are measured on. */
export interface BenchDatabase {
  readonly name: "SQLite" | "PostgreSQL";
  /** An empty one; undefined: in the server's own folder. */
  fresh(): Promise<DatabaseLocation | undefined>;
}

/** SQLite, and PostgreSQL with fsync where it is installed: one server for the whole run. */
export class Databases implements AsyncDisposable {
  #postgres: Promise<PostgresServer | undefined> | undefined;

  async all(): Promise<BenchDatabase[]> {
    this.#postgres ??= startPostgres({ fsync: true });
    const postgres = await this.#postgres;
    const sqlite: BenchDatabase = { name: "SQLite", fresh: () => Promise.resolve(undefined) };
    if (postgres === undefined) return [sqlite];
    return [sqlite, { name: "PostgreSQL", fresh: async () => ({ url: await postgres.createDatabase() }) }];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#postgres)?.[Symbol.asyncDispose]();
  }
}
