import { cpuMs } from "../cpu.ts";
import { startCrosscheck } from "../crosscheck.ts";
import type { BenchDatabase } from "../databases.ts";
import { besideSqlite, spread, type Figure } from "../figure.ts";
import type { Helper } from "../helper.ts";
import { startLoad } from "../load/load.ts";
import type { LoadResult, LoadSpec } from "../load/spec.ts";
import type { Part } from "../part.ts";
import { startReceiver, type Receiver } from "../receiver/receiver.ts";
import { quantile } from "../statistics.ts";

/** One action, no checks: one webhook an alert. */
export function tellingConfig(url: string) {
  return {
    routes: [{ name: "told", actions: ["receiver"] }],
    actions: [{ name: "receiver", type: "webhook", url }],
  };
}

const burst = 2000;
const burstLimitMs = 10_000;
const rates = [100, 300, 500];
const rateMs = 10_000;

/** Who sends, who is told, and what it is kept in. */
export interface Scene {
  readonly load: Helper<LoadSpec, LoadResult>;
  readonly receiver: Receiver;
  readonly database: BenchDatabase;
}

/** How many alerts a second are delivered, and how long one takes on its way. */
export const deliver: Part = {
  name: "deliver",
  async run({ databases, say }) {
    await using load = startLoad();
    await using receiver = await startReceiver();
    const figures: Figure[] = [];
    for (const database of await databases.all()) {
      say(`deliver: ${database.name}, ${burst} at once`);
      figures.push(...(await drainBurst({ load, receiver, database })));
      for (const perSecond of rates) {
        say(`deliver: ${database.name}, ${perSecond} alerts a second`);
        figures.push(...(await atRate({ load, receiver, database }, perSecond)));
      }
    }
    return besideSqlite(figures);
  },
};

async function drainBurst({ load, receiver, database }: Scene): Promise<Figure[]> {
  await receiver.forget();
  await using server = await startCrosscheck({
    config: tellingConfig(receiver.url),
    database: await database.fresh(),
  });
  const cpuBefore = cpuMs(server.pid);
  const pace = { kind: "count", count: burst } as const;
  await load.ask({ url: `${server.url}/`, form: "crosscheck", subjects: "distinct", connections: 25, pace });
  const arrivals = await receiver.arrivals(burst, burstLimitMs);
  const cpu = (cpuMs(server.pid) - cpuBefore) / arrivals.size;
  const [part, name] = ["deliver", `${database.name}, ${burst} alerts at once`];
  const rate = steadyRate([...arrivals.values()]);
  return [
    { part, name: `delivered, ${name}`, value: rate, unit: "/s", ...missing(arrivals.size, burst) },
    { part, name: `CPU of the server for each, ${name}`, value: cpu, unit: "ms" },
  ];
}

/** Between the tenth and the ninetieth of a hundred: without the start and the last stragglers. */
export function steadyRate(times: readonly number[]): number {
  const [from, to] = [quantile(times, 0.1), quantile(times, 0.9)];
  return (times.filter((at) => at > from && at <= to).length * 1000) / (to - from);
}

async function atRate({ load, receiver, database }: Scene, perSecond: number): Promise<Figure[]> {
  await receiver.forget();
  await using server = await startCrosscheck({
    config: tellingConfig(receiver.url),
    database: await database.fresh(),
  });
  const pace = { kind: "rate", perSecond, ms: rateMs } as const;
  const spec = { url: `${server.url}/`, form: "crosscheck", subjects: "distinct", connections: 64 } as const;
  const { acceptedAt, acceptedInAll } = await load.ask({ ...spec, pace });
  const arrivals = await receiver.arrivals(acceptedInAll, rateMs);
  // The first half warms up: the compiler's time is not the pipeline's.
  const counted = [...arrivals].filter(([number]) => number >= acceptedAt.length / 2);
  const times = counted.map(([number, at]) => at - (acceptedAt[number] ?? NaN));
  const { note } = missing(arrivals.size, acceptedInAll);
  return spread(times, {
    part: "deliver",
    name: `accepted to delivered, ${database.name}, ${perSecond}/s`,
    ...(note === undefined ? {} : { note }),
  });
}

/** What a reader must know where not all have arrived. */
export function missing(arrived: number, wanted: number): Pick<Figure, "note"> {
  return arrived >= wanted ? {} : { note: `not kept up with: only ${arrived} of ${wanted} arrived in time` };
}
