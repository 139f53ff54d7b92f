import { spawn } from "node:child_process";
import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleLambda } from "../../scripts/lambda-bundle.ts";
import { nowMs } from "../clock.ts";
import { beside, type Figure } from "../figure.ts";
import type { Part } from "../part.ts";
import { median } from "../statistics.ts";
import { temporaryFolder } from "../temporary.ts";

const repeats = 15;

/** How large the function for AWS Lambda is, and how long a cold start has to load it, beside a handler that does nothing. */
export const lambdaFunction: Part = {
  name: "function",
  async run({ say }) {
    using folder = temporaryFolder();
    say("function: building and loading it");
    const ours = join(folder.path, "index.mjs");
    const empty = join(folder.path, "empty.mjs");
    const runtime = join(folder.path, "runtime.mjs");
    await bundleLambda(ours);
    await writeFile(empty, "export async function handler() {}\n");
    await writeFile(runtime, 'await import(process.argv[2]);\nprocess.stdout.write("loaded");\n');
    const times = { ours: [] as number[], empty: [] as number[] };
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      times.empty.push(await loadingMs(runtime, empty));
      times.ours.push(await loadingMs(runtime, ours));
    }
    const nothing = figure("spawn to loaded, empty handler", median(times.empty), "ms");
    return [
      figure("size", (await stat(ours)).size / 1000, "kB"),
      beside(figure("spawn to loaded", median(times.ours), "ms"), nothing, "empty handler"),
      nothing,
    ];
  },
};

/** From spawn to loaded; what a process does at its end is not Lambda's concern. */
async function loadingMs(runtime: string, file: string): Promise<number> {
  const spawnedAt = nowMs();
  const child = spawn(process.execPath, [runtime, file], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  await once(child.stdout, "data");
  const ms = nowMs() - spawnedAt;
  child.kill("SIGKILL");
  await ended;
  return ms;
}

function figure(name: string, value: number, unit: Figure["unit"]): Figure {
  return { part: "function", name, value, unit };
}
