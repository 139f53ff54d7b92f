import assert from "node:assert/strict";
import { test } from "node:test";
import { selfTestsOf } from "../../src/store/self-tests.ts";
import { selfTest } from "../../src/steps/self-test.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { startSteps } from "../fixtures/steps.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, startWorld, type World } from "../fixtures/world.ts";

const never = new AbortController().signal;
const hour = 3_600_000;

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
});
