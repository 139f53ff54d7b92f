import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { startPostgres } from "../fixtures/postgres.ts";
import { until } from "../fixtures/until.ts";
import { Ledger, abridged } from "./judge.ts";
import { startListener } from "./listener.ts";
import { Load } from "./load.ts";
import { passOnConfig, passOnFaults, untilMoreAccepted, untilPassedOn } from "./pass-on.ts";
import { findPostmaster } from "./postgres-faults.ts";
import { defineScenario, type Outcome, type Scene, type Skipped } from "./scenario.ts";

const numbers = {
  /** How often it goes away. */
  rounds: 3,
  /** For how long. */
  away: 20,
  /** Alerts a second. */
  rate: 40,
  /** Added to what is promised in time, for machines that others share. */
  slack: 0,
};
type Numbers = typeof numbers;

/** After so long the raw alerts are told to the emergency; before it, nobody who can wait is woken. */
const emergencyMs = 15_000;
/** Within this after PostgreSQL is back alerts are stored again. */
const backLimitMs = 60_000;
const settleLimitMs = 180_000;
/** Senders wait for ten seconds, mostly. */
const answerLimitMs = 10_000;

interface Way {
  /** `freeze`: connections are not cut, they hang. */
  readonly fault: "stop" | "freeze";
  /** A data folder, and somebody to tell in need. */
  readonly net: boolean;
}

/** PostgreSQL stops, or hangs, under load. */
export const databaseAway = defineScenario({
  about: "PostgreSQL is stopped or frozen under load, with a spool and an emergency or without either",
  numbers,
  variants: {
    stopped: (scene, wanted) => away(scene, wanted, { fault: "stop", net: true }),
    frozen: (scene, wanted) => away(scene, wanted, { fault: "freeze", net: true }),
    "without-a-net": (scene, wanted) => away(scene, wanted, { fault: "stop", net: false }),
  },
});

async function away(
  { random, progress }: Scene,
  { rounds, away, rate, slack }: Numbers,
  { fault, net }: Way,
): Promise<Outcome | Skipped> {
  await using parts = new AsyncDisposableStack();
  const postgres = await startPostgres({ fsync: true });
  if (postgres === undefined) return { skipped: "PostgreSQL is not installed" };
  parts.use(postgres);
  const ledger = new Ledger();
  const listener = parts.use(await startListener(ledger));
  const file = parts.use(
    await configFile(
      passOnConfig(listener, net ? { others: ["emergency"], server: { emergency: ["emergency"] } } : {}),
    ),
  );
  const database = { url: await postgres.createDatabase() };
  const data = await mkdtemp(join(tmpdir(), "crosscheck-data-"));
  parts.defer(() => rm(data, { recursive: true }));
  const server = parts.use(
    await startCrosscheck({ config: file.path, database, args: net ? ["--data", data] : [] }),
  );
  const load = parts.use(
    new Load({
      ledger,
      random,
      rate,
      target: () => server.url,
      draft: () => ({ kind: "passed", path: "/", body: { number: random.whole(1, 1000) } }),
    }),
  );

  const outages: { from: number; to: number }[] = [];
  let slowestBackMs = 0;
  for (let round = 1; round <= rounds; round += 1) {
    progress(`outage ${round} of ${rounds}, ${ledger.accepted.size} accepted, ${ledger.refused} refused`);
    // An outage begins at any moment of the load, …
    await sleep(random.whole(1000, 3000));
    const postmaster = await findPostmaster(database.url);
    const from = Date.now();
    await (fault === "freeze" ? postmaster.freeze() : postmaster.stopAtOnce());
    // … and its length is what is tried.
    await sleep(away * 1000);
    if (fault === "freeze") postmaster.thaw();
    else await postgres.start();
    outages.push({ from, to: Date.now() });
    slowestBackMs = Math.max(slowestBackMs, await timeUntilStored(server));
  }
  await untilMoreAccepted(ledger);
  await load.stop();
  progress("waiting for the last delivery");
  await untilPassedOn(ledger, settleLimitMs);

  const emergency = emergencyOf(ledger, outages);
  // A machine that stands still has no disk for a spool either.
  const stoodStill = slack > 0 && load.slowestMs > answerLimitMs;
  return {
    counts: {
      ...ledger.counts(),
      outages: rounds,
      "told to the emergency": emergency.told,
      "first of them after the outage began (ms)": emergency.firstMs,
      "slowest answer (ms)": Math.round(load.slowestMs),
      "slowest return after PostgreSQL was back (ms)": Math.round(slowestBackMs),
    },
    broken: [
      ...passOnFaults(ledger),
      ...(net && ledger.refused > 0 && !stoodStill
        ? [`${ledger.refused} were refused with room in the spool`]
        : []),
      ...(!net && ledger.refused === 0 ? ["nothing was refused, with nothing to keep it in"] : []),
      ...(load.slowestMs > answerLimitMs + slack * 1000
        ? [`an answer took ${Math.round(load.slowestMs)} ms`]
        : []),
      ...(net && away * 1000 > emergencyMs + 3000 ? abridged(emergency.missed) : []),
    ],
  };
}

/** Until `/readyz` says that the database is there, in ms. */
async function timeUntilStored(server: Crosscheck): Promise<number> {
  const started = performance.now();
  await until(
    "the database to be back",
    async () => {
      const response = await server.request("/readyz");
      const { database } = (await response.json()) as { database?: string };
      return response.status === 200 && database !== "away";
    },
    backLimitMs,
  );
  return performance.now() - started;
}

/** What was accepted in an outage, early enough for it to be told before its end, and what was not told. */
function emergencyOf(ledger: Ledger, outages: readonly { from: number; to: number }[]) {
  const told = ledger.times("passed", "emergency");
  const beginnings = told.map(({ to }) => to - (outages.findLast(({ from }) => from < to)?.from ?? to));
  const known = new Set(told.map(({ mark }) => mark));
  const missed = [...ledger.accepted].flatMap(([mark, { at }]) => {
    // The first seconds of an outage are not yet one; those who wait are told one after the other, until its end.
    const due = outages.some(({ from, to }) => at > from + 2000 && at < to - 10_000);
    return due && !known.has(mark) ? [`the emergency never heard of ${mark}, which waited in an outage`] : [];
  });
  return { told: told.length, firstMs: beginnings.length > 0 ? Math.min(...beginnings) : "-", missed };
}
