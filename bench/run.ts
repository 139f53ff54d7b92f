/** `npm run bench`, or `node bench/run.ts PART…`: measures, prints one table and writes results.json. */
import { writeFile } from "node:fs/promises";
import { Databases } from "./databases.ts";
import type { Figure } from "./figure.ts";
import { describeMachine } from "./machine.ts";
import type { Part } from "./part.ts";
import { alertmanager } from "./parts/alertmanager.ts";
import { blackbox } from "./parts/blackbox.ts";
import { deliver } from "./parts/deliver.ts";
import { lambdaFunction } from "./parts/function.ts";
import { ingest } from "./parts/ingest.ts";
import { replicas } from "./parts/replicas.ts";
import { start } from "./parts/start.ts";
import { stored } from "./parts/stored.ts";
import { timing } from "./parts/timing.ts";
import { verdict } from "./parts/verdict.ts";
import { table } from "./table.ts";

const parts: readonly Part[] = [
  ingest,
  deliver,
  replicas,
  verdict,
  timing,
  start,
  lambdaFunction,
  alertmanager,
  blackbox,
  stored,
];

/** No part begins later than this: with the last one the whole stays under ten minutes. */
const startLimitMs = 540_000;

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !parts.some((part) => part.name === name));
if (unknown.length > 0) {
  const known = parts.map(({ name }) => name).join(", ");
  throw new Error(`there is no part ${unknown.join(", ")}, only ${known}`);
}

const say = (line: string) => void process.stderr.write(`${line}\n`);
const started = performance.now();
const machine = await describeMachine();
const figures: Figure[] = [];
await using databases = new Databases();
const isWanted = ({ name, takesMinutes }: Part) =>
  wanted.length === 0 ? takesMinutes !== true : wanted.includes(name);
for (const part of parts.filter(isWanted)) {
  if (performance.now() - started > startLimitMs) {
    say(`SKIPPED: ${part.name}: time is up, the machine is too busy`);
    continue;
  }
  try {
    figures.push(...(await part.run({ databases, say })));
  } catch (error) {
    // The others' figures are worth having all the same.
    say(`FAILED: ${part.name}: ${error instanceof Error ? error.stack : String(error)}`);
    process.exitCode = 1;
  }
}
const seconds = Math.round((performance.now() - started) / 1000);
const about = { ...machine, at: new Date().toISOString(), seconds };
process.stdout.write(`${JSON.stringify(about)}\n\n${table(figures)}\n`);
// A part alone is a look, not the record.
if (wanted.length === 0 && process.exitCode !== 1) {
  const file = new URL("results.json", import.meta.url);
  await writeFile(file, `${JSON.stringify({ about, figures }, null, 2)}\n`);
}
