import { guardedLookup } from "../check/guarded-lookup.ts";
import type { Lookup } from "../check/resolve.ts";
import type { Config } from "../config/config.ts";
import { getText } from "../ingest/get-text.ts";

/**
 * What stands at an address that a sender's message names: its host is a stranger's wish, as a target from an alert is.
 * @throws Error with one line when it may not be asked, or does not answer as `getText` wants it
 */
export async function getCallback(
  url: URL,
  { server }: Pick<Config, "server">,
  lookup?: Lookup,
): Promise<string> {
  const target = { from: "alert" as const, allowPrivate: [...server.allowPrivateTargets] };
  return getText(url, { lookup: guardedLookup({ url, target, lookup }) });
}
