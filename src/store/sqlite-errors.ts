import { DiskFullError } from "./database.ts";

/** SQLite's codes for a file that is damaged or something else. */
const notADatabase = new Set([11, 26]);
/** … for one that may not be opened, or not be written to. */
const notOurs = new Set([8, 14]);
/** … and for a disk that has no room left, as a write or as the memory that readers and writers share. */
const noRoom = new Set([13, 4874]);

/** Why a file could not be opened, in one line that says what to do. */
export function openError(file: string, cause: unknown): Error {
  const { code, message } = cause as { code?: number; message: string };
  if (notOurs.has(code ?? 0)) {
    return new Error(`cannot write to ${file} (${message}): make it writable for this user`, { cause });
  }
  if (notADatabase.has(code ?? 0)) return damaged(file, message, cause);
  if (noRoom.has(code ?? 0))
    return new Error(`cannot open ${file}: its disk is full (${message}): make room`, { cause });
  return new Error(`cannot open ${file}: ${message}`, { cause });
}

/** What to say of a file that is no database any more. Nothing is made anew in its place. */
export function damaged(file: string, detail: string, cause?: unknown): Error {
  return new Error(
    `${file} is not a SQLite database, or is damaged (${detail}): restore it from a backup (docs/storage.md, "Restore"), or move it away`,
    { cause },
  );
}

/** Why a statement failed; `code` is SQLite's. */
export function statementError({
  message,
  code,
}: {
  readonly message: string;
  readonly code?: number;
}): Error {
  return noRoom.has(code ?? 0)
    ? new DiskFullError(
        `SQLite: the disk of the data folder is full, nothing was written: make room (${message})`,
      )
    : new Error(`SQLite: ${message}`);
}
