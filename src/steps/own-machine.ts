import { statfs } from "node:fs/promises";
import type { Context } from "./context.ts";
import { Lasting } from "./lasting.ts";
import { reportTrouble } from "./trouble.ts";

const megabyte = 1_000_000;
/** Less free space than both of these is told: a twentieth of a small disk is little, of a large one it is a lot. */
const leastFree = { part: 0.05, bytes: 500 * megabyte };
/** Clocks that are farther apart are told of: logs and messages would mislead. */
const skewMs = 30_000;

export interface DiskSpace {
  /** What a user without privileges may still write. */
  readonly freeBytes: number;
  readonly sizeBytes: number;
}

/** Of the disk that a folder is on; undefined while there is no such folder: nothing is written there. */
export async function diskSpace(folder: string): Promise<DiskSpace | undefined> {
  const disk = await statfs(folder).catch(() => undefined);
  if (disk === undefined) return undefined;
  return { freeBytes: disk.bavail * disk.bsize, sizeBytes: disk.blocks * disk.bsize };
}

/** Whether there is so little room that somebody should make some. */
export function isNearlyFull({ freeBytes, sizeBytes }: DiskSpace): boolean {
  return freeBytes < Math.min(leastFree.bytes, leastFree.part * sizeBytes);
}

/** What this process needs of its machine: room on the disk of the data folder, and a clock that goes with the database's. */
export class MachineWatch {
  readonly #context: Context;
  readonly #name: string;
  readonly #disk = new Lasting(0);
  readonly #clock = new Lasting(0);

  /** `name`: what people call this process. */
  constructor(context: Context, name: string) {
    this.#context = context;
    this.#name = name;
  }

  /** `folder`: where the database or the spool is. */
  async lookAtDisk(folder: string, { freeBytes, sizeBytes }: DiskSpace): Promise<void> {
    this.#context.metrics.diskFree.set(freeBytes);
    if (this.#disk.note(isNearlyFull({ freeBytes, sizeBytes }), this.#context.now()) === undefined) return;
    const note = `only ${Math.round(freeBytes / megabyte)} MB are free on the disk of ${folder}; when it is full no alert can be kept: make room`;
    await reportTrouble(this.#context, "disk", { what: this.#name, note });
  }

  /** `aheadMs`: how far the machine's clock is ahead of the database's. */
  async lookAtClock(aheadMs: number): Promise<void> {
    this.#context.metrics.clockSkew.set(aheadMs / 1000);
    const isOff = Math.abs(aheadMs) > skewMs;
    if (this.#clock.note(isOff, this.#context.now()) === undefined) return;
    const where = aheadMs > 0 ? "ahead of" : "behind";
    const note = `its clock is ${Math.round(Math.abs(aheadMs) / 1000)} s ${where} the database's, by which it goes: have both set their clocks by NTP`;
    await reportTrouble(this.#context, "clock-skew", { what: this.#name, note });
  }
}
