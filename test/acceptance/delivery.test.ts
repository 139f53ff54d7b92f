import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { answering, hanging, resetting } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck, type DeliveryJson } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { outboxHas, outboxOf, toldByName } from "../fixtures/deliveries.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";

/** A route for each test, called like the action it tells: what one receiver does must not touch another. */
const actions = {
  stumbling: { type: "slack" },
  busy: { type: "slack" },
  cutting: { type: "webhook" },
  // Long enough for the attempt that is answered, on a machine that others share.
  dozing: { type: "webhook", timeout: "3s" },
  hung: { type: "webhook", timeout: "60s" },
  lively: { type: "webhook" },
  gone: { type: "slack", fallback: ["deputy"] },
  mute: { type: "webhook" },
  deputy: { type: "webhook" },
  ops: { type: "webhook" },
};

suite("deliveries", { concurrency: true }, () => {
  const parts = new AsyncDisposableStack();
  let receiver: Receiver;
  let server: Crosscheck;

  before(async () => {
    receiver = parts.use(await startReceiver());
    const config = toldByName(receiver, actions);
    const file = parts.use(
      await configFile({
        ...config,
        routes: [...config.routes, { name: "hung-and-lively", actions: ["hung", "lively"] }],
        unrouted: ["ops"],
        trouble: ["ops"],
      }),
    );
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  /** The only delivery of an action, once it is in a state. */
  const settled = async (action: string, state: string) => {
    const [delivery] = await outboxHas(server, { action, state, count: 1 });
    assert.ok(delivery);
    return delivery;
  };

  test("Slack answers 500 twice: delivered by the third try, once", async () => {
    receiver.answer("/stumbling", answering(500), answering(500));
    await server.post({ number: 1 }, "/tenant/stumbling");
    const tries = await receiver.hears("/stumbling", "", 3);
    const delivery = await settled("stumbling", "delivered");
    assert.equal(delivery.attempts, 3);
    assert.equal(delivery.error, null);
    assert.equal(new Set(tries.map(({ body }) => body)).size, 1);
    assert.equal(receiver.told("/stumbling").length, 3);
  });

  test("Slack asks for patience: the next try is not before Retry-After", async () => {
    receiver.answer("/busy", answering(429, "", { "retry-after": "3" }));
    await server.post({ number: 1 }, "/tenant/busy");
    const [first, second] = await receiver.hears("/busy", "", 2);
    assert.ok((second?.at ?? 0) - (first?.at ?? 0) >= 3000);
    assert.equal((await settled("busy", "delivered")).attempts, 2);
  });

  test("a connection that is cut is tried again under the same key", async () => {
    receiver.answer("/cutting", resetting);
    await server.post({ number: 1 }, "/tenant/cutting");
    const tries = await receiver.hears("/cutting", "", 2);
    assert.equal((await settled("cutting", "delivered")).id, tries[0]?.key);
    assert.equal(tries[0]?.key, tries[1]?.key);
  });

  test("a receiver that does not answer in its time is tried again", async () => {
    receiver.answer("/dozing", hanging);
    await server.post({ number: 1 }, "/tenant/dozing");
    await receiver.hears("/dozing", "", 2);
    assert.equal((await settled("dozing", "delivered")).attempts, 2);
  });

  test("a receiver that hangs holds up its own messages only", async () => {
    receiver.always("/hung", hanging);
    const alerts = Array.from({ length: 15 }, (_, number) =>
      server.post({ number }, "/tenant/hung-and-lively"),
    );
    await Promise.all(alerts);
    await receiver.hears("/lively", "", alerts.length, 30_000);
    const hung = await outboxOf(server, "hung");
    assert.deepEqual([hung.length, new Set(hung.map(({ state }) => state))], [15, new Set(["pending"])]);
    receiver.always("/hung");
  });

  test("refused for good: a dead letter, the fallback stands in and says so, and Crosscheck complains", async () => {
    receiver.answer("/gone", answering(404, "no_service"));
    const id = await server.post({ number: 1 }, "/tenant/gone");
    const [standIn] = await receiver.hears("/deputy", id);
    assert.match(
      standIn?.body ?? "",
      /standing in for gone, which cannot be reached: answered 404: no_service/,
    );
    const [complaint] = await receiver.hears("/ops", "gone did not take a message");
    assert.equal(complaint?.event, "trouble");
    assert.match(complaint?.firstLine ?? "", /^CROSSCHECK TROUBLE dead-letter: gone/);
    const dead = await settled("gone", "dead");
    assert.equal(dead.attempts, 1);
    assert.match(dead.error ?? "", /404/);
    assert.equal(receiver.told("/gone").length, 1);
  });

  test("a dead letter can be sent again once its receiver is back, and only once", async () => {
    receiver.answer("/mute", answering(410));
    const id = await server.post({ number: 1 }, "/tenant/mute");
    const dead = await settled("mute", "dead");
    const { deliveries } = await server.read<{ deliveries: DeliveryJson[] }>("/api/v1/deliveries?state=dead");
    assert.ok(deliveries.some((delivery) => delivery.id === dead.id));

    const retry = () => server.request(`/api/v1/deliveries/${dead.id}/retry`, { method: "POST" });
    const retried = await retry();
    assert.deepEqual([retried.status, await retried.json()], [202, { id: dead.id }]);
    const [, again] = await receiver.hears("/mute", id, 2);
    assert.equal(again?.key, dead.id);
    assert.equal((await settled("mute", "delivered")).error, null);

    const needless = await retry();
    assert.equal(needless.status, 409);
    assert.match(await needless.text(), /can be sent again: this one is delivered/);
    assert.equal(receiver.told("/mute").length, 2);
  });
});
