import { existsSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { Statement } from "./database.ts";

/** SQLITE_BUSY */
const busy = 5;
const retryMs = 50;
/** A server that is told to stop when the next one starts needs a moment to end. */
const patienceMs = 5000;

/**
 * Makes this process the only one that serves a data folder that is there: what the one before it was working on is free then. The
 * lock is the operating system's, held by way of an empty SQLite file, so that it ends with the process, however that
 * ends. Disposing of it gives it up.
 * @throws Error with one line when another process serves the folder, and still does after five seconds.
 */
export async function occupy(folder: string): Promise<Disposable> {
  const giveUpAt = performance.now() + patienceMs;
  for (;;) {
    const lock = tryLock(join(folder, "serve.lock"));
    if (lock !== undefined) return lock;
    if (performance.now() > giveUpAt) {
      throw new Error(
        `another process serves the data folder ${folder}: stop it, or name another folder with --data`,
      );
    }
    await sleep(retryMs);
  }
}

/** Whether a process serves a data folder. It looks, and leaves nothing behind. */
export function isOccupied(folder: string): boolean {
  const file = join(folder, "serve.lock");
  if (!existsSync(file)) return false;
  using lock = new DatabaseSync(file, { readOnly: true });
  try {
    lock.exec("select count(*) from sqlite_schema");
    return false;
  } catch (error) {
    if (isBusy(error)) return true;
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "errcode" in error && error.errcode === busy;
}

function tryLock(file: string): Disposable | undefined {
  const lock = new DatabaseSync(file);
  try {
    lock.exec("begin exclusive");
    return { [Symbol.dispose]: () => lock.close() };
  } catch (error) {
    lock.close();
    if (isBusy(error)) return undefined;
    throw error;
  }
}

/** Whatever a dead process had under way is due at once. Only for the sole server of a database. */
export function releaseLeases(now: number): Statement {
  return {
    sql: "update jobs set run_at = $1, lease_until = null where lease_until is not null",
    params: [now],
    wakes: true,
  };
}
