import { setTimeout as sleep } from "node:timers/promises";
import { cpuMs } from "../cpu.ts";
import { counter, startCrosscheck } from "../crosscheck.ts";
import type { BenchDatabase } from "../databases.ts";
import { besideSqlite, spread, type Figure } from "../figure.ts";
import type { Helper } from "../helper.ts";
import { startLoad } from "../load/load.ts";
import type { LoadResult, LoadSpec } from "../load/spec.ts";
import type { Part } from "../part.ts";

/** Alerts that are kept and told to nobody: what is measured is taking and routing them. */
export const keepingConfig = { routes: [{ name: "kept", "record-only": true }] };

/** All alerts are about one page that is down: one incident that they join, checked again and again. */
export const stormConfig = {
  checks: [{ name: "page", type: "http", url: "{{ input.url }}", timeout: "2s" }],
  routes: [{ name: "down", "record-only": true, subject: "input.url", checks: ["page"] }],
  server: { "allow-private-targets": ["127.0.0.0/8"] },
};

const pace = { kind: "flood", warmUpMs: 500, ms: 1500 } as const;
const routingLimitMs = 3000;

interface Case {
  readonly subjects: LoadSpec["subjects"];
  readonly connections: number;
}

const cases: readonly Case[] = [
  ...[1, 25, 100, 500].map((connections) => ({ subjects: "distinct", connections }) as const),
  ...[25, 500].map((connections) => ({ subjects: "one", connections }) as const),
];

/** How many alerts a second are on disk and answered 202. */
export const ingest: Part = {
  name: "ingest",
  async run({ databases, say }) {
    await using load = startLoad();
    const figures: Figure[] = [];
    for (const each of cases) {
      for (const database of await databases.all()) {
        say(`ingest: ${nameOf(database, each)}`);
        figures.push(...(await measure(load, database, each)));
      }
    }
    return besideSqlite(figures);
  },
};

function nameOf(database: BenchDatabase, { subjects, connections }: Case): string {
  const subject = subjects === "one" ? "one subject" : "distinct subjects";
  return `${database.name}, ${subject}, ${connections} connection${connections === 1 ? "" : "s"}`;
}

async function measure(
  load: Helper<LoadSpec, LoadResult>,
  database: BenchDatabase,
  { subjects, connections }: Case,
): Promise<Figure[]> {
  const config = subjects === "one" ? stormConfig : keepingConfig;
  await using server = await startCrosscheck({ config, database: await database.fresh() });
  const cpuBefore = cpuMs(server.pid);
  const result = await load.ask({ url: `${server.url}/`, form: "crosscheck", subjects, connections, pace });
  const cpu = cpuMs(server.pid) - cpuBefore;
  const name = nameOf(database, { subjects, connections });
  const part = "ingest";
  return [
    {
      part,
      name: `accepted, ${name}`,
      value: (result.accepted * 1000) / result.ms,
      unit: "/s",
      ...(result.refused === 0 ? {} : { note: `${result.refused} refused` }),
    },
    ...spread(result.latencies, { part, name: `202 after, ${name}` }),
    { part, name: `CPU of the server for each, ${name}`, value: cpu / result.acceptedInAll, unit: "ms" },
    ...(connections === 25 ? [await backlog(server.url, result, name)] : []),
  ];
}

/** How much of what was accepted is routed when the flood ends, or soon after. */
async function backlog(url: string, { acceptedInAll }: LoadResult, name: string): Promise<Figure> {
  const start = performance.now();
  let routed = 0;
  while (routed < acceptedInAll && performance.now() - start < routingLimitMs) {
    routed = await counter(url, "alerts_routed_total");
    await sleep(25);
  }
  const note = routed < acceptedInAll ? `only ${routed} of ${acceptedInAll} were by then` : undefined;
  return {
    part: "ingest",
    name: `all routed after the flood, ${name}`,
    value: (performance.now() - start) / 1000,
    unit: "s",
    ...(note === undefined ? {} : { note }),
  };
}
