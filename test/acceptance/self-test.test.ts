import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { selfTestsOf } from "../../src/store/self-tests.ts";
import { selfTest } from "../../src/steps/self-test.ts";
import { configFile } from "../fixtures/config-file.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { startSteps } from "../fixtures/steps.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, startWorld, type World } from "../fixtures/world.ts";

const never = new AbortController().signal;
const hour = 3_600_000;
/** Tests of the past: from before the configuration that is loaded next. */
const anHourAgo = () => Date.now() - hour;

/** A check of one page, whatever the alert names. */
function fixedCheck(world: World, path: string) {
  return { ...pageCheck, name: "fixed", url: world.site.page(path) };
}

eachDatabase("self-tests", (fresh) => {
  test("each check runs once from each location of its routes, and what it looked like is kept", async () => {
    await using world = await startWorld(["eu", "na", "spare"]);
    await using file = await fresh();
    await using database = await file.open();
    const checks = [
      pageCheck,
      fixedCheck(world, "/"),
      { ...fixedCheck(world, "/off"), name: "off", "self-test": false },
    ];
    const route = { ...pageRoute, checks: checks.map(({ name }) => name), locations: ["eu", "na"] };
    const config = configIn(world, { checks, routes: [route] });
    await using steps = await startSteps({ config, database });
    await selfTest(steps.context, never);

    assert.deepEqual([...world.site.visits("/")].toSorted(), ["eu", "na"]);
    assert.deepEqual(world.site.visits("/off"), []);
    const kept = await selfTestsOf(database, ["fixed", "page", "off"]);
    assert.deepEqual(
      kept.map(({ check, location, failingSince, good }) => [check, location, failingSince, good?.outcome]),
      [
        ["fixed", "eu", null, "pass"],
        ["fixed", "na", null, "pass"],
      ],
    );
    assert.deepEqual(await steps.jobs(), ["self-tests"]);
    // Just tested: whoever starts beside it does not test again.
    await selfTest(steps.context, never);
    assert.equal(world.site.visits("/").length, 2);
  });

  test("what fails is tested again sooner, keeps since when, and is told to trouble; nobody is paged", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using file = await fresh();
    await using database = await file.open();
    const check = fixedCheck(world, "/");
    const config = configIn(world, { checks: [check], routes: [{ ...pageRoute, checks: ["fixed"] }] });
    // The past, so that what is due is due now.
    const clock = { now: Date.now() - hour - hour / 12 };
    await using steps = await startSteps({ config, database, now: () => clock.now });
    await selfTest(steps.context, never);
    world.site.set("/", "down");
    clock.now += hour;
    const brokeAt = clock.now;
    await selfTest(steps.context, never);
    clock.now += hour / 12;
    await selfTest(steps.context, never);

    const kept = await selfTestsOf(database, ["fixed"]);
    for (const one of kept) {
      assert.equal(one.failingSince, brokeAt);
      assert.deepEqual([one.last.outcome, one.good?.outcome], ["fail", "pass"]);
    }
    await steps.workUntil(() => world.receiver.hears("/ops", "check-unusable"));
    assert.deepEqual(world.receiver.told("/oncall"), []);
  });

  test("a location that can do nothing is asked again soon, and is told to trouble without any alert", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using file = await fresh();
    await using database = await file.open();
    const [eu, na] = world.locations;
    const locations = [eu, { ...na, token: "not the agent's" }];
    const check = fixedCheck(world, "/");
    const routes = [{ ...pageRoute, checks: ["fixed"] }];
    const config = configIn(world, { locations, checks: [check], routes });
    const clock = { now: Date.now() - hour };
    const now = () => clock.now;
    // Whoever runs them: two replicas take turns.
    await using first = await startSteps({ config, database, now });
    await using second = await startSteps({ config, database, now });
    await selfTest(first.context, never);
    assert.deepEqual(first.complaints, []);
    clock.now += 300_000;
    await selfTest(second.context, never);
    await second.workUntil(() => world.receiver.hears("/ops", "location-unusable: na"));
    assert.deepEqual(world.receiver.told("/ops", "location-unusable: eu"), []);
  });

  test("a check that a reload has changed is tested at once, and what was known of the old one is forgotten", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using file = await fresh();
    await using database = await file.open();
    world.site.set("/old", "down");
    const configWith = (path: string) =>
      configIn(world, {
        checks: [fixedCheck(world, path)],
        routes: [{ ...pageRoute, checks: ["fixed"] }],
      });
    const clock = { now: Date.now() - hour };
    await using before = await startSteps({ config: configWith("/old"), database, now: () => clock.now });
    await selfTest(before.context, never);
    clock.now += 1000;
    world.site.set("/new", "down");
    await using after = await startSteps({ config: configWith("/new"), database, now: () => clock.now });
    await selfTest(after.context, never);
    for (const one of await selfTestsOf(database, ["fixed"])) assert.equal(one.failingSince, clock.now);
  });

  test("what failed before it was changed is no baseline of a run", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using file = await fresh();
    await using database = await file.open();
    const routes = [{ ...pageRoute, checks: ["fixed"] }];
    const old = configIn(world, { checks: [fixedCheck(world, "/old")], routes });
    world.site.set("/old", "down");
    await using before = await startSteps({ config: old, database });
    await selfTest(before.context, never);
    world.site.set("/new", "down");
    const config = configIn(world, { checks: [fixedCheck(world, "/new")], routes });
    await using after = await startSteps({ config, database });
    await after.receive({ url: world.site.page("/new") });
    const subject = world.site.page("/new");
    const [notice] = await after.workUntil(() => world.receiver.hears("/oncall", subject));
    assert.match(notice?.firstLine ?? "", /^DOWN 2\/2/);
  });

  test("a run that sees it pass ends it", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using file = await fresh();
    await using database = await file.open();
    const check = fixedCheck(world, "/");
    const config = configIn(world, { checks: [check], routes: [{ ...pageRoute, checks: ["fixed"] }] });
    await using steps = await startSteps({ config, database });
    world.site.set("/", "down");
    await selfTest(steps.context, never);
    world.site.set("/", "up");
    await steps.receive({ url: world.site.page("/") });
    await steps.workUntil(() =>
      until("the self-tests to be good", async () => {
        const kept = await selfTestsOf(database, ["fixed"]);
        return (
          kept.length === 2 && kept.every(({ failingSince, good }) => failingSince === null && good !== null)
        );
      }),
    );
  });

  test("what is not tested any more is forgotten: an old failure is no baseline", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using file = await fresh();
    await using database = await file.open();
    const check = fixedCheck(world, "/");
    const route = { ...pageRoute, checks: ["fixed"] };
    const config = (wanted: object, locations: string[]) =>
      configIn(world, { checks: [wanted], routes: [{ ...route, locations }] });
    world.site.set("/", "down");
    await using steps = await startSteps({ config: config(check, ["eu", "na"]), database, now: anHourAgo });
    await selfTest(steps.context, never);
    const places = async () => (await selfTestsOf(database, ["fixed"])).map(({ location }) => location);
    assert.deepEqual(await places(), ["eu", "na"]);
    await steps.reload(config(check, ["na"]));
    await selfTest(steps.context, never);
    assert.deepEqual(await places(), ["na"]);
    await steps.reload(config({ ...check, "self-test": false }, ["na"]));
    await selfTest(steps.context, never);
    assert.deepEqual(await places(), []);
  });

  test("a secret that is gone is one check's trouble, not all the others'", async () => {
    await using world = await startWorld(["eu"]);
    await using file = await fresh();
    await using database = await file.open();
    await using token = await configFile("secret");
    const locked = { ...fixedCheck(world, "/locked"), headers: { authorization: `file:${token.path}` } };
    const checks = [{ ...locked, name: "locked" }, fixedCheck(world, "/")];
    const routes = [{ ...pageRoute, checks: ["locked", "fixed"] }];
    await using steps = await startSteps({ config: configIn(world, { checks, routes }), database });
    await rm(token.path);
    await selfTest(steps.context, never);
    const kept = await selfTestsOf(database, ["locked", "fixed"]);
    assert.deepEqual(
      kept.map(({ check, last }) => [check, last.outcome, last.errorClass]),
      [
        ["fixed", "pass", null],
        ["locked", "error", "location.request"],
      ],
    );
  });
});
