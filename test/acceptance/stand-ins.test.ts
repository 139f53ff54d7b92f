import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { PagerEvent } from "../../src/notify/actions/pagerduty.fixture.ts";
import { answering, startReceiver, type Receiver } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, startWorld, type World } from "../fixtures/world.ts";

const keys = { first: "1".repeat(32), second: "2".repeat(32) };

suite("a pager that stands in for another", () => {
  const parts = new AsyncDisposableStack();
  let world: World;
  let pagerduty: Receiver;
  let server: Crosscheck;
  let isFirstDown = true;

  before(async () => {
    world = parts.use(await startWorld(["eu", "na"]));
    pagerduty = parts.use(
      await startReceiver((response, received) => {
        const { routing_key } = JSON.parse(received.body) as PagerEvent;
        const refuses = routing_key === keys.first && isFirstDown;
        return answering(refuses ? 403 : 202)(response, received);
      }),
    );
    const pager = { type: "pagerduty", url: pagerduty.url };
    const base = configIn(world, {
      routes: [{ ...pageRoute, notify: { ...pageRoute.notify, confirmed: ["first"] } }],
    });
    const file = parts.use(
      await configFile({
        ...base,
        actions: [
          ...base.actions,
          { ...pager, name: "first", "routing-key": keys.first, fallback: ["second", "team"] },
          { ...pager, name: "second", "routing-key": keys.second },
        ],
      }),
    );
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  const told = (key: string) =>
    pagerduty.received
      .map(({ body }) => JSON.parse(body) as PagerEvent)
      .filter(({ routing_key }) => routing_key === key)
      .map(({ event_action }) => event_action);

  test("is resolved once, though the other is back by then", async () => {
    const url = world.site.page("/down");
    world.site.set("/down", "down");
    await server.post({ url });
    await until("the second to ring", () => told(keys.second).includes("trigger"));
    isFirstDown = false;
    world.site.set("/down", "up");
    await until("the second to be resolved", () => told(keys.second).includes("resolve"));
    await until("everybody to have heard", async () => {
      const incident = await server.incidentOf(url);
      return incident?.deliveries.every(({ state }) => state !== "pending");
    });
    assert.deepEqual(told(keys.second), ["trigger", "resolve"]);
    assert.deepEqual(told(keys.first), ["trigger", "resolve"]);
  });
});
