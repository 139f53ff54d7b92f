import { startCrosscheck, type Crosscheck } from "../crosscheck.ts";
import { beside, type Figure } from "../figure.ts";
import { startLoad } from "../load/load.ts";
import type { Part } from "../part.ts";
import { startReceiver } from "../receiver/receiver.ts";
import { missing, steadyRate, type Scene } from "./deliver.ts";

/** A receiver that is far away, and as many messages on their way at once as it takes from each replica. */
const answerAfterMs = 200;
const atOnce = 20;

const burst = 1200;
const burstLimitMs = 60_000;

/** How much more two replicas on one PostgreSQL deliver than one, when the receiver is what takes the time. */
export const replicas: Part = {
  name: "replicas",
  async run({ databases, say }) {
    const database = (await databases.all()).find(({ name }) => name === "PostgreSQL");
    if (database === undefined) {
      say("SKIPPED: replicas: PostgreSQL is not installed");
      return [];
    }
    await using load = startLoad();
    await using receiver = await startReceiver({ answerAfterMs });
    say("replicas: one");
    const one = await delivered({ load, receiver, database }, 1);
    say("replicas: two");
    const two = await delivered({ load, receiver, database }, 2);
    return [one, beside(two, one, "one")];
  },
};

async function delivered({ load, receiver, database }: Scene, count: number): Promise<Figure> {
  await receiver.forget();
  await using servers = new AsyncDisposableStack();
  const shared = await database.fresh();
  const urls: string[] = [];
  for (let started = 0; started < count; started += 1) {
    const server: Crosscheck = servers.use(
      await startCrosscheck({ config: slowConfig(receiver.url), database: shared }),
    );
    urls.push(server.url);
  }
  const pace = { kind: "count", count: burst } as const;
  // One of them takes all: whoever is free delivers.
  await load.ask({ url: `${urls[0]}/`, form: "crosscheck", subjects: "distinct", connections: 25, pace });
  const arrivals = await receiver.arrivals(burst, burstLimitMs);
  return {
    part: "replicas",
    name: `delivered, ${count} replica${count === 1 ? "" : "s"}, a receiver that takes ${answerAfterMs} ms, ${atOnce} at once each`,
    value: steadyRate([...arrivals.values()]),
    unit: "/s",
    ...missing(arrivals.size, burst),
  };
}

function slowConfig(url: string) {
  return {
    routes: [{ name: "told", actions: ["receiver"] }],
    actions: [{ name: "receiver", type: "webhook", url, concurrency: atOnce }],
  };
}
