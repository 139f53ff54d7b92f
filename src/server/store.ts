import type { Config } from "../config/config.ts";
import { openDatabase } from "../store/database.ts";
import type { Database, DatabaseLocation } from "../store/database.ts";
import { occupy, releaseLeases } from "../store/sole-server.ts";

/** The database of a server, and the folder that is its own. */
export interface OpenStore {
  readonly database: Database;
  /** Of a SQLite; null: the database is a PostgreSQL. */
  readonly sqliteFolder: string | null;
  /** Of the spool and of the last good configuration; null: nobody has named one. */
  readonly folder: string | null;
}

export interface StoreOptions {
  readonly database?: DatabaseLocation | undefined;
  readonly data?: string | undefined;
}

/** Opens what the options name, else what the configuration names; `parts` closes it. */
export async function openStore(
  parts: AsyncDisposableStack,
  { database: asked, data }: StoreOptions,
  { server }: Config,
): Promise<OpenStore> {
  const location = asked ?? { data: server.data ?? "crosscheck-data" };
  const database = parts.use(await openDatabase(location));
  if ("url" in location) return { database, sqliteFolder: null, folder: data ?? server.data };
  parts.use(await occupy(location.data));
  await database.write([releaseLeases(Date.now())]);
  return { database, sqliteFolder: location.data, folder: location.data };
}
