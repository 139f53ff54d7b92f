import { open, readFile, rename } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as z from "zod";
import { readDocument } from "./document.ts";
import type { Texts } from "./load.ts";
import { isRawMap, mapOf, textOf } from "./raw.ts";
import { readText } from "./read-text.ts";

const kept = z.object({
  path: z.string(),
  hash: z.string(),
  keptAt: z.number(),
  texts: z.record(z.string(), z.string()),
});

/** A configuration that has run. */
export interface LastGood {
  /** ms since 1970: when it was kept, which is when it was loaded first. */
  readonly keptAt: number;
  readonly texts: Texts;
}

/** The folder's file: secrets that stand in a configuration as they are stand in it too. */
function fileIn(folder: string): string {
  return join(folder, "last-good.json");
}

/**
 * Keeps a configuration that runs, in place of the one before; the same again changes nothing. What `$NAME` and `file:` refer
 * to is not kept.
 * @throws the error of the file system
 */
export async function keepLastGood(
  folder: string,
  config: { readonly path: string; readonly hash: string; readonly texts: Texts },
  now: number,
): Promise<void> {
  const path = resolve(config.path);
  const before = await readKept(folder);
  if (before?.path === path && before.hash === config.hash) return;
  const file = fileIn(folder);
  const fresh = `${file}.new`;
  const content = { path, hash: config.hash, keptAt: now, texts: Object.fromEntries(config.texts) };
  {
    await using handle = await open(fresh, "w", 0o600);
    await handle.writeFile(JSON.stringify(content));
    await handle.sync();
  }
  await rename(fresh, file);
}

/** What ran last of this file; undefined where nothing is kept of it, or nothing that can be read. */
export async function readLastGood(folder: string, path: string): Promise<LastGood | undefined> {
  const found = await readKept(folder);
  if (found?.path !== resolve(path)) return undefined;
  return { keptAt: found.keptAt, texts: new Map(Object.entries(found.texts)) };
}

async function readKept(folder: string): Promise<z.output<typeof kept> | undefined> {
  try {
    return kept.parse(JSON.parse(await readFile(fileIn(folder), "utf8")));
  } catch {
    return undefined;
  }
}

/** `server.data` of a file that may have faults; undefined where it does not say. */
export async function dataFolderIn(path: string): Promise<string | undefined> {
  const file = await readText(path);
  if ("problem" in file) return undefined;
  const { data } = readDocument(file.text);
  if (!isRawMap(data)) return undefined;
  const server = mapOf({ path: [], value: data }, "server");
  return server.flatMap((one) => textOf(one, "data"))[0]?.value;
}
