import { existsSync } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync, backup } from "node:sqlite";
import { damaged, openError } from "./sqlite-errors.ts";

/** All pages in one step, which is one snapshot: a copy in parts begins anew whenever the server writes. */
const pagesAtOnce = 0x7fff_ffff;

export interface BackupOptions {
  /** The data folder. */
  readonly folder: string;
  /** The file to be made. */
  readonly out: string;
  /** Takes the place of a file that is there. */
  readonly force: boolean;
}

/**
 * Copies a folder's database as it is at one moment into a file of its own, whether a server works on it or not; nobody
 * waits for it. The copy is looked through and synced to the disk before it gets its name.
 * @returns its size in bytes
 * @throws Error with one line that says what is wrong and what to do; nothing is left behind then
 */
export async function backUp({ folder, out, force }: BackupOptions): Promise<number> {
  const file = join(folder, "crosscheck.db");
  if (!existsSync(file))
    throw new Error(`there is no database of Crosscheck in ${folder}: name its folder with --data DIR`);
  if (!force && existsSync(out))
    throw new Error(`${out} is there already: name another file, or say --force`);
  const part = `${out}.${process.pid}.part`;
  try {
    // Alerts hold what nobody else on the machine needs to read.
    await (await open(part, "wx", 0o600)).close();
    await copy(file, part);
    check(part);
    await sync(part);
    await rename(part, out);
    await sync(dirname(out));
    return (await stat(out)).size;
  } catch (error) {
    for (const ending of ["", "-journal", "-wal", "-shm"]) await rm(part + ending, { force: true });
    throw error;
  }
}

async function copy(file: string, part: string): Promise<void> {
  try {
    using source = new DatabaseSync(file, { readOnly: true, timeout: 5000 });
    await backup(source, part, { rate: pagesAtOnce });
  } catch (error) {
    throw openError(file, withCode(error));
  }
}

function check(part: string): void {
  using database = new DatabaseSync(part);
  // One file that needs no other beside it; the server turns its log on again.
  database.exec("pragma journal_mode = delete");
  const verdict = String(database.prepare("pragma quick_check(1)").get()?.["quick_check"]);
  if (verdict !== "ok") throw damaged("the copy, and so the database,", verdict.replaceAll(/\s+/g, " "));
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function withCode(error: unknown): { readonly message: string; readonly code?: number } {
  const { message, errcode } = error as { message: string; errcode?: number };
  return errcode === undefined ? { message } : { message, code: errcode };
}
