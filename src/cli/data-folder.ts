import { loadConfig } from "../config/load.ts";

/** The data folder that a configuration names, else the usual one. Its secrets need not be there. */
export async function folderOf(config: string): Promise<string> {
  const loaded = await loadConfig(config, { secrets: "optional" });
  return loaded.config.server.data ?? "crosscheck-data";
}
