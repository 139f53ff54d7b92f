import { setTimeout as sleep } from "node:timers/promises";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type DeliveryJson } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { findPostgres, sharedPostgres } from "../fixtures/postgres.ts";
import type { DatabaseLocation } from "../../src/store/database.ts";
import { Ledger } from "./judge.ts";
import { startListener } from "./listener.ts";
import { Load } from "./load.ts";
import { passOnConfig, passOnFaults, untilPassedOn } from "./pass-on.ts";
import { defineScenario, type Outcome, type Scene } from "./scenario.ts";

const numbers = {
  minutes: 10,
  /** Alerts a second. */
  rate: 100,
  /** Megabytes a minute that memory may grow by in the second half. */
  slope: 3,
};
type Numbers = typeof numbers;

const sampleMs = 5000;
const settleLimitMs = 120_000;

/** A steady load for a while: memory stays flat, nothing piles up. */
export const soak = defineScenario({
  about: "a steady load: memory is flat, the queue is empty at the end, all is delivered",
  numbers,
  variants: {
    sqlite: async (scene, wanted) => {
      await using database = await freshSqlite();
      return await soaking(scene, wanted, database.location);
    },
    postgres: async (scene, wanted) => {
      const binaries = findPostgres();
      if (binaries === undefined) return { skipped: "PostgreSQL is not installed" };
      return soaking(scene, wanted, { url: await (await sharedPostgres(binaries)).createDatabase() });
    },
  },
});

async function soaking(
  { random, progress }: Scene,
  { minutes, rate, slope }: Numbers,
  database: DatabaseLocation,
): Promise<Outcome> {
  await using parts = new AsyncDisposableStack();
  const ledger = new Ledger();
  const listener = parts.use(await startListener(ledger));
  const file = parts.use(await configFile(passOnConfig(listener)));
  const server = parts.use(await startCrosscheck({ config: file.path, database }));
  const load = parts.use(
    new Load({
      ledger,
      random,
      rate,
      target: () => server.url,
      draft: () => ({ kind: "passed", path: "/", body: { text: "x".repeat(random.whole(10, 2000)) } }),
    }),
  );
  const samples: Sample[] = [];
  const started = performance.now();
  while (performance.now() - started < minutes * 60_000) {
    // A steady load for so long is the scenario; memory is looked at now and then.
    await sleep(sampleMs);
    const metrics = await (await server.request("/metrics")).text();
    const bytes = Number(/^crosscheck_process_resident_memory_bytes (\S+)$/m.exec(metrics)?.[1]);
    const elapsed = (performance.now() - started) / 60_000;
    samples.push({ minute: elapsed, megabytes: bytes / 2 ** 20 });
    progress(
      `${elapsed.toFixed(1)} of ${minutes} min, ${ledger.accepted.size} accepted, ${Math.round(bytes / 2 ** 20)} MB`,
    );
  }
  await load.stop();
  await untilPassedOn(ledger, settleLimitMs);
  const { deliveries } = await server.read<{ deliveries: DeliveryJson[] }>(
    "/api/v1/deliveries?state=pending",
  );

  const growth = slopeOf(samples.slice(samples.length / 2));
  return {
    counts: {
      ...ledger.counts(),
      "memory, first and last (MB)": [samples[0], samples.at(-1)]
        .map((each) => Math.round(each?.megabytes ?? 0))
        .join(", "),
      "growth in the second half (MB a minute)": growth.toFixed(2),
      "slowest answer (ms)": Math.round(load.slowestMs),
    },
    broken: [
      ...passOnFaults(ledger),
      ...(deliveries.length > 0 ? [`${deliveries.length} deliveries are still pending`] : []),
      ...(growth > slope ? [`memory grows by ${growth.toFixed(2)} MB a minute, ${slope} are allowed`] : []),
    ],
  };
}

interface Sample {
  readonly minute: number;
  readonly megabytes: number;
}

/** Of the straight line nearest to the samples (least squares), in MB a minute. */
function slopeOf(samples: readonly Sample[]): number {
  const mean = (value: (sample: Sample) => number) =>
    samples.reduce((sum, each) => sum + value(each), 0) / samples.length;
  const [minute, megabytes] = [mean((each) => each.minute), mean((each) => each.megabytes)];
  const top = samples.reduce((sum, each) => sum + (each.minute - minute) * (each.megabytes - megabytes), 0);
  const bottom = samples.reduce((sum, each) => sum + (each.minute - minute) ** 2, 0);
  return bottom === 0 ? 0 : top / bottom;
}
