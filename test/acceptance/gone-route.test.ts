import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { endHold } from "../../src/steps/hold.ts";
import { routeInbox } from "../../src/steps/route.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startSteps } from "../fixtures/steps.ts";
import { until } from "../fixtures/until.ts";
import { configIn, startWorld, type World } from "../fixtures/world.ts";

const passOn = { name: "pass-on", input: 'input.kind == "other"', actions: ["team"] };

suite("a route that goes away between an alert's routing and its first run", { concurrency: 2 }, () => {
  const parts = new AsyncDisposableStack();
  let world: World;

  before(async () => {
    world = parts.use(await startWorld(["eu", "na"]));
  });
  after(() => parts.disposeAsync());

  const withoutRoute = () => configIn(world, { routes: [passOn], trouble: ["team"] });
  const withoutUnrouted = () => {
    const { unrouted: _, ...config } = configIn(world, { routes: [passOn] });
    return config;
  };
  const withoutChecks = () =>
    configIn(world, { routes: [{ name: "page", input: "input.url", actions: ["team"] }] });

  const restarts = [
    { edit: "the route is gone: unrouted hears of it", edited: withoutRoute, who: "/ops" },
    { edit: "the route is gone, nobody in unrouted: trouble does", edited: withoutUnrouted, who: "/ops" },
    { edit: "its checks are gone: its actions hear of it", edited: withoutChecks, who: "/team" },
  ];
  for (const [number, { edit, edited, who }] of restarts.entries()) {
    test(`restarted with an edited file, ${edit}, and it is over`, async () => {
      await using database = await freshSqlite();
      const subject = world.site.page(`/restart-${number}`);
      await routedOnly(database, subject);
      await using file = await configFile(edited());
      await using server = await startCrosscheck({ config: file.path, database: database.location });

      const [notice] = await world.receiver.hears(who, subject, 1, 5000);
      assert.match(notice?.firstLine ?? "", /COULD NOT CHECK, treat as real/);
      const incident = await until("it to be over", async () => {
        const found = await server.incidentOf(subject);
        return found?.state === "closed" ? found : undefined;
      });
      assert.equal(incident.outcome, "inconclusive");
      assert.equal(incident.runs.length, 1);
      assert.equal(world.receiver.told(who, subject).length, 1);
      assert.deepEqual(failedJobs(server.log), []);
      assert.deepEqual(world.site.visits(`/restart-${number}`), []);
    });
  }

  /** As a server leaves it that ended in this moment. */
  async function routedOnly(database: Awaited<ReturnType<typeof freshSqlite>>, url: string): Promise<void> {
    await using opened = await database.open();
    await using steps = await startSteps({ config: configIn(world), database: opened });
    await steps.receive({ url });
    await routeInbox(steps.context, AbortSignal.timeout(60_000));
    assert.equal((await opened.read("select id from incidents where state = 'checking'")).length, 1);
  }

  test("reloaded, and nobody gets to its run: the hold tells unrouted, and nothing is left to do", async () => {
    await using database = await freshSqlite();
    await using opened = await database.open();
    await using steps = await startSteps({ config: configIn(world), database: opened });
    const subject = world.site.page("/held");
    const alert = await steps.receive({ url: subject }, { agoMs: 60_000 });
    await routeInbox(steps.context, AbortSignal.timeout(60_000));
    await steps.reload(withoutRoute());
    await endHold(steps.context, alert.id);

    await steps.workUntil(async () => {
      const [notice] = await world.receiver.hears("/ops", subject, 1, 5000);
      assert.match(notice?.firstLine ?? "", /COULD NOT CHECK, treat as real/);
      assert.match(notice?.body ?? "", /"reason":"overdue"/);
      await until("nothing to be left to do", async () => (await steps.jobs()).length === 0);
    });
    assert.deepEqual(steps.complaints, []);
    assert.equal(world.receiver.told("/ops", subject).length, 1);
    assert.deepEqual(await opened.read("select state, outcome from incidents"), [
      { state: "closed", outcome: "inconclusive" },
    ]);
  });
});

function failedJobs(log: readonly Readonly<Record<string, unknown>>[]) {
  return log.filter(({ event }) => event === "job-failed");
}
