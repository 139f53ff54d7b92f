import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { arch, cpus, loadavg, release, totalmem } from "node:os";
import { join } from "node:path";
import { nowMs } from "./clock.ts";
import { median } from "./statistics.ts";
import { temporaryFolder } from "./temporary.ts";

const syncs = 200;

/** What figures depend on: they compare only with figures of the same machine, in the same hour. */
export async function describeMachine() {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 1024 ** 2),
    kernel: `${release()} ${arch()}`,
    node: process.version,
    loadBefore: loadavg()[0] ?? NaN,
    fsyncMs: await fsyncMs(),
  };
}

/** Median time until 4 kB are on the disk of the temporary folder. */
async function fsyncMs(): Promise<number> {
  using folder = temporaryFolder();
  const file = openSync(join(folder.path, "file"), "w");
  const page = Buffer.alloc(4096, 1);
  const times = Array.from({ length: syncs }, () => {
    const start = nowMs();
    writeSync(file, page);
    fdatasyncSync(file);
    return nowMs() - start;
  });
  closeSync(file);
  return median(times);
}
