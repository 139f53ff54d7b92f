import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atExit } from "./at-exit.ts";

/** An empty folder that goes when it is disposed of, or with this process. */
export interface TemporaryFolder extends Disposable {
  readonly path: string;
}

export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "crosscheck-bench-"));
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  const cleaning = atExit(remove);
  return {
    path,
    [Symbol.dispose]() {
      remove();
      cleaning[Symbol.dispose]();
    },
  };
}
