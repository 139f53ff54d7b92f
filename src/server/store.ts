import type { Config } from "../config/config.ts";
import type { Log } from "../log.ts";
import { describeError } from "../model/errors.ts";
import { AwayError, openDatabase } from "../store/database.ts";
import type { Database, DatabaseLocation } from "../store/database.ts";
import { LateDatabase } from "../store/late-database.ts";
import { occupy, releaseLeases } from "../store/sole-server.ts";

/** The database of a server, and the folder that is its own. */
export interface OpenStore {
  readonly database: Database;
  /** The same database where it is away; null: it is there. */
  readonly late: LateDatabase | null;
  /** What to say of one that is away; null: nothing. */
  readonly warning: string | null;
  /** Of a SQLite; null: the database is a PostgreSQL. */
  readonly sqliteFolder: string | null;
  /** Of the spool and of the last good configuration; null: nobody has named one. */
  readonly folder: string | null;
}

export interface StoreOptions {
  readonly database?: DatabaseLocation | undefined;
  readonly data?: string | undefined;
  readonly log: Log;
}

/** Between two tries to open a PostgreSQL that is away. */
const pauseMs = 3000;

/**
 * Opens what the options name, else what the configuration names; `parts` closes it. A PostgreSQL that is away is opened as
 * soon as it is there.
 */
export async function openStore(
  parts: AsyncDisposableStack,
  { database: asked, data, log }: StoreOptions,
  { server }: Config,
): Promise<OpenStore> {
  const location = asked ?? { data: server.data ?? "crosscheck-data" };
  if ("url" in location) {
    const opened = await openOrAwait(location, log);
    parts.use(opened.database);
    return { ...opened, sqliteFolder: null, folder: data ?? server.data };
  }
  const database = parts.use(await openDatabase(location));
  parts.use(await occupy(location.data));
  await database.write([releaseLeases(Date.now())]);
  return { ...there(database), sqliteFolder: location.data, folder: location.data };
}

type Opened = Pick<OpenStore, "database" | "late" | "warning">;

function there(database: Database): Opened {
  return { database, late: null, warning: null };
}

/** @throws what PostgreSQL says when it is there and cannot be used. */
async function openOrAwait(location: DatabaseLocation, log: Log): Promise<Opened> {
  try {
    return there(await openDatabase(location));
  } catch (fault) {
    if (!(fault instanceof AwayError)) throw fault;
    const since = performance.now();
    const onFault = (error: unknown) => {
      const seconds = Math.round((performance.now() - since) / 1000);
      log.error("database-awaited", { error: describeError(error), seconds });
    };
    onFault(fault);
    const open = () => openDatabase(location);
    const late = new LateDatabase({ kind: "postgres", open, fault, onFault, pauseMs });
    const warning = `${describeError(fault)}: it is opened as soon as it answers; until then alerts are kept or told as docs/when-crosscheck-fails.md says`;
    return { database: late, late, warning };
  }
}
