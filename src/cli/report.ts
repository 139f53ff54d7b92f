import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatDuration, parseDuration } from "../model/settings.ts";
import { report as reportAnswer } from "../model/report.ts";
import type { Report } from "../model/report.ts";
import { longestReportMs, makeReport, usualReportMs } from "../steps/report.ts";
import { openDatabase } from "../store/database.ts";
import type { DatabaseLocation } from "../store/database.ts";
import { apiOptions, openApi } from "./api-client.ts";
import type { ApiValues } from "./api-client.ts";
import { folderOf } from "./data-folder.ts";
import { databaseUrl } from "./database-option.ts";
import { reportText } from "./report-text.ts";
import { UsageError } from "./usage.ts";

/** A storm of a few hundred thousand incidents takes the server a while to sum up. */
const longestWaitMs = 300_000;

interface Wanted extends ApiValues {
  readonly config?: string | undefined;
  readonly data?: string | undefined;
  readonly database?: string | undefined;
}

/** `crosscheck report`: pages and what was spared, per route and sender; from a server, or from its database. */
export async function report(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      ...apiOptions,
      since: { type: "string", default: formatDuration(usualReportMs) },
      json: { type: "boolean", default: false },
      config: { type: "string" },
      data: { type: "string" },
      database: { type: "string" },
    },
  });
  const backMs = parseDuration(values.since) ?? 0;
  if (backMs <= 0 || backMs > longestReportMs)
    throw new UsageError(`--since is a duration such as 7d, at most ${formatDuration(longestReportMs)}`);
  const location = await locationOf(values);
  const made = location === undefined ? await asked(values, values.since) : await madeHere(location, backMs);
  process.stdout.write(values.json ? `${JSON.stringify(made, null, 2)}\n` : reportText(made));
  return 0;
}

function asked(values: ApiValues, since: string): Promise<Report> {
  const path = `/api/v1/report?since=${encodeURIComponent(since)}`;
  return openApi(values).ask({ method: "GET", path, answer: reportAnswer, limitMs: longestWaitMs });
}

async function madeHere(location: DatabaseLocation, backMs: number): Promise<Report> {
  await using database = await openDatabase(location);
  const now = Date.now();
  return await makeReport(database, { since: now - backMs, until: now });
}

/** The database to read; undefined: a server is asked, which is the better way while there is one. */
async function locationOf({ server, config, data, database }: Wanted): Promise<DatabaseLocation | undefined> {
  const named = Object.entries({ server, config, data, database }).filter(([, value]) => value !== undefined);
  if (named.length > 1)
    throw new UsageError(`${named.map(([name]) => `--${name}`).join(" and ")} exclude each other: name one`);
  if (database !== undefined) return { url: databaseUrl(database) };
  const folder = data ?? (config === undefined ? undefined : await folderOf(config));
  if (folder === undefined) return undefined;
  // Opening it would make one.
  if (!existsSync(join(folder, "crosscheck.db")))
    throw new Error(`there is no database of Crosscheck in ${folder}: name its folder with --data DIR`);
  return { data: folder };
}
