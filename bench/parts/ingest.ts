import { setTimeout as sleep } from "node:timers/promises";
import { counter, startCrosscheck } from "../crosscheck.ts";
import type { BenchDatabase } from "../databases.ts";
import { beside, spread, type Figure } from "../figure.ts";
import type { Helper } from "../helper.ts";
import { startLoad } from "../load/load.ts";
import type { LoadResult, LoadSpec } from "../load/spec.ts";
import type { Part } from "../part.ts";

/** Alerts that are kept and told to nobody: what is measured is taking and routing them. */
export const keepingConfig = { routes: [{ name: "kept", "record-only": true }] };

/** All alerts are about one page that is down: one incident that they join, checked again and again. */
export const stormConfig = {
  checks: [{ name: "page", type: "http", url: "{{ input.url }}", timeout: "2s" }],
  routes: [{ name: "storm", "record-only": true, subject: "input.url", checks: ["page"] }],
  server: { "allow-private-targets": ["127.0.0.0/8"] },
};

const connectionCounts = [1, 25, 100, 500];
const pace = { kind: "flood", warmUpMs: 750, ms: 2000 } as const;
const routingLimitMs = 4000;

type Subjects = LoadSpec["subjects"];

/** How many alerts a second are on disk and answered 202. */
export const ingest: Part = {
  name: "ingest",
  async run({ databases, say }) {
    await using load = startLoad();
    const figures: Figure[] = [];
    for (const subjects of ["distinct", "one"] as const) {
      for (const connections of connectionCounts) {
        const rates: Figure[] = [];
        for (const database of await databases.all()) {
          say(`ingest: ${database.name}, ${subjects}, ${connections} connections`);
          const [rate, ...others] = await measure(load, { database, subjects, connections });
          if (rate === undefined) continue;
          figures.push(beside(rate, rates[0], "SQLite"), ...others);
          rates.push(rate);
        }
      }
    }
    return figures;
  },
};

async function measure(
  load: Helper<LoadSpec, LoadResult>,
  { database, subjects, connections }: { database: BenchDatabase; subjects: Subjects; connections: number },
): Promise<Figure[]> {
  const config = subjects === "one" ? stormConfig : keepingConfig;
  await using server = await startCrosscheck({ config, database: await database.fresh() });
  const result = await load.ask({ url: `${server.url}/`, form: "crosscheck", subjects, connections, pace });
  const subject = subjects === "one" ? "one subject" : "distinct subjects";
  const name = `${database.name}, ${subject}, ${connections} connection${connections === 1 ? "" : "s"}`;
  return [
    {
      part: "ingest",
      name: `accepted, ${name}`,
      value: (result.accepted * 1000) / result.ms,
      unit: "/s",
      ...(result.refused === 0 ? {} : { note: `${result.refused} refused` }),
    },
    ...spread(result.latencies, { part: "ingest", name: `202 after, ${name}` }),
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
