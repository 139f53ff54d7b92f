/** What there is to say of a data folder's database without working on it: nothing is made, migrated or written. */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { refuseEmptied } from "./integrity.ts";
import { newestStep } from "./migrate.ts";
import { damaged, openError } from "./sqlite-errors.ts";

/** Files up to this size are looked through: a third of a second. */
const smallBytes = 256 * 1024 * 1024;

export interface SqliteSurvey {
  readonly sizeBytes: number;
  /** The newest step of the schema that it has; 0: none yet. */
  readonly schema: number;
  /** The newest that this version knows. */
  readonly known: number;
  /** Whether its pages were looked at; a large file is looked through while it is served. */
  readonly looked: boolean;
}

/**
 * Undefined where there is no database yet.
 * @throws Error with one line that says what is wrong and what to do
 */
export function surveySqlite(folder: string): SqliteSurvey | undefined {
  const file = join(folder, "crosscheck.db");
  refuseEmptied(folder);
  if (!existsSync(file)) return undefined;
  const sizeBytes = statSync(file).size;
  const looked = sizeBytes <= smallBytes;
  try {
    using database = new DatabaseSync(addressOf(file), { readOnly: true, timeout: 5000 });
    const verdict = looked ? String(database.prepare("pragma quick_check(1)").get()?.["quick_check"]) : "ok";
    if (verdict !== "ok") throw damaged(file, verdict.replaceAll(/\s+/g, " "));
    return { sizeBytes, schema: schemaOf(database), known: newestStep("sqlite"), looked };
  } catch (error) {
    throw withCode(file, error);
  }
}

/** Without its log nobody has it open, and nothing need be made beside it to read it. */
function addressOf(file: string): URL {
  const url = pathToFileURL(file);
  if (!existsSync(`${file}-wal`)) url.searchParams.set("immutable", "1");
  return url;
}

function schemaOf(database: DatabaseSync): number {
  const has = database.prepare("select 1 from sqlite_schema where name = 'migrations'").get() !== undefined;
  const row = has ? database.prepare("select max(number) as number from migrations").get() : undefined;
  return Number(row?.["number"] ?? 0);
}

function withCode(file: string, error: unknown): unknown {
  const { message, errcode } = error as { message: string; errcode?: number };
  return errcode === undefined ? error : openError(file, { message, code: errcode });
}
