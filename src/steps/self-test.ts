import { runChecks } from "../check/run-check.ts";
import type { Config } from "../config/config.ts";
import { definitionOf } from "../model/self-test.ts";
import type { SelfTest } from "../model/self-test.ts";
import { describeError } from "../model/errors.ts";
import { errorObservation } from "../model/observation.ts";
import type { Observation } from "../model/observation.ts";
import type { PlannedCheck } from "../model/plan.ts";
import { wake } from "../store/jobs.ts";
import { deleteSelfTest, saveSelfTest, selfTestKeys, selfTestsOf } from "../store/self-tests.ts";
import { nextSelfTest, selfTested } from "../verdict/self-test.ts";
import type { Context, Setup } from "./context.ts";
import { questionOf } from "./questions.ts";
import { isOutOfOrder } from "./self-watch.ts";
import { reportTrouble } from "./trouble.ts";

/** A check at one of the locations that routes run it from. */
interface Pair {
  readonly planned: PlannedCheck;
  readonly location: string;
}

/** Replicas that start together, and a reload right after a start, test once. */
const justTestedMs = 30_000;
/** So many checks at a time, and one at a location: alerts must not wait for them, nor they for a place that hangs. */
const atOnce = 4;
const deadlineMs = 20_000;
/** How long a check may fail its self-tests everywhere, or a location all of them, until somebody is told. */
const unusableMs = 300_000;

/**
 * Runs every check once from each location that routes run it from, as it is at load and now and then: how it looks when
 * nobody complains, and since when it has been failing (verdict.md §3). It pages nobody. Checks whose target comes from an
 * alert have nothing to be tested against.
 */
export async function selfTest(context: Context, signal: AbortSignal): Promise<void> {
  const setup = context.setup();
  using _held = setup.hold();
  const pairs = pairsOf(setup.config);
  await forgetOthers(context, pairs, setup.config.loadedAt);
  const known = await selfTestsOf(context.database, [
    ...new Set(pairs.map(({ planned }) => planned.check.name)),
  ]);
  const wanted = new Set(pairs.map(keyOfPair));
  const tested = new Map(
    known.map((one) => [keyOf(one.check, one.location), one] as const).filter(([key]) => wanted.has(key)),
  );
  const due = pairs.filter((pair) => dueAt(pair, known, setup.config) <= context.now());
  await eachApart(due, async (pair) => {
    const one = await testPair(context, setup, { pair, before: tested.get(keyOfPair(pair)) }, signal);
    tested.set(keyOfPair(pair), one);
  });
  await reportUnusable(context, pairs, [...tested.values()]);
  await reportOutOfOrder(context, known, [...tested.values()]);
  const times = pairs.flatMap((pair) => {
    const one = tested.get(keyOfPair(pair));
    return one === undefined ? [] : [nextSelfTest(one, setup.config.selfTestMs)];
  });
  if (times.length === 0) return;
  const at = Math.max(Math.min(...times), context.now() + 1000);
  await context.database.write([wake("self-tests", at)]);
}

/**
 * What is tested no more is known no more: what it looked like long ago would pass for how it looks. Another replica, with
 * a configuration of its own, may have tested it since.
 */
async function forgetOthers({ database }: Context, pairs: readonly Pair[], loadedAt: number): Promise<void> {
  const wanted = new Set(pairs.map(keyOfPair));
  const kept = await selfTestKeys(database, loadedAt - justTestedMs);
  const others = kept.filter(({ check, location }) => !wanted.has(keyOf(check, location)));
  await database.write(others.map((other) => deleteSelfTest(other)));
}

/** A few at a time, of which no two at one location. */
async function eachApart(pairs: readonly Pair[], test: (pair: Pair) => Promise<void>): Promise<void> {
  const places = [...Map.groupBy(pairs, ({ location }) => location).values()];
  const work = async () => {
    for (let own = places.shift(); own !== undefined; own = places.shift()) {
      const [pair, ...rest] = own;
      if (pair !== undefined) await test(pair);
      // Its turn comes again after the other locations'.
      if (rest.length > 0) places.push(rest);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}

/** They are due: a configuration has been loaded. While the database is away the next load will do. */
export async function wakeSelfTests(context: Context): Promise<void> {
  try {
    await context.database.write([wake("self-tests", context.now())]);
  } catch (error) {
    context.log.warn("self-tests-not-woken", { error: describeError(error) });
  }
}

/** At load everything is due but what has just been tested; a job that comes later finds what its time has come for. */
function dueAt(pair: Pair, known: readonly SelfTest[], { selfTestMs, loadedAt }: Config): number {
  const one = known.find(({ check, location }) => keyOf(check, location) === keyOfPair(pair));
  if (one === undefined || one.definition !== definitionOf(pair.planned.check)) return 0;
  return one.testedAt < loadedAt - justTestedMs ? 0 : nextSelfTest(one, selfTestMs);
}

function pairsOf({ checks, routes, server }: Config): Pair[] {
  const target = { from: "config" as const, allowPrivate: [...server.allowPrivateTargets] };
  const pairs = [...routes.values()].flatMap((route) =>
    route.checks.flatMap((name) => {
      const check = checks.get(name);
      if (check === undefined || !check.selfTest || check.templates.length > 0) return [];
      return route.locations.map((location) => ({
        planned: { check: check.written, target, covered: null },
        location,
      }));
    }),
  );
  return [...new Map(pairs.map((pair) => [keyOfPair(pair), pair])).values()];
}

async function testPair(
  context: Context,
  setup: Setup,
  { pair, before }: { readonly pair: Pair; readonly before: SelfTest | undefined },
  signal: AbortSignal,
): Promise<SelfTest> {
  const seen = await observe(setup, pair, signal);
  const definition = definitionOf(pair.planned.check);
  const one = selfTested(before, seen, { definition, now: context.now() });
  context.metrics.selfTests.inc({ location: pair.location, outcome: seen.outcome });
  context.locationHealth.note(seen, context.now());
  if ((before?.failingSince ?? null) !== one.failingSince) {
    const { outcome, message } = seen;
    context.log.info("self-test", { check: one.check, location: one.location, outcome, message });
  }
  await context.database.write([saveSelfTest(one)]);
  return one;
}

/** One sample on each address. */
async function observe(setup: Setup, { planned, location }: Pair, signal: AbortSignal): Promise<Observation> {
  const open = setup.locations.get(location);
  const check = planned.check.name;
  if (open === undefined) {
    const message = "the location is not there";
    return errorObservation({
      check,
      location,
      errorClass: "location.unreachable",
      message,
      startedAt: Date.now(),
      durationMs: 0,
    });
  }
  const sampling = { count: 1, intervalMs: 0 };
  const question = questionOf(setup, { planned, location: open, sampling, deadlineMs });
  const look = { questions: [question], deadlineMs, settled: () => false, onObservation: () => {} };
  const [seen] = await runChecks(look, signal);
  signal.throwIfAborted();
  // One question has one observation.
  return seen as Observation;
}

/** A check that fails everywhere without anybody's complaint cannot confirm a page: somebody has to mend it. */
async function reportUnusable(
  context: Context,
  pairs: readonly Pair[],
  tested: readonly SelfTest[],
): Promise<void> {
  const now = context.now();
  for (const check of new Set(pairs.map(({ planned }) => planned.check.name))) {
    const own = tested.filter((one) => one.check === check);
    const since = Math.max(...own.map(({ failingSince }) => failingSince ?? now));
    if (own.length === 0 || now - since < unusableMs) continue;
    const minutes = Math.round((now - since) / 60_000);
    const note = `it has been failing from everywhere for ${minutes} min without an alert: ${own[0]?.last.message ?? ""}`;
    await reportTrouble(context, "check-unusable", { what: check, note });
  }
}

/**
 * A location that could do nothing in two self-tests one after the other, whichever replicas ran them, is out of order: no
 * alert has to come for that to be known.
 */
async function reportOutOfOrder(
  context: Context,
  before: readonly SelfTest[],
  tested: readonly SelfTest[],
): Promise<void> {
  const now = context.now();
  const earlier = new Map(before.map((one) => [keyOf(one.check, one.location), one]));
  const failingSince = (one: SelfTest) => {
    const last = earlier.get(keyOf(one.check, one.location));
    if (!isOutOfOrder(one.last)) return now;
    return last !== undefined && isOutOfOrder(last.last) ? last.testedAt : one.testedAt;
  };
  for (const [location, own] of Map.groupBy(tested, ({ location }) => location)) {
    const since = Math.max(...own.map(failingSince));
    if (now - since < unusableMs) continue;
    const minutes = Math.round((now - since) / 60_000);
    const note = `it has not done its work for ${minutes} min, without an alert: ${own[0]?.last.message ?? ""}`;
    await reportTrouble(context, "location-unusable", { what: location, note });
  }
}

function keyOf(check: string, location: string): string {
  return JSON.stringify([check, location]);
}

function keyOfPair({ planned, location }: Pair): string {
  return keyOf(planned.check.name, location);
}
