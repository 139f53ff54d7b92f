import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { answering } from "../../src/notify/receiver.fixture.ts";
import { investigate } from "../../src/steps/investigate.ts";
import { routeInbox } from "../../src/steps/route.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type IncidentJson } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver } from "../fixtures/receiver.ts";
import { startSteps } from "../fixtures/steps.ts";
import { until } from "../fixtures/until.ts";

const hourMs = 3_600_000;

function configFor(url: string, lists: object) {
  return {
    routes: [{ name: "pass-on", input: 'input.kind == "known"', actions: ["team"] }],
    actions: ["team", "strays", "ops"].map((name) => ({ name, type: "webhook", url: `${url}/${name}` })),
    trouble: ["ops"],
    ...lists,
  };
}

suite("an alert like one before that no route took", { concurrency: true }, () => {
  test("while that one is being retried: both are told, in one message, and it is over", async () => {
    await using receiver = await startReceiver();
    await using file = await configFile(configFor(receiver.url, { unrouted: ["strays"] }));
    await using database = await freshSqlite();
    await using server = await startCrosscheck({ config: file.path, database: database.location });
    const strays = async () => {
      const path = "/api/v1/incidents?route=unrouted";
      return (await server.read<{ incidents: IncidentJson[] }>(path)).incidents;
    };

    receiver.always("/strays", answering(503));
    await server.post({ kind: "stray" });
    const [first] = await receiver.hears("/strays");
    assert.match(first?.body ?? "", /"alertCount":1/);
    const id = await server.post({ kind: "stray" });
    await until("it to join", async () => (await strays()).some(({ alertCount }) => alertCount === 2));
    receiver.always("/strays");

    const incident = await until("it to be over", async () => {
      const [found] = await strays();
      return found?.state === "closed" ? server.incidentOf(found.subject) : undefined;
    });
    assert.equal((await strays()).length, 1);
    assert.deepEqual(incident.deliveries.map(({ state }) => state).toSorted(), ["delivered", "superseded"]);
    const last = receiver.told("/strays").at(-1);
    assert.equal(last?.key, incident.deliveries.find(({ state }) => state === "delivered")?.id);
    assert.match(last?.body ?? "", /"alertCount":2/);
    assert.match(last?.body ?? "", new RegExp(id));
  });

  test("with nobody in unrouted: nothing stays open, and trouble hears of each that is new", async () => {
    await using receiver = await startReceiver();
    await using file = await configFile(configFor(receiver.url, {}));
    await using database = await freshSqlite();
    await using server = await startCrosscheck({ config: file.path, database: database.location });
    for (const [number, body] of [{ kind: "one" }, { kind: "one" }, { kind: "two" }].entries()) {
      await server.post(body);
      const routed = await until("it to be routed", async () => {
        const path = "/api/v1/incidents?route=unrouted";
        const { incidents } = await server.read<{ incidents: IncidentJson[] }>(path);
        return incidents.length === number + 1 ? incidents : undefined;
      });
      assert.deepEqual(new Set(routed.map(({ state }) => state)), new Set(["closed"]));
    }
    const told = await receiver.hears("/ops", "unrouted-alert", 2);
    assert.equal(new Set(told.map(({ firstLine }) => firstLine)).size, 2);
  });

  test("with nobody in unrouted: after an hour trouble hears of the same again", async () => {
    await using receiver = await startReceiver();
    await using database = await freshSqlite();
    await using opened = await database.open();
    let now = Date.now();
    const config = configFor(receiver.url, {});
    await using steps = await startSteps({ config, database: opened, now: () => now });
    const troubles = () =>
      opened.read<{ id: string }>("select id from incidents where route = 'trouble' order by id");
    const arrive = async () => {
      await steps.receive({ kind: "stray" });
      await routeInbox(steps.context, AbortSignal.timeout(60_000));
    };

    await arrive();
    now += hourMs / 2;
    await arrive();
    const [first, ...others] = await troubles();
    assert.deepEqual(others, [], "at most once an hour");
    now += hourMs;
    await investigate(steps.context, first?.id ?? "", AbortSignal.timeout(60_000));
    await arrive();
    assert.equal((await troubles()).length, 2);
    const open = "select id from incidents where route = 'unrouted' and closed_at is null";
    assert.deepEqual(await opened.read(open), []);
  });
});
