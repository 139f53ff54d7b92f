import assert from "node:assert/strict";
import { test } from "node:test";
import { answering } from "../../src/notify/receiver.fixture.ts";
import { deliverLane } from "../../src/steps/deliver.ts";
import { routeInbox } from "../../src/steps/route.ts";
import { deliveriesOfIncident } from "../../src/store/deliveries.ts";
import { incidentsOfAlert } from "../../src/store/incidents.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { startReceiver } from "../fixtures/receiver.ts";
import { startSteps } from "../fixtures/steps.ts";

eachDatabase("a fallback while one alert takes the place of another", (fresh) => {
  test("is told 60 s after the first that could not be told, however often they come", async () => {
    await using receiver = await startReceiver();
    receiver.always("/strays", answering(503));
    await using place = await fresh();
    await using database = await place.open();
    let now = Date.now();
    const config = {
      routes: [{ name: "page", input: 'input.kind == "page"', actions: ["deputy"] }],
      actions: [
        { name: "strays", type: "webhook", url: `${receiver.url}/strays`, fallback: ["deputy"] },
        { name: "deputy", type: "webhook", url: `${receiver.url}/deputy` },
      ],
      unrouted: ["strays"],
      trouble: ["deputy"],
    };
    await using steps = await startSteps({ config, database, now: () => now });
    const limit = AbortSignal.timeout(60_000);
    const toldAfter: string[][] = [];
    for (const passedMs of [0, 30_000, 29_000, 2000, 1000]) {
      now += passedMs;
      const alert = await steps.receive({ kind: "stray" });
      await routeInbox(steps.context, limit);
      const [incident] = await incidentsOfAlert(database, alert.id);
      assert.ok(incident);
      await deliverLane(steps.context, { incidentId: incident.id, action: "strays" }, limit);
      const deliveries = await deliveriesOfIncident(database, incident.id);
      toldAfter.push(deliveries.filter(({ action }) => action === "deputy").map(({ event }) => event));
    }
    assert.deepEqual(
      toldAfter.map(({ length }) => length),
      [0, 0, 0, 1, 2],
    );
  });
});

eachDatabase("a fallback of what cannot be tried", (fresh) => {
  /** Two alerts at once to an action with a deputy; what each has heard a minute later, and what the second's row says. */
  const aMinuteLater = async (action: object, answer: Parameters<typeof answering>) => {
    await using receiver = await startReceiver();
    receiver.always("/primary", answering(...answer));
    await using place = await fresh();
    await using database = await place.open();
    let now = Date.now();
    const config = {
      routes: [{ name: "page", actions: ["primary"] }],
      actions: [
        { name: "primary", type: "webhook", url: `${receiver.url}/primary`, fallback: ["deputy"], ...action },
        { name: "deputy", type: "webhook", url: `${receiver.url}/deputy` },
      ],
    };
    await using steps = await startSteps({ config, database, now: () => now });
    const limit = AbortSignal.timeout(60_000);
    const ids: string[] = [];
    for (const number of [1, 2]) {
      const alert = await steps.receive({ number });
      await routeInbox(steps.context, limit);
      const [incident] = await incidentsOfAlert(database, alert.id);
      assert.ok(incident);
      ids.push(incident.id);
    }
    const work = async () => {
      const lanes = ids.map((incidentId) => ({ incidentId, action: "primary" }));
      for (const lane of lanes) await database.write(await deliverLane(steps.context, lane, limit));
    };
    const second = () => deliveriesOfIncident(database, ids[1] ?? "");
    await work();
    const [waiting, ...others] = await second();
    assert.deepEqual([waiting?.state, waiting?.attempts, others], ["pending", 0, []]);
    now += 59_000;
    await work();
    assert.equal((await second()).length, 1);
    now += 2000;
    await work();
    await work();
    return { told: receiver.told("/primary").length, deliveries: await second() };
  };

  test("is told after 60 s of waiting for a turn, which it keeps", async () => {
    const { told, deliveries } = await aMinuteLater({ rate: "1/h" }, [200]);
    assert.equal(told, 1);
    const [primary, deputy] = deliveries;
    assert.deepEqual([primary?.state, primary?.attempts, primary?.action], ["pending", 0, "primary"]);
    assert.equal(deputy?.action, "deputy");
    assert.match(deputy.notice.note ?? "", /waits for its turn: primary is sent 1\/h/);
    assert.equal(deliveries.length, 2);
  });

  test("is told after 60 s of patience that the receiver asked another message for", async () => {
    const { told, deliveries } = await aMinuteLater({}, [429, "", { "retry-after": "600" }]);
    assert.equal(told, 1);
    const [primary, deputy] = deliveries;
    assert.deepEqual([primary?.state, primary?.attempts, primary?.action], ["pending", 0, "primary"]);
    assert.match(deputy?.notice.note ?? "", /primary is left alone for a while \(answered 429\)/);
    assert.equal(deliveries.length, 2);
  });
});
