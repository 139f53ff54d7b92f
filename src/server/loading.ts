import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { formatAddress } from "../config/values.ts";
import type { Address } from "../config/values.ts";
import type { StartOptions } from "./load-at-start.ts";
import { ConfigError } from "../model/errors.ts";
import type { ServerOptions } from "./options.ts";

/** Reads the configuration as this process was told to. */
export function loaderOf({
  config,
  lenient = false,
  allowExec = false,
}: ServerOptions): StartOptions["load"] {
  return (lastGood) =>
    loadConfig(config, {
      secrets: "required",
      lenient,
      allowExec,
      ...(lastGood === undefined ? {} : { lastGood }),
    });
}

/** What a start takes for a configuration that it can use, and where what ran last is. */
export function startOptions(options: ServerOptions, load: StartOptions["load"]): StartOptions {
  const { config: path, database, data, strictStart: strict = false, log } = options;
  return {
    path,
    folder: database !== undefined && "data" in database ? database.data : data,
    usualFolder: database === undefined ? "crosscheck-data" : null,
    strict,
    log,
    async load(lastGood) {
      const loaded = await load(lastGood);
      refuseOpenDoor(loaded.config, options.listen ?? loaded.config.server.listen);
      return loaded;
    },
  };
}

/** Without tokens for both doors only this machine may reach us. */
export function refuseOpenDoor({ path, server }: Config, listen: Address): void {
  const loopback = listen.host === "localhost" || listen.host === "::1" || listen.host.startsWith("127.");
  if (loopback) return;
  const refuse = (without: string, danger: string) => {
    const where = formatAddress(listen);
    const fault = `listening on ${where} without server.${without} would ${danger}: set one, or listen on 127.0.0.1`;
    throw new ConfigError([`${path}: error: ${fault}`]);
  };
  if (server.ingestTokens.length === 0) refuse("ingest-tokens", "take pages from anybody");
  if (server.apiTokens.length === 0) refuse("api-tokens", "show them to anybody");
}
