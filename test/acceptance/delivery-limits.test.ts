import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, test } from "node:test";
import { answering, hanging } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { outboxHas, outboxOf, toldByName } from "../fixtures/deliveries.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

const pager = { type: "pagerduty", "routing-key": "0123456789abcdef0123456789abcdef" };

/** A route for each, called like it. */
const actions = {
  narrow: { type: "webhook", concurrency: 2 },
  paced: { type: "webhook", rate: "5/s" },
  frail: { type: "webhook" },
  limited: { type: "slack" },
  hung: { type: "slack", timeout: "60s" },
  pager,
};

eachDatabase("limits of deliveries", (fresh) => {
  const parts = new AsyncDisposableStack();
  let receiver: Receiver;
  let server: Crosscheck;

  before(async () => {
    receiver = parts.use(await startReceiver());
    const config = toldByName(receiver, actions);
    const file = parts.use(
      await configFile({
        ...config,
        routes: [...config.routes, { name: "hung-and-pager", actions: ["hung", "pager"] }],
        storm: { incidents: 1000 },
      }),
    );
    const database = parts.use(await fresh());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  const post = (route: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_, number) => server.post({ number }, `/tenant/${route}`)));
  const allDelivered = (action: string, count: number) =>
    outboxHas(server, { action, state: "delivered", count });
  const says = (event: string, action: string) =>
    until(`${event} of ${action}`, () =>
      server.log.find((line) => line["event"] === event && line["action"] === action),
    );
  const isOpen = async (action: string) => {
    const metrics = await (await server.request("/metrics")).text();
    return new RegExp(`^crosscheck_action_open\\{action="${action}"\\} (\\d)$`, "m").exec(metrics)?.[1];
  };

  test("no more are on their way to a receiver than its concurrency", async () => {
    const open = new Set<ServerResponse>();
    let most = 0;
    receiver.always("/narrow", (response) => {
      open.add(response);
      most = Math.max(most, open.size);
    });
    await post("narrow", 8);
    for (let taken = 0; taken < 8; taken += 1) {
      const response = await until("the next", () =>
        open.size === Math.min(2, 8 - taken) ? [...open][0] : undefined,
      );
      open.delete(response);
      response.writeHead(200).end();
    }
    await allDelivered("narrow", 8);
    assert.equal(most, 2);
  });

  test("a rate is kept, and waiting is no attempt", async () => {
    await post("paced", 16);
    const told = await receiver.hears("/paced", "", 16);
    const lastsMs = (told.at(-1)?.at ?? 0) - (told[0]?.at ?? 0);
    // Three seconds and no less, but for how long the first may have been on its way.
    assert.ok(lastsMs >= 2000, `all within ${lastsMs} ms`);
    const delivered = await allDelivered("paced", 16);
    assert.deepEqual(new Set(delivered.map(({ attempts }) => attempts)), new Set([1]));
  });

  test("a receiver that fails is left alone, tried now and then, and told all once it answers", async () => {
    receiver.always("/frail", answering(503));
    await post("frail", 6);
    await says("action-opened", "frail");
    assert.equal(await isOpen("frail"), "1");
    await post("frail", 6);
    receiver.always("/frail");
    const delivered = await allDelivered("frail", 12);
    await says("action-closed", "frail");
    assert.equal(await isOpen("frail"), "0");
    const attempts = delivered.reduce((sum, one) => sum + one.attempts, 0);
    assert.equal(attempts, receiver.told("/frail").length);
  });

  test("a receiver that asks one message for patience is sent no other meanwhile", async () => {
    receiver.answer("/limited", answering(429, "", { "retry-after": "3" }));
    await post("limited", 1);
    await says("action-opened", "limited");
    await post("limited", 4);
    const [first, second] = await receiver.hears("/limited", "", 6);
    assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 3000);
    const attempts = (await allDelivered("limited", 5)).map((one) => one.attempts);
    assert.deepEqual(
      attempts.toSorted((one, other) => one - other),
      [1, 1, 1, 1, 2],
    );
  });

  test("Slack that hangs with all its places taken delays no pager", async () => {
    receiver.always("/hung", hanging);
    receiver.always("/pager/v2/enqueue", answering(202, "{}"));
    await post("hung-and-pager", 40);
    await receiver.hears("/pager/v2/enqueue", "", 40);
    await receiver.hears("/hung", "", 20);
    const hung = await outboxOf(server, "hung");
    assert.deepEqual([hung.length, new Set(hung.map(({ state }) => state))], [40, new Set(["pending"])]);
    assert.equal(receiver.told("/hung").length, 20);
  });
});
