import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { PagerEvent } from "../../src/notify/actions/pagerduty.fixture.ts";
import { answering, startReceiver as startServer } from "../../src/notify/receiver.fixture.ts";
import type { Receiver as Pager } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";
import { startSteps } from "../fixtures/steps.ts";
import { until } from "../fixtures/until.ts";

const url = "https://shop.example/basket";

test("an alert that nobody checks has no hold once it is routed, another keeps it", async () => {
  await using receiver = await startReceiver();
  await using place = await freshSqlite();
  await using database = await place.open();
  const checked = { name: "checked", input: 'input.name == "checked"', actions: ["team"] };
  await using steps = await startSteps({
    config: {
      locations: [{ name: "here", type: "local", controls: [] }],
      checks: [{ name: "down", type: "tcp", host: "127.0.0.1", port: 1 }],
      routes: [
        { name: "told", input: 'input.name == "told"', actions: ["team"] },
        { ...checked, checks: ["down"] },
      ],
      actions: [{ name: "team", type: "webhook", url: `${receiver.url}/team` }],
      unrouted: ["team"],
    },
    database,
  });
  const told = await steps.receive({ name: "told" });
  const unrouted = await steps.receive({ name: "nobody's" });
  const kept = await steps.receive({ name: "checked" });
  const holds = async () => (await steps.jobs()).filter((key) => key.startsWith("hold:"));
  assert.deepEqual(await holds(), [told, unrouted, kept].map(({ id }) => `hold:${id}`).toSorted());
  await steps.workUntil(() => until("two holds to go", async () => (await holds()).length === 1));
  assert.deepEqual(await holds(), [`hold:${kept.id}`]);
});

suite("an alert that nobody checks", () => {
  const parts = new AsyncDisposableStack();
  let receiver: Receiver;
  let pagerduty: Pager;
  let server: Crosscheck;

  before(async () => {
    receiver = parts.use(await startReceiver());
    pagerduty = parts.use(await startServer(answering(202)));
    const pager = { name: "pager", type: "pagerduty", url: pagerduty.url, "routing-key": "0".repeat(32) };
    const file = parts.use(
      await configFile({
        routes: [
          { name: "by-url", input: "input.url", actions: ["team", "pager"] },
          { name: "by-name", input: "input.name", subject: "input.name", actions: ["team"] },
          { name: "nameless", input: "input.nothing", actions: ["team"] },
        ],
        sources: [{ name: "probe", type: "generic", url: "input.url" }],
        actions: [
          { name: "team", type: "webhook", url: `${receiver.url}/team` },
          { ...pager, "dedup-key": "input.url" },
        ],
        unrouted: ["team"],
      }),
    );
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  const lineOf = async (alert: object) => {
    const id = await server.post(alert, "/alerts/probe");
    const [notice] = await receiver.hears("/team", id);
    return notice?.firstLine;
  };

  const events = () => pagerduty.received.map(({ body }) => JSON.parse(body) as PagerEvent);

  test("is told by what it is about, not by its id", async () => {
    assert.equal(await lineOf({ name: "basket" }), "RECEIVED basket");
    assert.equal(await lineOf({ nothing: true }), "RECEIVED nameless");
  });

  test("rings, and resolves what it rang when its sender says so", async () => {
    assert.equal(await lineOf({ url }), `RECEIVED ${url}`);
    await until("the pager to ring", () => events().length === 1);
    assert.equal(await lineOf({ url, status: "resolved" }), `RECEIVED ${url}: the sender says resolved`);
    await until("the pager to hear more", () => events().length === 2);
    assert.deepEqual(
      events().map((event) => [event.event_action, event.dedup_key, event.payload?.source]),
      [
        ["trigger", url, url],
        ["resolve", url, undefined],
      ],
    );
  });
});
