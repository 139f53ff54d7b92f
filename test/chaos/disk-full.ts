import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { startPostgres } from "../fixtures/postgres.ts";
import { until } from "../fixtures/until.ts";
import { Ledger } from "./judge.ts";
import { startListener } from "./listener.ts";
import { Load } from "./load.ts";
import { passOnConfig, passOnFaults, untilMoreAccepted, untilPassedOn } from "./pass-on.ts";
import { defineScenario, type Outcome, type Scene, type Skipped } from "./scenario.ts";
import { mountSmallDisk, type SmallDisk } from "./small-disk.ts";

const numbers = {
  /** How often it fills up. */
  rounds: 10,
  /** How long it stays full. */
  full: 5,
  /** Alerts a second, of 10 kB each. */
  rate: 80,
};
type Numbers = typeof numbers;

const mega = 2 ** 20;
const diskMega = 128;
const roomLeft = 3 * mega;
const padding = "x".repeat(10_000);
const settleLimitMs = 180_000;

/** The disk under the data folder fills up under load, and is freed again. */
export const diskFull = defineScenario({
  about:
    "the disk of the data folder fills up under load: under SQLite, and under the spool while PostgreSQL is away",
  numbers,
  variants: { sqlite: underSqlite, spool: underSpool },
});

async function underSqlite(scene: Scene, { rounds, full, rate }: Numbers): Promise<Outcome | Skipped> {
  await using parts = new AsyncDisposableStack();
  const disk = await mountSmallDisk(diskMega);
  if ("skipped" in disk) return disk;
  parts.use(disk);
  const place = await startPlace(parts, scene, rate);
  const data = join(disk.folder, "data");
  const server = parts.use(await startCrosscheck({ config: place.config, database: { data } }));
  place.serve(server.url);

  for (let round = 1; round <= rounds; round += 1)
    await fillAndFree(scene, place, { disk, full, title: `disk full, ${round} of ${rounds}` });
  await place.settle();
  const code = await server.stop();
  using database = new DatabaseSync(join(data, "crosscheck.db"), { readOnly: true });
  const [integrity] = Object.values(database.prepare("pragma integrity_check").get() ?? {});
  return {
    counts: { ...place.ledger.counts(), rounds, integrity: String(integrity) },
    broken: [
      ...place.faults(),
      ...(integrity === "ok" ? [] : [`integrity check: ${String(integrity)}`]),
      ...(code === 0 ? [] : [`it ended with exit code ${code}`]),
    ],
  };
}

async function underSpool(scene: Scene, { rounds, full, rate }: Numbers): Promise<Outcome | Skipped> {
  await using parts = new AsyncDisposableStack();
  const disk = await mountSmallDisk(diskMega);
  if ("skipped" in disk) return disk;
  parts.use(disk);
  const postgres = await startPostgres();
  if (postgres === undefined) return { skipped: "PostgreSQL is not installed" };
  parts.use(postgres);
  const place = await startPlace(parts, scene, rate);
  const data = join(disk.folder, "data");
  const database = { url: await postgres.createDatabase() };
  const server = parts.use(await startCrosscheck({ config: place.config, database, args: ["--data", data] }));
  place.serve(server.url);

  for (let round = 1; round <= rounds; round += 1) {
    await untilMoreAccepted(place.ledger);
    await postgres.stop();
    await fillAndFree(scene, place, { disk, full, title: `spool full, ${round} of ${rounds}` });
    await postgres.start();
    await until(
      "the spool to be drained",
      async () => {
        const { database } = (await (await server.request("/readyz")).json()) as { database?: string };
        return database !== "away";
      },
      settleLimitMs,
    );
  }
  await place.settle();
  await until("the spool to be empty", async () => (await readdir(join(data, "spool"))).length === 0).catch(
    () => undefined,
  );
  const left = await readdir(join(data, "spool"));
  return {
    counts: { ...place.ledger.counts(), rounds, "files left in the spool": left.length },
    broken: [...place.faults(), ...(left.length === 0 ? [] : [`the spool still has ${left.join(", ")}`])],
  };
}

interface Place {
  readonly config: string;
  readonly ledger: Ledger;
  serve(url: string): void;
  /** Stops the load, and waits for the last delivery. */
  settle(): Promise<void>;
  faults(): string[];
}

async function startPlace(parts: AsyncDisposableStack, scene: Scene, rate: number): Promise<Place> {
  const ledger = new Ledger();
  const listener = parts.use(await startListener(ledger));
  const file = parts.use(await configFile(passOnConfig(listener, { server: { spool: "1 GB" } })));
  let target: string | undefined;
  const load = parts.use(
    new Load({
      ledger,
      random: scene.random,
      rate,
      target: () => target,
      draft: () => ({ kind: "passed", path: "/", body: { padding } }),
    }),
  );
  return {
    config: file.path,
    ledger,
    serve: (url) => void (target = url),
    async settle() {
      await load.stop();
      scene.progress("waiting for the last delivery");
      await untilPassedOn(ledger, settleLimitMs);
    },
    faults: () => passOnFaults(ledger),
  };
}

/** Until alerts are refused, so long, and until they are taken again. */
async function fillAndFree(
  { progress }: Scene,
  { ledger }: Place,
  { disk, full, title }: { readonly disk: SmallDisk; readonly full: number; readonly title: string },
): Promise<void> {
  progress(`${title}: ${ledger.accepted.size} accepted, ${ledger.refused} refused`);
  await disk.fill(roomLeft);
  const { refused } = ledger;
  await until("alerts to be refused on the full disk", () => ledger.refused > refused);
  // How long it stays full is what is tried.
  await sleep(full * 1000);
  await disk.free();
  await untilMoreAccepted(ledger);
}
