import type { Stale } from "../config/config.ts";
import { dataFolderIn, keepLastGood, readLastGood } from "../config/last-good.ts";
import type { LoadedConfig, Texts } from "../config/load.ts";
import type { Log } from "../log.ts";
import { ConfigError, describeError } from "../model/errors.ts";

export interface StartOptions {
  /** Of the configuration. */
  readonly path: string;
  /** Where the last good one may be; undefined: nobody has said, and the file itself may. */
  readonly folder: string | undefined;
  /** Without it, there is no other. */
  readonly usualFolder: string | null;
  /** A file with faults is refused whatever has run before. */
  readonly strict: boolean;
  readonly load: (lastGood?: { readonly texts: Texts; readonly stale: Stale }) => Promise<LoadedConfig>;
  readonly log: Log;
}

/**
 * The configuration to start with: the file's, or where it has faults what ran last of it.
 * @throws ConfigError with the faults of the file when nothing has
 */
export async function loadAtStart(options: StartOptions): Promise<LoadedConfig> {
  const { load, log, path, strict } = options;
  try {
    return await load();
  } catch (error) {
    if (!(error instanceof ConfigError) || strict) throw error;
    const folder = options.folder ?? (await dataFolderIn(path)) ?? options.usualFolder;
    const lastGood = folder === null ? undefined : await readLastGood(folder, path);
    if (lastGood === undefined) throw error;
    const stale = { keptAt: lastGood.keptAt, faults: error.faults };
    const loaded = await orThrow(load({ texts: lastGood.texts, stale }), error);
    log.error("stale-config", { config: path, since: dayOf(stale), faults: error.faults.join("\n") });
    return loaded;
  }
}

/** What ran once may have faults too by now: a secret that is gone. The file is what has to be mended. */
async function orThrow<T>(promise: Promise<T>, first: ConfigError): Promise<T> {
  try {
    return await promise;
  } catch {
    throw first;
  }
}

/** For people: what is wrong, and how old what runs instead is. */
export function staleText(path: string, stale: Stale): string {
  const [first = "", ...others] = stale.faults;
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return `${path} cannot be used, the last good configuration of ${dayOf(stale)} runs in its place: ${first}${more}`;
}

function dayOf({ keptAt }: Stale): string {
  return new Date(keptAt).toISOString();
}

/** Keeps what runs now for a start with a file that has faults. That it cannot be kept keeps nothing else from going on. */
export async function keepRunning(
  folder: string | null,
  { config, texts }: LoadedConfig,
  { log, now }: { readonly log: Log; readonly now: () => number },
): Promise<void> {
  if (folder === null || config.stale !== null) return;
  try {
    await keepLastGood(folder, { path: config.path, hash: config.hash, texts }, now());
  } catch (error) {
    log.warn("config-not-kept", { folder, error: describeError(error) });
  }
}
