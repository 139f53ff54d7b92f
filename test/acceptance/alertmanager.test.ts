import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, suite, test } from "node:test";
import type { PagerEvent } from "../../src/notify/actions/pagerduty.fixture.ts";
import { answering, startReceiver, type Receiver } from "../../src/notify/receiver.fixture.ts";
import { findAlertmanager, startAlertmanager, type Alertmanager } from "../fixtures/alertmanager.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

const program = findAlertmanager();
const skip = program === undefined && "Alertmanager is not installed";
const token = "token-of-alertmanager";
const routingKey = "0123456789abcdef0123456789abcdef";

/** Checks the page that an alert's label names; who is told of a real one rings as well. */
const shopRoute = {
  ...pageRoute,
  name: "shop",
  input: 'input.commonLabels.kind == "shop"',
  subject: undefined,
  notify: { ...pageRoute.notify, confirmed: ["oncall", "pager"] },
};

/** Alerts without a URL of their own, and one place to look from: nothing but the sender can say that it is over. */
const groupRoute = {
  ...shopRoute,
  name: "group",
  input: 'input.commonLabels.kind == "group"',
  checks: ["probe"],
  locations: ["eu"],
  verdict: { ...quick, "open-recheck": ["1h"] },
  notify: { confirmed: ["oncall"], recovered: ["oncall"] },
};

suite("a real Alertmanager", { skip }, () => {
  const parts = new AsyncDisposableStack();
  let world: World;
  let pagerduty: Receiver;
  let server: Crosscheck;
  let alertmanager: Alertmanager;

  before(async () => {
    world = parts.use(await startWorld(["eu", "na"]));
    pagerduty = parts.use(await startReceiver(answering(202, '{"status":"success"}')));
    const base = configIn(world, {
      checks: [
        { ...pageCheck, url: "{{ input.alerts[0].labels.instance }}" },
        { ...pageCheck, name: "probe", url: "{{ input.alerts[0].annotations.probe }}" },
      ],
      routes: [shopRoute, groupRoute],
      sources: [{ name: "alertmanager", type: "alertmanager", token }],
    });
    const pager = {
      name: "pager",
      type: "pagerduty",
      url: pagerduty.url,
      "routing-key": routingKey,
      "dedup-key": "alertmanager",
    };
    const file = parts.use(await configFile({ ...base, actions: [...base.actions, pager] }));
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
    alertmanager = parts.use(await startAlertmanager(program ?? "", settings()));
  });
  after(() => parts.disposeAsync());

  /** Both are told in one receiver: the group's key, from which PagerDuty's comes, has the route in it. */
  const settings = () => ({
    route: {
      receiver: "both",
      group_by: ["alertname"],
      group_wait: "0s",
      group_interval: "200ms",
      repeat_interval: "1h",
    },
    receivers: [
      {
        name: "both",
        webhook_configs: [
          {
            url: `${server.url}/alerts/alertmanager`,
            send_resolved: true,
            http_config: { authorization: { credentials: token } },
          },
        ],
        pagerduty_configs: [{ url: `${pagerduty.url}/v2/enqueue`, routing_key: routingKey }],
      },
    ],
  });

  const fire = (labels: Record<string, string>, annotations: Record<string, string> = {}) =>
    alertmanager.post([{ labels, annotations }]);
  const resolve = (labels: Record<string, string>) =>
    alertmanager.post([{ labels, endsAt: new Date(Date.now() - 1000).toISOString() }]);
  const rung = (alertname: string) =>
    pagerduty.received
      .map(({ body }) => JSON.parse(body) as PagerEvent & { client?: string })
      .filter((event) => event.dedup_key === keyOf(alertname));

  test("a page is held, checked, told, and over when the service is well, not when Alertmanager says so", async () => {
    const url = world.site.page("/shop");
    world.site.set("/shop", "down");
    const labels = { alertname: "ShopDown", kind: "shop", instance: url };
    await fire(labels);
    const [notice] = await world.receiver.hears("/oncall", url);
    assert.match(notice?.firstLine ?? "", /^DOWN 2\/2/);
    assert.equal((await server.incidentOf(url))?.state, "open");

    await resolve(labels);
    await until("Alertmanager's word to be on record", async () => {
      const { alerts = [] } = (await server.incidentOf(url)) ?? {};
      return alerts.some(({ status }) => status === "resolved");
    });
    assert.deepEqual(
      world.receiver.told("/oncall", url).filter(({ event }) => event === "recovered"),
      [],
    );
    world.site.set("/shop", "up");
    const recovered = await until("the recovery to be told", () =>
      world.receiver.told("/oncall", url).find(({ event }) => event === "recovered"),
    );
    assert.match(recovered.firstLine, /^RECOVERED/);
  });

  test("a false page rings nobody", async () => {
    const url = world.site.page("/healthy");
    await fire({ alertname: "FalseAlarm", kind: "shop", instance: url });
    await world.receiver.hears("/team", url);
    assert.deepEqual(world.receiver.told("/oncall", url), []);
  });

  test("our trigger has Alertmanager's own key, so that PagerDuty merges the two, and so has our resolve", async () => {
    const url = world.site.page("/merged");
    world.site.set("/merged", "down");
    const labels = { alertname: "Merged", kind: "shop", instance: url };
    await fire(labels);
    const triggers = await until("both to ring", () => {
      const events = rung("Merged").filter((event) => event.event_action === "trigger");
      return new Set(events.map(({ client }) => client)).size === 2 ? events : undefined;
    });
    assert.deepEqual(new Set(triggers.map(({ client }) => client)), new Set(["Alertmanager", "Crosscheck"]));
    world.site.set("/merged", "up");
    await resolve(labels);
    await until("both to resolve", () => {
      const events = rung("Merged").filter((event) => event.event_action === "resolve");
      return events.length >= 2;
    });
  });

  const groupIncident = () => server.incidentOf('{}:{alertname="Group"}');

  test("a group is over when its last member is", async () => {
    const annotations = { probe: world.site.page("/group") };
    await alertmanager.post(["a", "b"].map((pod) => ({ labels: member(pod), annotations })));
    await until("it to be told", async () => (await groupIncident())?.outcome === "inconclusive");
    const { alertCount = 0 } = (await groupIncident()) ?? {};

    await resolve(member("a"));
    // The same webhook says that b still fires, and b's alert is behind a's.
    await until(
      "what is left of the group",
      async () => ((await groupIncident())?.alertCount ?? 0) > alertCount,
    );
    assert.equal((await groupIncident())?.state, "open");

    await resolve(member("b"));
    await until("it to be over", async () => (await groupIncident())?.state === "closed");
    const [first, ...others] = ((await groupIncident())?.alerts ?? []).filter(
      ({ status }) => status === "resolved",
    );
    assert.ok(first);
    assert.deepEqual(others, []);
  });
});

function member(pod: string) {
  return { alertname: "Group", kind: "group", pod };
}

/** Alertmanager's key for PagerDuty: the hex SHA-256 of the key of the group. */
function keyOf(alertname: string): string {
  return createHash("sha256").update(`{}:{alertname="${alertname}"}`).digest("hex");
}
