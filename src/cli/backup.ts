import { parseArgs } from "node:util";
import { backUp } from "../store/backup.ts";
import { folderOf } from "./data-folder.ts";
import { UsageError } from "./usage.ts";

/** `crosscheck backup`: a copy of the SQLite database as it is at one moment, while the server runs. */
export async function backup(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      data: { type: "string" },
      config: { type: "string" },
      database: { type: "string" },
      out: { type: "string" },
      force: { type: "boolean", default: false },
    },
  });
  const { data, config, database, out, force } = values;
  if (database !== undefined)
    throw new UsageError("backup copies SQLite; for PostgreSQL: pg_dump --format=custom --file=FILE URL");
  if (out === undefined) throw new UsageError("backup wants --out FILE, the file to be made");
  if (data !== undefined && config !== undefined)
    throw new UsageError("--data and --config exclude each other: name one");
  const folder = data ?? (config === undefined ? "crosscheck-data" : await folderOf(config));
  const bytes = await backUp({ folder, out, force });
  process.stdout.write(`${out}: ${(bytes / 1e6).toFixed(1)} MB, whole and on disk\n`);
  return 0;
}
