import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, suite, test } from "node:test";
import { speakingEventsV2, type PagerEvent } from "../../src/notify/actions/pagerduty.fixture.ts";
import { startReceiver, type Receiver } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, startWorld, type World } from "../fixtures/world.ts";

const secret = "secret-of-the-subscription";

suite("PagerDuty in front and behind", () => {
  const parts = new AsyncDisposableStack();
  let world: World;
  let pagerduty: Receiver;
  let server: Crosscheck;

  before(async () => {
    world = parts.use(await startWorld(["eu", "na"]));
    pagerduty = parts.use(await startReceiver(speakingEventsV2));
    const pager = {
      name: "pager",
      type: "pagerduty",
      url: pagerduty.url,
      "routing-key": "0123456789abcdef0123456789abcdef",
    };
    const base = configIn(world, {
      checks: [{ ...pageCheck, url: world.site.page("/shop") }],
      routes: [
        {
          ...pageRoute,
          input: undefined,
          subject: undefined,
          notify: { ...pageRoute.notify, confirmed: ["pager", "oncall"] },
        },
      ],
      sources: [{ name: "pagerduty", type: "pagerduty", secrets: [secret] }],
    });
    const file = parts.use(await configFile({ ...base, actions: [...base.actions, pager] }));
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  const send = (eventType: string, incidentKey: string, by = secret) => {
    const data = { id: "PGR0VU2", type: "incident", incident_key: incidentKey, title: "the shop is down" };
    const body = JSON.stringify({ event: { event_type: eventType, resource_type: "incident", data } });
    const signature = createHmac("sha256", by).update(body).digest("hex");
    return server.request("/alerts/pagerduty", {
      method: "POST",
      headers: { "x-pagerduty-signature": `v1=${signature}` },
      body,
    });
  };

  test("its incident is checked, ours comes back as our own, and nothing goes round in a circle", async () => {
    world.site.set("/shop", "down");
    assert.equal((await send("incident.triggered", "of-somebody")).status, 202);
    const trigger = await until("ours to ring", () => pagerduty.received[0]);
    const { dedup_key: ourKey } = JSON.parse(trigger.body) as PagerEvent;
    assert.match(ourKey, /^crosscheck:/);

    for (const event of ["incident.triggered", "incident.escalated", "incident.resolved"])
      assert.equal((await send(event, ourKey)).status, 202);
    assert.equal((await send("incident.acknowledged", "of-somebody-else")).status, 202);
    // Alerts are routed in their order: when this one is told, those before it have been dealt with.
    assert.equal((await send("incident.triggered", "of-another")).status, 202);
    await world.receiver.hears("/oncall", "of-another");
    const subjects = (await server.incidents()).map(({ subject }) => subject);
    assert.deepEqual(subjects.toSorted(), ["of-another", "of-somebody"]);
  });

  test("its resolve joins what it has triggered", async () => {
    assert.equal((await send("incident.resolved", "of-somebody")).status, 202);
    await until("the resolve to be on record", async () =>
      (await server.incidentOf("of-somebody"))?.alerts.some(({ status }) => status === "resolved"),
    );
  });

  test("a stranger is turned away, and trouble hears of it", async () => {
    for (let tries = 1; tries <= 3; tries += 1)
      assert.equal((await send("incident.resolved", "of-somebody", "guessed")).status, 401);
    await world.receiver.hears("/ops", "webhooks were turned away");
    assert.equal(server.log.filter(({ event }) => event === "webhook-refused").length, 3);
  });
});
