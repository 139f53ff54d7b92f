import { parseArgs } from "node:util";
import { stderrLog } from "../log.ts";
import { yieldToProbing } from "../priority.ts";
import { startServer } from "../server.ts";
import type { DatabaseLocation } from "../store/database.ts";
import { addressOf } from "./address.ts";
import { findConfig } from "./config-file.ts";
import { UsageError } from "./usage.ts";
import { untilSignal } from "./signals.ts";

/** `crosscheck serve`: takes alerts until SIGTERM or SIGINT; SIGHUP reads the configuration again. */
export async function serve(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      config: { type: "string" },
      listen: { type: "string" },
      data: { type: "string" },
      database: { type: "string" },
    },
  });
  const log = stderrLog();
  const stop = untilSignal();
  await using server = await startServer({
    config: findConfig(values.config),
    listen: values.listen === undefined ? undefined : addressOf(values.listen),
    database: databaseOf(values),
    log,
  });
  yieldToProbing();
  for (const warning of server.warnings) log.warn("config-warning", { warning });
  const reload = () => {
    void server.reload();
  };
  process.on("SIGHUP", reload);
  process.stdout.write(`crosscheck listens on ${server.url}\n`);
  log.info("stopping", { signal: await stop });
  return 0;
}

function databaseOf({
  data,
  database,
}: {
  data?: string | undefined;
  database?: string | undefined;
}): DatabaseLocation | undefined {
  if (data !== undefined && database !== undefined)
    throw new UsageError("--data and --database exclude each other: name one");
  if (database !== undefined) return { url: database };
  return data === undefined ? undefined : { data };
}
