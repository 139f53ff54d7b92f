import { parseArgs } from "node:util";
import { posteeSettings } from "../config/load.ts";
import type { PosteeSettings } from "../config/postee-variables.ts";
import type { Address } from "../config/values.ts";
import { staleText } from "../server/load-at-start.ts";
import { stderrLog } from "../log.ts";
import { yieldToProbing } from "../priority.ts";
import { startServer } from "../server.ts";
import type { DatabaseLocation } from "../store/database.ts";
import { addressOf } from "./address.ts";
import { findConfig } from "./config-file.ts";
import { databaseUrl, passwordShown } from "./database-option.ts";
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
      lenient: { type: "boolean", default: false },
      "strict-start": { type: "boolean", default: false },
      "allow-exec": { type: "boolean", default: false },
    },
  });
  const postee = posteeSettings();
  const log = stderrLog();
  const stop = untilSignal(() => log.warn("stopped-late"));
  const config = findConfig(values.config);
  await using server = await startServer({
    config,
    lenient: values.lenient,
    strictStart: values["strict-start"],
    allowExec: values["allow-exec"],
    listen: listenOf(values.listen, postee),
    database: databaseOf(values),
    data: values.data,
    log,
  });
  if (server.stale !== null) process.stdout.write(`${staleText(config, server.stale)}\n`);
  yieldToProbing();
  const warnings = [...postee.warnings, ...server.warnings, ...passwordShown(values.database)];
  for (const warning of warnings) process.stderr.write(`${warning}\n`);
  const reload = () => {
    void server.reload({ name: "signal", address: null });
  };
  process.on("SIGHUP", reload);
  process.stdout.write(`crosscheck listens on ${server.url}\n`);
  log.info("stopping", { signal: await stop });
  return 0;
}

/** `--listen`, else Postee's variable, else what the configuration says. */
function listenOf(given: string | undefined, { listen }: PosteeSettings): Address | undefined {
  if (given !== undefined) return addressOf(given);
  return listen === undefined ? undefined : addressOf(listen.text, listen.variable);
}

function databaseOf({
  data,
  database,
}: {
  data?: string | undefined;
  database?: string | undefined;
}): DatabaseLocation | undefined {
  if (database !== undefined) return { url: databaseUrl(database) };
  return data === undefined ? undefined : { data };
}
