import { execFileSync } from "node:child_process";
import { cp, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { nowMs } from "../clock.ts";
import { beside, type Figure } from "../figure.ts";
import { freePort } from "../free-port.ts";
import type { Part } from "../part.ts";
import { residentMb, startProgram, type Program } from "../program.ts";
import { median } from "../statistics.ts";
import { temporaryFolder } from "../temporary.ts";

const repeats = 5;
const idleMs = 10_000;
const root = fileURLToPath(new URL("../..", import.meta.url));

/** How long a start takes and what an idle server needs, beside a Node process that does nothing. */
export const start: Part = {
  name: "start",
  async run({ say }) {
    using folder = temporaryFolder();
    say("start: building what npm would install");
    const installed = await install(folder.path);
    const starter = await serverStarter(folder.path);
    const empty = await emptyStart(folder.path);
    const figures: Figure[] = [];
    for (const [how, program] of [
      ["as installed", installed],
      ["from the sources", join(root, "bin/crosscheck.js")],
    ] as const) {
      say(`start: ${how}`);
      const value = median(await timesOf(() => starter(program)));
      const figure: Figure = { part: "start", name: `spawn to ready, ${how}`, value, unit: "ms" };
      figures.push(beside(figure, empty, "empty process"));
    }
    say("start: memory");
    return [...figures, empty, ...(await memory(folder.path, starter, installed))];
  },
};

/** `dist` as it is published, with the packages that are here. */
async function install(folder: string): Promise<string> {
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", join(folder, "dist")], {
    cwd: root,
  });
  await cp(join(root, "src"), join(folder, "dist"), {
    recursive: true,
    filter: (path) => !path.includes("testdata") && !path.endsWith(".ts"),
  });
  await cp(join(root, "bin"), join(folder, "bin"), { recursive: true });
  await cp(join(root, "package.json"), join(folder, "package.json"));
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return join(folder, "bin/crosscheck.js");
}

interface Started {
  readonly ms: number;
  readonly program: Program;
}

type Starter = (program: string) => Promise<Started>;

async function serverStarter(folder: string): Promise<Starter> {
  const config = join(folder, "crosscheck.yaml");
  await writeFile(config, JSON.stringify({ routes: [{ name: "kept", "record-only": true }] }));
  let starts = 0;
  return async (program) => {
    starts += 1;
    const port = await freePort();
    const args = [
      "--config",
      config,
      "--data",
      join(folder, `data-${starts}`),
      "--listen",
      `127.0.0.1:${port}`,
    ];
    const spawnedAt = nowMs();
    const server = startProgram(process.execPath, [program, "serve", ...args], {
      outputFile: join(folder, "log"),
    });
    while (!(await isReady(`http://127.0.0.1:${port}/readyz`))) await sleep(1);
    return { ms: nowMs() - spawnedAt, program: server };
  };
}

async function isReady(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}

async function timesOf(begin: () => Promise<Started>): Promise<number[]> {
  const times: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const { ms, program } = await begin();
    await program[Symbol.asyncDispose]();
    times.push(ms);
  }
  return times;
}

/** From spawn to end: there is nothing to be ready for. */
async function emptyStart(folder: string): Promise<Figure> {
  const file = join(folder, "empty.js");
  await writeFile(file, "");
  const times = Array.from({ length: repeats }, () => {
    const spawnedAt = nowMs();
    execFileSync(process.execPath, [file]);
    return nowMs() - spawnedAt;
  });
  return { part: "start", name: "spawn to end, empty process", value: median(times), unit: "ms" };
}

async function memory(folder: string, starter: Starter, installed: string): Promise<Figure[]> {
  const { program: server } = await starter(installed);
  await using _server = server;
  const script = ["-e", "setInterval(() => {}, 60000)"];
  await using empty = startProgram(process.execPath, script, { outputFile: join(folder, "empty.log") });
  await sleep(idleMs);
  const nothing: Figure = {
    part: "start",
    name: "memory, empty process",
    value: residentMb(empty.pid),
    unit: "MB",
  };
  const ours: Figure = {
    part: "start",
    name: "memory of an idle server after 10 s",
    value: residentMb(server.pid),
    unit: "MB",
  };
  return [beside(ours, nothing, "empty process"), nothing];
}
