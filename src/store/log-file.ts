import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

/** How often to look, in commits: a look costs as much as writing a row. */
const everyCommits = 64;

/**
 * Keeps SQLite's write-ahead log (`-wal`) from growing without bound. SQLite folds it back into the file by itself, but
 * begins it anew only at a moment when nobody reads what is in it, which under constant reading may never come.
 */
export class LogFile {
  readonly #database: DatabaseSync;
  readonly #path: string;
  readonly #limitBytes: number;
  #commits = 0;

  constructor(database: DatabaseSync, file: string, limitBytes: number) {
    this.#database = database;
    this.#path = `${file}-wal`;
    this.#limitBytes = limitBytes;
  }

  /** Told of each commit, when those who waited for it have been answered. */
  committed(): void {
    this.#commits += 1;
    if (this.#commits % everyCommits === 0) this.fold();
  }

  /** Where the log is too long, waits for who reads it (as long as for any lock), and has new readers wait meanwhile. */
  fold(): void {
    const size = statSync(this.#path, { throwIfNoEntry: false })?.size ?? 0;
    if (size <= this.#limitBytes) return;
    try {
      this.#database.exec("pragma wal_checkpoint(truncate)");
    } catch {
      // What keeps the log from being folded will pass, or tells the next write what is wrong.
    }
  }
}
