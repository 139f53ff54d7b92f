import { startCrosscheck, type Crosscheck } from "../crosscheck.ts";
import type { BenchDatabase } from "../databases.ts";
import { besideSqlite, spread, type Figure } from "../figure.ts";
import { fill } from "../fill.ts";
import { startLoad } from "../load/load.ts";
import type { Part } from "../part.ts";
import { startReceiver } from "../receiver/receiver.ts";
import { temporaryFolder } from "../temporary.ts";
import { tellingConfig } from "./deliver.ts";

const alerts = 1_000_000;
const warmUp = 20;
const times = 200;

/** Pages of fifty, as an operator turns them. */
const lists = {
  "incident list": "/api/v1/incidents",
  "incident list, deep down": "/api/v1/incidents?cursor=00000000-0000-7000-8001-000000500000",
  "incident list, a filter that nothing matches": "/api/v1/incidents?route=told&outcome=confirmed",
  "deliveries list": "/api/v1/deliveries",
} as const;

/** How long the lists take that people look at, with a million alerts stored, an incident and a delivery each. */
export const stored: Part = {
  name: "stored",
  takesMinutes: true,
  async run({ databases, say }) {
    const figures: Figure[] = [];
    for (const database of await databases.all()) figures.push(...(await measure(database, say)));
    return besideSqlite(figures);
  },
};

async function measure(kind: BenchDatabase, say: (line: string) => void): Promise<Figure[]> {
  using folder = temporaryFolder();
  const database = (await kind.fresh()) ?? { data: folder.path };
  await using receiver = await startReceiver();
  const config = tellingConfig(receiver.url);
  {
    await using load = startLoad();
    await using server = await startCrosscheck({ config, database });
    const pace = { kind: "count", count: 1 } as const;
    await load.ask({ url: `${server.url}/`, form: "crosscheck", subjects: "distinct", connections: 1, pace });
    await receiver.arrivals(1, 10_000);
    await settled(server);
  }
  say(`stored: ${kind.name}, filling`);
  const bytes = await fill(database, alerts);
  await using server = await startCrosscheck({ config, database });
  const disk = `on disk for each alert, ${kind.name}`;
  const figures: Figure[] = [{ part: "stored", name: disk, value: bytes / alerts / 1000, unit: "kB" }];
  for (const [name, path] of Object.entries(lists)) {
    say(`stored: ${kind.name}, ${name}`);
    figures.push(...spread(await timesOf(server, path), { part: "stored", name: `${name}, ${kind.name}` }));
  }
  return figures;
}

/** Until the delivery that the copies are made from is settled. */
async function settled(server: Crosscheck): Promise<void> {
  for (let look = 0; look < 1000; look += 1) {
    const { deliveries } = (await (
      await fetch(`${server.url}/api/v1/deliveries?state=delivered`)
    ).json()) as {
      deliveries: readonly unknown[];
    };
    if (deliveries.length > 0) return;
  }
  throw new Error("what was told does not come to be stored");
}

async function timesOf({ url }: Crosscheck, path: string): Promise<number[]> {
  const measured: number[] = [];
  for (let time = 0; time < warmUp + times; time += 1) {
    const start = performance.now();
    const response = await fetch(`${url}${path}`);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`${path} answered ${response.status}`);
    if (time >= warmUp) measured.push(performance.now() - start);
  }
  return measured;
}
