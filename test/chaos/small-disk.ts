import { execFileSync } from "node:child_process";
import { mkdtemp, open, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Skipped } from "./scenario.ts";

/** A disk of a few megabytes, of the test's own. */
export interface SmallDisk extends AsyncDisposable {
  readonly folder: string;
  /** Leaves so many bytes free, by a file of nothing. */
  fill(leaving: number): Promise<void>;
  /** Takes that file away. */
  free(): Promise<void>;
}

export async function mountSmallDisk(megabytes: number): Promise<SmallDisk | Skipped> {
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], { stdio: "pipe" });
  } catch (error) {
    await rm(folder, { recursive: true });
    return { skipped: `a small disk takes root and mount: ${(error as Error).message.trim()}` };
  }
  const filler = join(folder, "filler");
  return {
    folder,
    async fill(leaving) {
      const { bavail, bsize } = await statfs(folder);
      const size = bavail * bsize - leaving;
      await using file = await open(filler, "w");
      try {
        for (let written = 0; written < size; written += 65_536) await file.write(Buffer.alloc(65_536, 1));
      } catch (error) {
        // Others were quicker: it is full.
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    },
    free: () => rm(filler),
    async [Symbol.asyncDispose]() {
      execFileSync("umount", ["--lazy", folder]);
      await rm(folder, { recursive: true });
    },
  };
}
