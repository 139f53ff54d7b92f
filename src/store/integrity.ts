/** Whether a SQLite file is whole, as far as SQLite can tell: `pragma quick_check`, 1.4 s a GB where the disk is fast. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { damaged, openError } from "./sqlite-errors.ts";
import { SqliteThread } from "./sqlite-worker.ts";

/** Files up to this size are looked through before anything is done with them: a third of a second. */
const atOnceBytes = 256 * 1024 * 1024;

/**
 * Refuses what SQLite would take for an empty database though it is none: a file cut to nothing in a folder that has been
 * served, and a log without the file that it belongs to, which SQLite would throw away.
 */
export function refuseEmptied(folder: string): void {
  const file = join(folder, "crosscheck.db");
  const size = sizeOf(file);
  if (size > 0) return;
  if (sizeOf(`${file}-wal`) > 0)
    throw damaged(file, "it is gone or empty, and its log crosscheck.db-wal is not");
  if (existsSync(file) && existsSync(join(folder, "serve.lock")))
    throw damaged(file, "it is empty, and this folder has been served before");
}

/** Looks through a small file before it is opened to be written to. */
export async function refuseDamaged(file: string): Promise<void> {
  const size = sizeOf(file);
  if (size > 0 && size <= atOnceBytes) await lookThrough(file);
}

/**
 * Looks through a large file, table by table, beside whoever works on it; resolves at once for one that has been looked
 * through when it was opened. Rejects with one line that says what is wrong and what to do.
 */
export async function checkBeside(
  folder: string,
  signal: AbortSignal,
  largeBytes = atOnceBytes,
): Promise<void> {
  const file = join(folder, "crosscheck.db");
  if (sizeOf(file) <= largeBytes) return;
  await using reader = await SqliteThread.start({ file, role: "reader" });
  const tables = await rowsOf(file, reader, "select name from sqlite_schema where type = 'table'");
  for (const { name } of tables) {
    if (signal.aborted) return;
    await quickCheck(file, reader, `pragma quick_check("${String(name)}")`);
  }
}

async function lookThrough(file: string): Promise<void> {
  await using reader = await SqliteThread.start({ file, role: "reader" }).catch((error: unknown) => {
    throw openError(file, error);
  });
  await quickCheck(file, reader, "pragma quick_check(1)");
}

async function quickCheck(file: string, reader: SqliteThread, sql: string): Promise<void> {
  const [row] = await rowsOf(file, reader, sql);
  const verdict = String(row?.["quick_check"]);
  if (verdict !== "ok") throw damaged(file, verdict.replaceAll(/\s+/g, " "));
}

async function rowsOf(file: string, reader: SqliteThread, sql: string): Promise<Record<string, unknown>[]> {
  const [outcome] = await reader.ask({ type: "read", queries: [{ sql, params: [] }] });
  if (outcome === undefined || "failure" in outcome)
    throw openError(file, outcome?.failure ?? new Error("no answer"));
  return outcome.rows as Record<string, unknown>[];
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
