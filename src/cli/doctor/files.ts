import { accessSync, constants, existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { diskSpace, isNearlyFull } from "../../steps/own-machine.ts";
import type { DiskSpace } from "../../steps/own-machine.ts";
import { fail, ok, warn } from "./diagnosis.ts";
import type { Diagnosis, Examination } from "./diagnosis.ts";

/** A file that only those who serve should read. */
export interface PrivateFile {
  readonly path: string;
  /** What is in it: `a secret`. */
  readonly holds: string;
}

/** Permission bits of everybody else. */
const anybody = 0o007;
const anybodyReads = 0o004;

export function examineModes(files: readonly PrivateFile[]): Examination {
  const about = "permissions";
  return { about, examine: () => Promise.resolve(process.platform === "win32" ? [] : judgeModes(files)) };
}

function judgeModes(files: readonly PrivateFile[]): Diagnosis[] {
  const there = files.filter(({ path }) => existsSync(path));
  const open = there.filter(({ path }) => (statSync(path).mode & anybodyReads) !== 0);
  if (open.length === 0) return [ok("permissions", "what holds secrets is not readable by everybody")];
  return open.map(({ path, holds }) =>
    warn("permissions", `every user of this machine can read ${path}, which holds ${holds}`, "chmod o= it"),
  );
}

/** Least room that a database needs to work at all. */
const nothingLeft = 16_000_000;

export function examineFolder(folder: string, spoolBytes: number | null): Examination {
  const about = "data folder";
  return {
    about,
    examine: async () => {
      const at = nearest(resolve(folder));
      const space = await diskSpace(at);
      return [
        judgeFolder(folder, at),
        ...judgeOwner(folder),
        ...judgeContents(folder),
        ...(space === undefined ? [] : [judgeSpace(folder, space, spoolBytes)]),
      ];
    },
  };
}

/** The folder, or where it would be made. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder));
}

function judgeFolder(folder: string, at: string): Diagnosis {
  const about = "data folder";
  try {
    accessSync(at, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const says = `${at} cannot be written to by this user (${code ?? "refused"})`;
    return fail(about, says, "make it writable for the user that serves, or name another with --data");
  }
  if (!statSync(at).isDirectory()) return fail(about, `${at} is no folder`, "name another with --data");
  return ok(about, at === resolve(folder) ? `${folder} can be written to` : `${folder} will be made`);
}

/** What a doctor may do says little about another user. */
function judgeOwner(folder: string): Diagnosis[] {
  const user = process.getuid?.();
  const owner = statSync(folder, { throwIfNoEntry: false })?.uid;
  if (user === undefined || owner === undefined || user === owner) return [];
  return [
    warn(
      "data folder",
      `${folder} belongs to user ${owner}, and this is user ${user}`,
      "ask again as the user that serves, who may be refused what you are not",
    ),
  ];
}

/** Whoever cannot enter the folder cannot read what is in it. */
function judgeContents(folder: string): Diagnosis[] {
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0;
  if (process.platform === "win32" || (mode & anybody) === 0) return [];
  const open = namesIn(folder).filter((name) => {
    const one = statSync(join(folder, name), { throwIfNoEntry: false });
    return one !== undefined && (one.mode & anybodyReads) !== 0;
  });
  if (open.length === 0) return [];
  const says = `every user of this machine can read alerts and configurations in ${folder} (${open.join(", ")})`;
  return [warn("data folder", says, `chmod 700 ${folder}`)];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Pure. */
export function judgeSpace(folder: string, space: DiskSpace, spoolBytes: number | null): Diagnosis {
  const about = "disk";
  const free = `${Math.round(space.freeBytes / 1_000_000)} MB are free on the disk of ${folder}`;
  if (space.freeBytes < nothingLeft)
    return fail(about, `${free}: no alert can be kept`, "make room, or name another folder with --data");
  if (isNearlyFull(space)) return warn(about, free, "make room before it is full");
  if (spoolBytes !== null && space.freeBytes < spoolBytes)
    return warn(
      about,
      `${free}, and the spool may take more (server.spool)`,
      "make room, or lower server.spool",
    );
  return ok(about, free);
}
