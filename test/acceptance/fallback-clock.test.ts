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
