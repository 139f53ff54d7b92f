import assert from "node:assert/strict";
import { test } from "node:test";
import { speakingEventsV2, type PagerEvent } from "../../src/notify/actions/pagerduty.fixture.ts";
import { answering, startReceiver, type Receiver } from "../../src/notify/receiver.fixture.ts";
import type { Database } from "../../src/store/database.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { startSteps, type Steps } from "../fixtures/steps.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, startWorld, type World } from "../fixtures/world.ts";

const limits = { incidents: 3, within: "60s", update: "5s" };

/** A pager that is told at once: what nobody checks, and what is checked. */
function stormyConfig(world: World, pagerduty: Receiver, storm: object = limits) {
  const base = configIn(world);
  const pager = { type: "pagerduty", url: pagerduty.url, "routing-key": "1".repeat(32) };
  return {
    ...base,
    routes: [
      { ...pageRoute, notify: { confirmed: ["pager", "team"], "not-reproduced": ["team"] } },
      { name: "passed-on", input: "input.note", subject: "input.note", actions: ["pager"] },
    ],
    actions: [...base.actions, { ...pager, name: "pager", fallback: ["ops"] }],
    storm,
  };
}

const eventsOf = (pagerduty: Receiver) =>
  pagerduty.received.map(({ body }) => JSON.parse(body) as PagerEvent);
const summaryOf = ({ payload }: PagerEvent) => payload?.summary ?? "";
const isStorm = (event: PagerEvent) => summaryOf(event).startsWith("STORM");
const namesOf = (world: World, count: number) =>
  Array.from({ length: count }, (_, index) => {
    world.site.set(`/p${index}`, "down");
    return world.site.page(`/p${index}`);
  });

async function openStorm(database: Database): Promise<{ id: string; state: string; subject: string }[]> {
  return database.read("select id, state, subject from incidents where route = 'storm' order by id");
}

async function isQuiet(database: Database): Promise<boolean> {
  const pending = await database.read("select 1 from deliveries where state = 'pending'");
  return pending.length === 0;
}

async function isOver(database: Database): Promise<boolean> {
  const open = await database.read("select 1 from incidents where closed_at is null");
  return open.length === 0 && (await isQuiet(database));
}

async function receiveAll(steps: Steps, urls: readonly string[]): Promise<void> {
  for (const url of urls) await steps.receive({ url });
}

eachDatabase("a storm", (fresh) => {
  test("rings for the first, then once for all others, names them, and ends when the last is over", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using pagerduty = await startReceiver(speakingEventsV2);
    await using place = await fresh();
    await using database = await place.open();
    await using steps = await startSteps({ config: stormyConfig(world, pagerduty), database });
    const urls = namesOf(world, 8);
    await receiveAll(steps, urls);
    await steps.workUntil(async () => {
      await until("the storm's page", () => eventsOf(pagerduty).some(isStorm), 60_000);
      // Messages are not bundled.
      for (const url of urls) await world.receiver.hears("/team", url);
      for (const url of urls) world.site.set(new URL(url).pathname, "up");
      await until("the storm to end", async () => (await openStorm(database))[0]?.state === "closed", 60_000);
      await until("all to be over", () => isOver(database));
    });
    const events = eventsOf(pagerduty);
    const [page] = events.filter(isStorm);
    assert.ok(page);
    assert.match(summaryOf(page), /^STORM 5 incidents on pager: http:/);
    assert.equal(page.payload?.severity, "critical");
    const single = events.filter((event) => event.event_action === "trigger" && !isStorm(event));
    assert.equal(new Set(single.map(({ dedup_key }) => dedup_key)).size, limits.incidents);
    const listed = urls.filter((url) => String(page.payload?.custom_details["summary"]).includes(url));
    const alone = urls.filter((url) => single.some((event) => event.payload?.source === url));
    assert.deepEqual([...listed, ...alone].toSorted(), urls.toSorted());
    // Whatever was triggered is resolved, and nothing else.
    const keysOf = (action: string) =>
      [
        ...new Set(events.filter((one) => one.event_action === action).map(({ dedup_key }) => dedup_key)),
      ].toSorted();
    assert.deepEqual(keysOf("resolve"), keysOf("trigger"));
    assert.deepEqual(steps.complaints, []);
  });

  test("whoever joins later is told of by an update under the same key", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using pagerduty = await startReceiver(speakingEventsV2);
    await using place = await fresh();
    await using database = await place.open();
    // Whoever comes later than this joins no more.
    const config = stormyConfig(world, pagerduty, { ...limits, update: "30s" });
    await using steps = await startSteps({ config, database });
    const urls = namesOf(world, 6);
    await receiveAll(steps, urls.slice(0, 5));
    await steps.workUntil(async () => {
      await until("the storm's page", () => eventsOf(pagerduty).some(isStorm), 60_000);
      await receiveAll(steps, urls.slice(5));
      await until(
        "its update",
        () =>
          eventsOf(pagerduty)
            .filter(isStorm)
            .some((one) => summaryOf(one).includes("3 incidents")),
        120_000,
      );
    });
    assert.equal(
      new Set(
        eventsOf(pagerduty)
          .filter(isStorm)
          .map(({ dedup_key }) => dedup_key),
      ).size,
      1,
    );
    assert.equal((await openStorm(database)).length, 1);
  });

  test("two replicas open one storm, and nothing is lost while the pager is away", async () => {
    await using world = await startWorld(["eu", "na"]);
    let isAway = true;
    await using pagerduty = await startReceiver((response, received) => {
      if (isAway) answering(503)(response, received);
      else speakingEventsV2(response, received);
    });
    await using place = await fresh();
    await using database = await place.open();
    await using other = await place.open();
    const config = stormyConfig(world, pagerduty);
    await using steps = await startSteps({ config, database });
    await using second = await startSteps({ config, database: other });
    const notes = Array.from({ length: 12 }, (_, index) => `note ${index}`);
    for (const note of notes) await steps.receive({ note });
    await steps.workUntil(() =>
      second.workUntil(async () => {
        await until("the storm's page to be tried", () => eventsOf(pagerduty).some(isStorm), 60_000);
        isAway = false;
        await until("all to be told", () => isQuiet(database), 60_000);
      }),
    );
    const storms = await openStorm(database);
    assert.deepEqual(
      storms.map(({ subject }) => subject),
      ["pager"],
    );
    const members = await database.read<{ incident_id: string }>("select incident_id from storm_members");
    assert.equal(members.length, notes.length - limits.incidents);
    const rows = await database.read<{ incident_id: string; state: string }>(
      "select incident_id, state from deliveries where action = 'pager'",
    );
    const stateOf = (id: string) =>
      rows.filter(({ incident_id }) => incident_id === id).map(({ state }) => state);
    assert.ok(members.every(({ incident_id }) => stateOf(incident_id).join() === "superseded"));
    // What nobody checks is never resolved by us.
    assert.ok(!eventsOf(pagerduty).some(({ event_action }) => event_action === "resolve"));
  });

  test("what joins after the page is told, though it is over at once; nothing is told twice", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using pagerduty = await startReceiver(speakingEventsV2);
    await using place = await fresh();
    await using database = await place.open();
    const config = stormyConfig(world, pagerduty, { ...limits, within: "24s", update: "6s" });
    await using steps = await startSteps({ config, database });
    const stormsTold = () => eventsOf(pagerduty).filter(isStorm);
    for (const note of ["a", "b", "c", "d", "e"]) await steps.receive({ note: `early ${note}` });
    await steps.workUntil(async () => {
      await until("the storm's page", () => stormsTold().length > 0, 60_000);
      await steps.receive({ note: "latecomer" });
      await until("the storm to end", async () => (await openStorm(database))[0]?.state === "closed", 60_000);
    });
    assert.deepEqual(
      stormsTold().map((event) => String(event.payload?.custom_details["summary"]).includes("latecomer")),
      [false, true],
    );
  });

  test("when it is over, later incidents ring by themselves again", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using pagerduty = await startReceiver(speakingEventsV2);
    await using place = await fresh();
    await using database = await place.open();
    const config = stormyConfig(world, pagerduty, { ...limits, within: "2s", update: "1s" });
    await using steps = await startSteps({ config, database });
    // Routed together: they are due at the same time.
    for (const note of ["a", "b", "c", "d"]) await steps.receive({ note: `early ${note}` });
    await steps.workUntil(async () => {
      await until("the storm's page", () => eventsOf(pagerduty).some(isStorm), 60_000);
      const began = Date.now();
      await until("the storm to be past", () => Date.now() > began + 2000);
      await steps.receive({ note: "late" });
      await until("the late one to ring", () =>
        eventsOf(pagerduty).some((event) => summaryOf(event).includes("late")),
      );
    });
    const late = eventsOf(pagerduty).filter((event) => summaryOf(event).includes("late"));
    assert.deepEqual(late.map(isStorm), [false]);
  });
});
