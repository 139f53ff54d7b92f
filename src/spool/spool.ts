import { constants } from "node:fs";
import { access, mkdir, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Alert } from "../model/alert.ts";
import { encodeAlert, encodeTold } from "./record.ts";
import {
  alertsOf,
  createFile,
  dropSegment,
  readSegment,
  segmentNumbers,
  segmentPath,
  syncFolder,
} from "./segment.ts";
import type { Segment } from "./segment.ts";

/** A file is as large before the next one begins, which is also what a drain holds in memory. */
const segmentBytes = 4 * 1024 * 1024;
/** Callers that share one sync of the disk. */
const batchLimit = 256;

interface Caller extends PromiseWithResolvers<void> {
  readonly frames: readonly Buffer[];
  readonly bytes: number;
  readonly alerts: readonly Alert[];
  /** What comes after this begins a new file. */
  readonly seals: boolean;
}

interface OpenSegment {
  readonly segment: Segment;
  readonly file: FileHandle;
}

/** The alerts of the oldest file. */
export interface SpooledAlerts {
  readonly path: string;
  readonly alerts: readonly Alert[];
  /** `damaged`: some could not be read; the file is kept beside when it is removed. */
  readonly state: "whole" | "torn" | "damaged";
}

/**
 * Alerts on disk that wait for the database: append-only files in a folder of one process. What `append` has resolved for
 * is there after `kill -9` and after a power cut; it leaves only by `remove`, when it is in the database. So an alert may
 * come out twice, and never not at all.
 */
export class Spool implements AsyncDisposable {
  readonly #folder: string;
  readonly #limitBytes: () => number;
  /** Oldest first. */
  readonly #segments: Segment[] = [];
  readonly #waiting: Caller[] = [];
  #waitingBytes = 0;
  #last = 0;
  #active: OpenSegment | undefined;
  #isWriting = false;

  private constructor(folder: string, limitBytes: () => number) {
    this.#folder = folder;
    this.#limitBytes = limitBytes;
  }

  /**
   * Opens the folder, which is made where it is missing, with what a process before has left in it. `limitBytes` is asked
   * at each append. The folder must be this process's own.
   * @throws the error of the file system
   */
  static async open(folder: string, limitBytes: () => number): Promise<Spool> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const spool = new Spool(folder, limitBytes);
    const told: string[] = [];
    for (const number of await segmentNumbers(folder)) {
      const path = segmentPath(folder, number);
      const reading = await readSegment(path);
      const alerts = alertsOf(reading);
      told.push(...reading.records.flatMap((record) => ("told" in record ? record.told : [])));
      const { bytes } = reading;
      spool.#segments.push({ path, bytes, alerts: alerts.length, untold: new Set(worthTelling(alerts)) });
      spool.#last = number;
    }
    spool.markedTold(told);
    // Where nothing waits, marks that something has been told are of no use; and what cannot be written to shows now.
    if (spool.count === 0) await spool.oldest();
    await syncFolder(folder);
    await access(folder, constants.W_OK | constants.X_OK);
    return spool;
  }

  /** Alerts that wait, those included that are being stored. */
  get count(): number {
    return this.#segments.reduce((sum, { alerts }) => sum + alerts, 0);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, this.#waitingBytes);
  }

  /**
   * Resolves when the alerts are on the disk.
   * @throws Error when there is no room for all of them, or the error of the file system: then none of them counts as kept.
   */
  append(alerts: readonly Alert[]): Promise<void> {
    const frames = alerts.map(encodeAlert);
    const bytes = sizeOf(frames);
    const limit = this.#limitBytes();
    if (this.bytes + bytes > limit)
      return Promise.reject(
        new Error(`the spool is full: ${this.count} alerts, ${limit} bytes (server.spool)`),
      );
    return this.#enqueue({ alerts, frames });
  }

  /** Keeps in mind, on disk too, that these have been told: after a restart they are not told again from here. */
  async markTold(ids: readonly string[]): Promise<void> {
    this.markedTold(ids);
    await this.#enqueue({ frames: [encodeTold(ids)] });
  }

  /** The same for as long as this process lives. */
  markedTold(ids: readonly string[]): void {
    for (const { untold } of this.#segments) for (const id of ids) untold.delete(id);
  }

  /** Alerts that fire and have not been told, but for `except`: those of the oldest file that has any. */
  async untold(except: ReadonlySet<string> = new Set()): Promise<readonly Alert[]> {
    const segment = this.#segments.find(({ untold }) => untold.values().some((id) => !except.has(id)));
    if (segment === undefined) return [];
    const alerts = alertsOf(await readSegment(segment.path));
    return alerts.filter(({ id }) => segment.untold.has(id) && !except.has(id));
  }

  /** What has waited for longest; undefined when nothing waits. New alerts go to another file from now on. */
  async oldest(): Promise<SpooledAlerts | undefined> {
    for (;;) {
      const [first] = this.#segments;
      if (first === undefined) return undefined;
      if (this.#active?.segment === first) await this.#enqueue({ seals: true });
      const reading = await readSegment(first.path);
      const found = { path: first.path, alerts: alertsOf(reading), state: reading.state };
      if (found.alerts.length > 0) return found;
      await this.remove(found);
    }
  }

  /** They are in the database. */
  async remove({ path, state }: SpooledAlerts): Promise<void> {
    await dropSegment(path, state);
    const index = this.#segments.findIndex((segment) => segment.path === path);
    if (index !== -1) this.#segments.splice(index, 1);
  }

  /** Keeps an alert that the database takes under no circumstances in a file of its own; gives the file's path. */
  async setAside(alert: Alert): Promise<string> {
    const path = join(this.#folder, `${alert.id}.refused`);
    // A process that was killed before it could remove the alert from the spool has left one, whole or not.
    await rm(path, { force: true });
    await using file = await createFile(this.#folder, path);
    await file.writeFile(encodeAlert(alert));
    await file.sync();
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#enqueue({ seals: true });
  }

  #enqueue({ alerts = [], frames = [], seals = false }: Partial<Caller>): Promise<void> {
    const caller = { alerts, frames, bytes: sizeOf(frames), seals, ...Promise.withResolvers<void>() };
    this.#waiting.push(caller);
    this.#waitingBytes += caller.bytes;
    if (!this.#isWriting) void this.#drain();
    return caller.promise;
  }

  /** While one sync is under way the next gathers its callers. Never rejects. */
  async #drain(): Promise<void> {
    this.#isWriting = true;
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const callers = this.#waiting.splice(0, batchLimit);
      const writers = callers.filter(({ bytes }) => bytes > 0);
      try {
        if (writers.length > 0) await this.#write(writers);
        for (const { resolve } of writers) resolve();
      } catch (error) {
        for (const { reject } of writers) reject(error);
      }
      this.#waitingBytes -= sumOf(writers);
      const sealers = callers.filter(({ seals }) => seals);
      if (sealers.length > 0) await this.#close();
      for (const { resolve } of sealers) resolve();
    }
    this.#isWriting = false;
  }

  async #write(callers: readonly Caller[]): Promise<void> {
    const { segment, file } = this.#active ?? (await this.#begin());
    try {
      await file.appendFile(Buffer.concat(callers.flatMap(({ frames }) => frames)));
      await file.datasync();
    } catch (error) {
      // What it holds now nobody knows: it is read as far as it goes, and the next records get a file of their own.
      await this.#close();
      if (segment.alerts === 0)
        await this.remove({ path: segment.path, alerts: [], state: "torn" }).catch(() => undefined);
      throw error;
    }
    segment.bytes += sumOf(callers);
    for (const { alerts } of callers) {
      segment.alerts += alerts.length;
      for (const id of worthTelling(alerts)) segment.untold.add(id);
    }
    if (segment.bytes >= segmentBytes) await this.#close();
  }

  async #begin(): Promise<OpenSegment> {
    this.#last += 1;
    const path = segmentPath(this.#folder, this.#last);
    const file = await createFile(this.#folder, path);
    const segment = { path, bytes: 0, alerts: 0, untold: new Set<string>() };
    // Both at once: a file in the list that nobody writes to may be read and removed.
    this.#active = { segment, file };
    this.#segments.push(segment);
    return this.#active;
  }

  async #close(): Promise<void> {
    const file = this.#active?.file;
    this.#active = undefined;
    await file?.close().catch(() => undefined);
  }
}

/** What is over, or only a note, wakes nobody. */
function worthTelling(alerts: readonly Alert[]): string[] {
  return alerts.filter(({ status }) => status === "firing").map(({ id }) => id);
}

function sizeOf(frames: readonly Buffer[]): number {
  return frames.reduce((sum, { length }) => sum + length, 0);
}

function sumOf(callers: readonly Caller[]): number {
  return callers.reduce((sum, { bytes }) => sum + bytes, 0);
}
