import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { startSteps, type Steps } from "../../test/fixtures/steps.ts";
import { until } from "../../test/fixtures/until.ts";
import { newId } from "../model/id.ts";
import { answering, startReceiver, type Answering } from "../notify/receiver.fixture.ts";
import { listDeliveries } from "../store/deliveries.ts";
import { retryMany } from "./retry.ts";
import { tellStatements } from "./tell.ts";

const actor = { name: "test", address: null };

/** One route that passes everything on. */
function configOf(listener: object, others: readonly object[] = []) {
  return {
    controls: [],
    resolvers: [],
    routes: [{ name: "all", actions: ["listener"] }],
    actions: [{ name: "listener", type: "webhook", ...listener }, ...others],
    unrouted: others.length > 0 ? ["ops"] : [],
  };
}

/** A receiver that does as it is told, one answer for each message. */
async function startListener() {
  const held: ServerResponse[] = [];
  let answer: Answering = answering(200);
  const receiver = await startReceiver((...request) => answer(...request));
  return {
    receiver,
    held,
    answer: (next: Answering) => void (answer = next),
    hold: () => void (answer = (response) => held.push(response)),
    [Symbol.asyncDispose]: () => receiver[Symbol.asyncDispose](),
  };
}

const statesOf = async ({ context }: Steps, action = "listener") => {
  const found = await listDeliveries(context.database, { action, limit: 100 });
  return found.toReversed().map(({ state }) => state);
};

eachDatabase("deliveries, between two steps", (fresh) => {
  test("a dead letter that lives again behind something newer on its way is not told after it", async () => {
    await using listener = await startListener();
    await using stored = await fresh();
    await using database = await stored.open();
    await using steps = await startSteps({ config: configOf({ url: listener.receiver.url }), database });
    listener.answer(answering(410));
    await steps.receive({ number: 1 });
    await steps.workUntil(() => until("the dead letter", async () => (await statesOf(steps))[0] === "dead"));
    const [dead] = await listDeliveries(database, { limit: 1 });
    assert.ok(dead);
    const { incidentId, notice } = dead;
    listener.hold();
    const about = { incidentId, runId: null, alertId: notice.alertId, now: steps.context.now() };
    await database.write(tellStatements(about, [{ event: "change", actions: ["listener"], note: null }]));

    await steps.workUntil(async () => {
      const newer = await until("the newer one on its way", () => listener.held[0]);
      const { retried } = await retryMany(steps.context, { limit: 10 }, actor);
      assert.deepEqual(retried, [dead.id]);
      listener.answer(answering(200));
      newer.end();
      await until("both to be settled", async () => !(await statesOf(steps)).includes("pending"));
    });
    assert.deepEqual(await statesOf(steps), ["superseded", "delivered"]);
    assert.equal(listener.receiver.received.length, 2);
    assert.deepEqual(await steps.jobs(), []);
  });

  test("what fails on our side says nothing about the receiver, and it is told once it can be", async () => {
    await using listener = await startListener();
    const file = join(tmpdir(), `crosscheck-url-${newId()}`);
    await using parts = new AsyncDisposableStack();
    parts.defer(() => rm(file, { force: true }));
    await writeFile(file, listener.receiver.url);
    await using stored = await fresh();
    await using database = await stored.open();
    await using steps = await startSteps({ config: configOf({ url: `file:${file}` }), database });
    await rm(file);
    for (let number = 0; number < 8; number += 1) await steps.receive({ number });
    await steps.workUntil(async () => {
      await until("each to have been tried", async () => {
        const found = await listDeliveries(database, { limit: 100 });
        return found.length === 8 && found.every(({ attempts }) => attempts > 0);
      });
      await writeFile(file, listener.receiver.url);
      await until("all to be told", async () =>
        (await statesOf(steps)).every((state) => state === "delivered"),
      );
    });
    assert.equal(listener.receiver.received.length, 8);
    assert.deepEqual(
      steps.complaints.filter((complaint) => complaint.startsWith("action-opened")),
      [],
    );
  });

  test("a reload that takes the action away: what is on its way ends, what waits goes to unrouted", async () => {
    await using listener = await startListener();
    await using ops = await startListener();
    await using stored = await fresh();
    await using database = await stored.open();
    const others = [{ name: "ops", type: "webhook", url: ops.receiver.url }];
    const config = configOf({ url: listener.receiver.url, concurrency: 1 }, others);
    await using steps = await startSteps({ config, database });
    listener.hold();
    await steps.receive({ number: 1 });
    await steps.workUntil(async () => {
      const first = await until("the first on its way", () => listener.held[0]);
      await steps.receive({ number: 2 });
      await until("the second to wait", async () => (await statesOf(steps)).length === 2);
      await steps.reload({
        ...config,
        routes: [{ name: "all", actions: ["ops"] }],
        actions: others,
      });
      first.end();
      await until("both to be settled", async () => !(await statesOf(steps)).includes("pending"));
      await until("ops to be told", async () => (await statesOf(steps, "ops"))[0] === "delivered");
    });
    assert.deepEqual(await statesOf(steps), ["delivered", "dead"]);
    const [, second] = (await listDeliveries(database, { action: "listener", limit: 2 })).toReversed();
    assert.match(second?.error ?? "", /^action-not-configured/);
    assert.equal(listener.receiver.received.length, 1);
  });
});
