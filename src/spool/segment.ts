import { open, readFile, readdir, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Alert } from "../model/alert.ts";
import { readRecords } from "./record.ts";
import type { Reading } from "./record.ts";

const nameForm = /^(\d{12})\.spool$/;

/** One file of the spool. Its records are appended; it goes as a whole, once all of its alerts are somewhere else. */
export interface Segment {
  readonly path: string;
  bytes: number;
  alerts: number;
  /** Those of its alerts that somebody should hear of while they cannot be stored. */
  readonly untold: Set<string>;
}

/** The numbers of the segments in a folder, oldest first. */
export async function segmentNumbers(folder: string): Promise<number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => nameForm.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
}

export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(12, "0")}.spool`);
}

/** A new, empty file that is there after a crash of the machine too. */
export async function createFile(folder: string, path: string): Promise<FileHandle> {
  // Alerts hold what nobody else on the machine needs to read.
  const file = await open(path, "ax", 0o600);
  try {
    await syncFolder(folder);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Makes it last which files a folder has. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

export async function readSegment(path: string): Promise<Reading & { readonly bytes: number }> {
  const file = await readFile(path);
  return { ...readRecords(file), bytes: file.length };
}

export function alertsOf({ records }: Reading): Alert[] {
  return records.flatMap((record) => ("alert" in record ? [record.alert] : []));
}

/** One of which not everything could be read is kept beside, for a person to look at. */
export async function dropSegment(path: string, state: Reading["state"]): Promise<void> {
  if (state === "damaged") await rename(path, `${path}.damaged`);
  else await rm(path, { force: true });
}
