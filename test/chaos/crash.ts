import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { startAgents, type AgentSettings } from "../fixtures/agents.ts";
import { startCommand } from "../fixtures/command.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { findPostgres, sharedPostgres } from "../fixtures/postgres.ts";
import type { Random } from "../fixtures/random.ts";
import { until } from "../fixtures/until.ts";
import type { DatabaseLocation } from "../../src/store/database.ts";
import { Ledger, abridged } from "./judge.ts";
import { startListener } from "./listener.ts";
import { Load } from "./load.ts";
import { untilMoreAccepted } from "./pass-on.ts";
import { defineScenario, type Outcome, type Scene } from "./scenario.ts";

const numbers = {
  rounds: 200,
  /** Alerts a second, one in twenty with a check that hangs. */
  rate: 60,
  /** Added to what is promised in time, for machines that others share. */
  slack: 0,
};
type Numbers = typeof numbers;

const holdMs = 11_000;
/** Within this after its hold, a kill or a start everything undecided is paged. */
const promisedMs = 15_000;
const settleLimitMs = 300_000;

const expected = { passed: ["listener"], checked: ["pager"] };

/** A process of those that share the database. */
interface Replica {
  server: Crosscheck | undefined;
}

/** When something was killed or came back, ms since 1970. */
type Disturbances = number[];

/** Kill -9 again and again under load; what was answered 202 is delivered all the same, what hangs is paged. */
export const crash = defineScenario({
  about: "kill -9 at random moments under load, one process on SQLite, three replicas on PostgreSQL",
  numbers,
  variants: {
    sqlite: async (scene, wanted) => {
      await using database = await freshSqlite();
      return await crashing(scene, wanted, { database: database.location, replicas: 1 });
    },
    postgres: async (scene, wanted) => {
      const binaries = findPostgres();
      if (binaries === undefined) return { skipped: "PostgreSQL is not installed" };
      const url = await (await sharedPostgres(binaries)).createDatabase();
      return crashing(scene, wanted, { database: { url }, replicas: 3 });
    },
  },
});

async function crashing(
  { random, progress }: Scene,
  { rounds, rate, slack }: Numbers,
  place: { readonly database: DatabaseLocation; readonly replicas: number },
): Promise<Outcome> {
  await using parts = new AsyncDisposableStack();
  const ledger = new Ledger();
  const listener = parts.use(await startListener(ledger));
  const target = parts.use(await startHangingTarget());
  const { locations } = parts.use(await startAgents(["eu", "na"]));
  const file = parts.use(await configFile(configOf(listener.url, locations)));
  const serve = () => startCrosscheck({ config: file.path, database: place.database });
  const args = ["--config", file.path, "--listen", "127.0.0.1:0", ...optionOf(place.database)];

  const replicas: Replica[] = Array.from({ length: place.replicas }, () => ({ server: undefined }));
  parts.defer(async () => void (await Promise.all(replicas.map(kill))));
  const disturbances: Disturbances = [];
  const start = async (replica: Replica) => {
    // Now and then it is killed before it is ready, too.
    if (random.next() < 0.1) await startAndKill(args, random.whole(50, 1500));
    replica.server = await serve();
    disturbances.push(Date.now());
  };
  await Promise.all(replicas.map(start));
  const load = parts.use(
    new Load({
      ledger,
      random,
      rate,
      target: () => random.pick(replicas).server?.url,
      draft: (mark) =>
        random.next() < 0.05
          ? { kind: "checked", path: "/tenant/watched", body: { url: `${target.url}/${mark}` } }
          : { kind: "passed", path: "/tenant/pass-on", body: { number: random.whole(1, 1000) } },
    }),
  );

  let kills = 0;
  for (let round = 1; round <= rounds; round += 1) {
    progress(`round ${round} of ${rounds}, ${kills} kills, ${ledger.accepted.size} accepted`);
    // A kill comes at any moment, and so does the start after it: no condition says when.
    await sleep(random.whole(50, 2500));
    const doomed = random.shuffled(replicas).slice(0, killsIn(random, place.replicas));
    await Promise.all(doomed.map(kill));
    disturbances.push(Date.now());
    kills += doomed.length;
    await sleep(random.whole(0, 500));
    await Promise.all(doomed.map(start));
  }
  await untilMoreAccepted(ledger);
  await load.stop();
  progress("waiting for the last delivery");
  await until("", () => ledger.owed(expected).length === 0, settleLimitMs).catch(() => undefined);

  const waits = waitsOf(ledger, disturbances);
  const limitMs = holdMs + promisedMs + slack * 1000;
  const late = waits.filter(({ waitMs }) => waitMs > limitMs);
  return {
    counts: {
      ...ledger.counts(),
      kills,
      checked: waits.length,
      "worst wait for a page without a kill or a start in it (ms)": Math.max(
        0,
        ...waits.map(({ waitMs }) => waitMs),
      ),
      "worst time to page from its acceptance (ms)": Math.max(0, ...waits.map(({ totalMs }) => totalMs)),
    },
    broken: [
      ...ledger.faults(expected),
      ...abridged(
        late.map(({ mark, waitMs }) => `${mark} was paged after ${waitMs} ms, ${limitMs} are promised`),
      ),
    ],
  };
}

/** Mostly one, at times more, seldom all. */
function killsIn(random: Random, replicas: number): number {
  const chance = random.next();
  if (chance < 0.7) return 1;
  return chance < 0.9 ? Math.min(2, replicas) : replicas;
}

async function kill(replica: Replica): Promise<void> {
  await replica.server?.kill();
  // Until it is gone senders still call it: such alerts are refused, or never answered.
  replica.server = undefined;
}

async function startAndKill(args: readonly string[], afterMs: number): Promise<void> {
  await using _command = startCommand(["serve", ...args]);
  // In the middle of whatever it does by then.
  await sleep(afterMs);
}

/** How long each undecided alert waited for its page: the longest stretch in which nothing was killed or started. */
function waitsOf(ledger: Ledger, disturbances: Disturbances) {
  const sorted = disturbances.toSorted((a, b) => a - b);
  return ledger.times("checked", "pager").map(({ mark, from, to }) => {
    const moments = [from, ...sorted.filter((at) => at > from && at < to), to];
    const stretches = moments.slice(1).map((at, index) => at - (moments[index] ?? at));
    return { mark, waitMs: Math.max(...stretches), totalMs: to - from };
  });
}

function optionOf(database: DatabaseLocation): string[] {
  return "url" in database ? ["--database", database.url] : ["--data", database.data];
}

function configOf(url: string, locations: readonly AgentSettings[]) {
  return {
    controls: [],
    resolvers: [],
    locations,
    checks: [
      { name: "page", type: "http", url: "{{ input.url }}", timeout: "4500ms", retry: { attempts: 1 } },
    ],
    routes: [
      { name: "pass-on", input: "not input.url", actions: ["listener"] },
      {
        name: "watched",
        input: "input.url",
        subject: "input.url",
        checks: ["page"],
        verdict: {
          samples: 1,
          deadline: "5s",
          "second-look": "100ms",
          "second-look-deadline": "5s",
          hold: `${holdMs}ms`,
          "open-recheck": ["1h"],
        },
        notify: { confirmed: ["pager"] },
      },
    ],
    actions: [
      { name: "listener", type: "webhook", url: `${url}/listener` },
      { name: "ops", type: "webhook", url: `${url}/ops` },
      {
        name: "pager",
        type: "pagerduty",
        url: `${url}/pager`,
        "routing-key": "0123456789abcdef0123456789abcdef",
      },
    ],
    // Each alert has a page of its own.
    storm: { incidents: 1_000_000, within: "60s" },
    unrouted: ["ops"],
    trouble: ["ops"],
    server: { "allow-private-targets": ["127.0.0.0/8"] },
  };
}

/** A service that takes connections and never answers. */
async function startHangingTarget() {
  const server = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
