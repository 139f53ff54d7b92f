import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DatabaseLocation } from "../src/store/database.ts";
import { startProgram, started } from "./program.ts";
import { temporaryFolder } from "./temporary.ts";

/** A server under measurement, as an operator would run it: `crosscheck serve` in a process of its own. */
export interface Crosscheck extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

export interface CrosscheckOptions {
  readonly config: object;
  /** Default: SQLite in a folder of its own. */
  readonly database?: DatabaseLocation | undefined;
  readonly env?: Readonly<Record<string, string>>;
}

export const program = fileURLToPath(new URL("../bin/crosscheck.js", import.meta.url));

/** Where to leave CPU profiles of the servers, if anywhere. */
const profileFolder = process.env["CROSSCHECK_BENCH_PROFILE"];

export async function startCrosscheck(options: CrosscheckOptions): Promise<Crosscheck> {
  await using parts = new AsyncDisposableStack();
  const folder = parts.use(temporaryFolder());
  const config = join(folder.path, "crosscheck.yaml");
  await writeFile(config, JSON.stringify(options.config));
  const { database = { data: join(folder.path, "data") } } = options;
  const where = "url" in database ? ["--database", database.url] : ["--data", database.data];
  const profile = profileFolder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`];
  const server = parts.use(
    startProgram(
      process.execPath,
      [...profile, program, "serve", "--config", config, "--listen", "127.0.0.1:0", ...where],
      {
        outputFile: join(folder.path, "log"),
        env: options.env ?? {},
        endWith: profileFolder === undefined ? "SIGKILL" : "SIGTERM",
      },
    ),
  );
  const url = await started(server, () => /^crosscheck listens on (\S+)$/m.exec(server.output())?.[1]);
  const opened = parts.move();
  return { url, pid: server.pid, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** A counter of `/metrics`, summed over its labels. */
export async function counter(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const values = text.matchAll(new RegExp(`^crosscheck_${name}(?:\\{[^}]*\\})? ([0-9.e+]+)$`, "gm"));
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
}
