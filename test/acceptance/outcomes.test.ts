import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { startTcpServer } from "../fixtures/tcp-server.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

/** Routes that differ from `page` in one thing. */
const slowAfterMs = 350;
const briskHoldMs = 12_500;
const routes = [
  pageRoute,
  {
    ...pageRoute,
    name: "latency",
    checks: ["latency"],
    notify: { ...pageRoute.notify, degraded: ["team"] },
  },
  { ...pageRoute, name: "unseeing", checks: ["certificate"] },
  { ...pageRoute, name: "blind", locations: ["eu", "lost", "gone"] },
  {
    ...pageRoute,
    name: "brisk",
    checks: ["brisk"],
    verdict: {
      ...quick,
      deadline: "6s",
      "second-look-deadline": "6s",
      hold: `${briskHoldMs}ms`,
      recheck: ["1h"],
    },
  },
  // Long enough for the test to mend the site in between, however busy the machine is.
  { ...pageRoute, name: "calm", verdict: { ...quick, "second-look": "6s" } },
  { ...pageRoute, name: "patient", verdict: { ...quick, "open-recheck": ["1h"] } },
];
const checks = [
  pageCheck,
  { ...pageCheck, name: "brisk", timeout: "5500ms" },
  { ...pageCheck, name: "certificate", covers: "false" },
  {
    ...pageCheck,
    name: "latency",
    assertions: [
      { source: "response-time", comparison: "less-than", target: `${slowAfterMs}ms`, degraded: true },
    ],
  },
];

suite("each verdict, from the webhook to the message", { concurrency: 2 }, () => {
  eachDatabase("outcomes", (fresh) => {
    let parts: AsyncDisposableStack;
    let world: World;
    let server: Crosscheck;

    before(async () => {
      parts = new AsyncDisposableStack();
      world = parts.use(await startWorld());
      const closedPort = await unusedPort();
      const lost = ["lost", "gone"].map((name) => ({
        ...world.locations[0],
        name,
        url: `http://127.0.0.1:${closedPort}/`,
      }));
      const locations = [...world.locations, ...lost];
      const seeing = world.locations.map(({ name }) => name);
      const config = configIn(world, {
        locations,
        checks,
        routes: routes.map((route) => ({ locations: seeing, ...route })),
      });
      const file = parts.use(await configFile(config));
      const database = parts.use(await fresh());
      server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
    });
    after(() => parts.disposeAsync());

    /** Posts an alert about a page, for one route. */
    const page = async (
      path: string,
      { route = "page", ...alert }: { route?: string; status?: string } = {},
    ) => {
      await server.post({ url: world.site.page(path), ...alert }, `/tenant/${route}`);
      return world.site.page(path);
    };
    const told = (who: string, subject: string) =>
      world.receiver.told(who, subject).map(({ event, firstLine }) => event ?? firstLine.split(" ")[0]);
    const settled = (subject: string, condition: (incident: Incident) => boolean) =>
      until(
        `${subject} to get there`,
        async () => {
          const incident = await server.incidentOf(subject);
          return incident !== undefined && condition(incident) ? incident : undefined;
        },
        60_000,
      );

    test("down everywhere: confirmed, told once however often it is looked at again", async () => {
      world.site.set("/down", "down");
      const subject = await page("/down");
      const [notice] = await world.receiver.hears("/oncall", subject);
      assert.match(notice?.firstLine ?? "", /^DOWN [23]\/[23] http:\S+: .*503/);
      const incident = await settled(subject, ({ runs }) => runs.length >= 3);
      assert.equal(incident.state, "open");
      assert.equal(incident.runs[0]?.verdict?.outcome, "confirmed");
      assert.equal(incident.runs[0]?.verdict?.reason, "enough-domains-fail");
      assert.deepEqual(told("/oncall", subject), ["verdict"]);
      assert.deepEqual(told("/team", subject), []);
    });

    test("down from one place, on a second look as well: regional, and it says where", async () => {
      world.site.set("/apac-down", "up", { apac: "down" });
      const subject = await page("/apac-down");
      const [notice] = await world.receiver.hears("/oncall", subject);
      assert.match(notice?.firstLine ?? "", /^PARTLY DOWN 1\/3 apac http/);
      const { runs } = await settled(subject, ({ runs }) => runs[0]?.verdict?.outcome === "regional");
      const looks = runs[0]?.observations.filter(({ location }) => location === "apac");
      assert.deepEqual(
        looks?.map(({ look, outcome }) => [look, outcome]),
        [
          [1, "fail"],
          [2, "fail"],
        ],
      );
    });

    test("a fault that the second look does not see again spares the page", async () => {
      world.site.set("/blip", "silent");
      const subject = await page("/blip", { route: "calm" });
      await until("everybody to look", () => new Set(world.site.visits("/blip")).size === 3);
      world.site.set("/blip", "up", { na: "down" });
      await until(
        "na to fail",
        () => world.site.visits("/blip").filter((place) => place === "na").length >= 1,
      );
      await settled(subject, ({ runs }) =>
        (runs[0]?.observations ?? []).some(({ outcome }) => outcome === "fail"),
      );
      world.site.set("/blip", "up");
      const { runs } = await settled(subject, ({ outcome }) => outcome !== null);
      assert.equal(runs[0]?.verdict?.reason, "second-look-clean");
      assert.deepEqual(told("/oncall", subject), []);
    });

    test("slower than asked: degraded, told to whom the route says", async () => {
      world.site.set("/slow", "slow");
      const subject = await page("/slow", { route: "latency" });
      const [notice] = await world.receiver.hears("/team", subject);
      assert.match(notice?.firstLine ?? "", /^SLOW [23]\/3 http/);
      assert.deepEqual(told("/oncall", subject), []);
    });

    test("healthy from everywhere: spared, watched, and nobody is woken", async () => {
      const subject = await page("/healthy");
      const [notice] = await world.receiver.hears("/team", subject);
      assert.match(notice?.firstLine ?? "", /^NOT SEEN FROM OUTSIDE 3\/3 ok http/);
      const incident = await settled(subject, ({ state }) => state === "closed");
      assert.deepEqual(
        incident.runs.map(({ cause }) => cause),
        ["alert", "watch", "watch"],
      );
      assert.equal(incident.outcome, "not-reproduced");
      assert.deepEqual(told("/oncall", subject), []);
      assert.equal(told("/team", subject).length, 1);
    });

    test("too few could look: inconclusive, and that pages", async () => {
      const subject = await page("/unseen", { route: "blind" });
      const [notice] = await world.receiver.hears("/oncall", subject);
      assert.match(notice?.firstLine ?? "", /^COULD NOT CHECK, treat as real http/);
      const { runs } = await settled(subject, ({ outcome }) => outcome === "inconclusive");
      assert.equal(runs[0]?.verdict?.reason, "too-few-votes");
      assert.match(notice?.body ?? "", /lost and gone could not look/);
      assert.deepEqual(told("/team", subject), []);
    });

    test("a spared page that turns bad while it is watched is released", async () => {
      const subject = await page("/turning");
      await world.receiver.hears("/team", subject);
      world.site.set("/turning", "down");
      const [notice] = await world.receiver.hears("/oncall", subject);
      assert.match(notice?.firstLine ?? "", /^DOWN/);
      const incident = await settled(subject, ({ state }) => state === "open");
      assert.equal(incident.alertCount, 1);
    });

    test("the hold of an alert that has its verdict does not cut short the check of a later one", async () => {
      const subject = await page("/twice", { route: "brisk" });
      const receivedAt = Date.now();
      await world.receiver.hears("/team", subject);
      world.site.set("/twice", "silent");
      await until("the hold to be near", () => Date.now() > receivedAt + briskHoldMs - 1500);
      await page("/twice", { route: "brisk" });
      await until("the hold to be over", () => Date.now() > receivedAt + briskHoldMs + 100);
      world.site.set("/twice", "up");
      const { runs } = await settled(subject, ({ state, runs }) => runs.length === 2 && state !== "checking");
      assert.equal(runs[1]?.verdict?.outcome, "not-reproduced");
      assert.deepEqual(told("/oncall", subject), []);
    });

    test("what was confirmed and is healthy again is told as recovered, once", async () => {
      world.site.set("/mended", "down");
      const subject = await page("/mended");
      await world.receiver.hears("/oncall", subject);
      world.site.set("/mended", "up");
      const [, notice] = await world.receiver.hears("/oncall", subject, 2);
      assert.match(notice?.firstLine ?? "", /^RECOVERED http/);
      const incident = await settled(subject, ({ state }) => state === "closed");
      assert.deepEqual(told("/oncall", subject), ["verdict", "recovered"]);
      assert.ok(incident.runs.length >= 3);
    });

    test("silence of a place that saw it fail never counts as recovery", async () => {
      world.site.set("/half-mended", "down");
      const subject = await page("/half-mended");
      await world.receiver.hears("/oncall", subject);
      world.site.set("/half-mended", "up", { eu: "down", na: "down" });
      const { runs } = await settled(subject, ({ runs }) => runs.length > 1);
      await settled(subject, (incident) => incident.runs.length > runs.length + 1);
      assert.deepEqual(told("/oncall", subject), ["verdict"]);
      world.site.set("/half-mended", "up");
      await world.receiver.hears("/oncall", subject, 2);
    });

    test("failing again soon after: the same incident, and it takes as much to recover", async () => {
      const subject = world.site.page("/relapse");
      const fallAndRise = async (times: number) => {
        world.site.set("/relapse", "down");
        await page("/relapse", { route: "patient" });
        const heard = await world.receiver.hears("/oncall", subject, 2 * times - 1);
        assert.match(heard.at(-1)?.firstLine ?? "", /^DOWN/);
        world.site.set("/relapse", "up");
        const { id } = await settled(subject, ({ state }) => state === "open");
        await server.request(`/api/v1/incidents/${id}/recheck`, { method: "POST" });
        return settled(subject, ({ state }) => state === "closed");
      };
      const outcomes = ["confirmed", ...Array.from({ length: quick.recovery.runs }, () => "not-reproduced")];
      const once = await fallAndRise(1);
      assert.deepEqual(
        once.runs.map(({ verdict }) => verdict?.outcome),
        outcomes,
      );
      const twice = await fallAndRise(2);
      assert.equal(twice.id, once.id);
      assert.equal(twice.alertCount, 2);
      assert.deepEqual(
        twice.runs.slice(once.runs.length).map(({ verdict }) => verdict?.outcome),
        outcomes,
      );
      await world.receiver.hears("/oncall", subject, 4);
      assert.deepEqual(told("/oncall", subject), ["verdict", "recovered", "verdict", "recovered"]);
    });

    test("alerts of one subject join one incident, and one message has their count", async () => {
      world.site.set("/storm", "silent");
      await Promise.all(Array.from({ length: 6 }, () => page("/storm")));
      const subject = world.site.page("/storm");
      await settled(subject, ({ alertCount }) => alertCount === 6);
      world.site.set("/storm", "down");
      const [notice] = await world.receiver.hears("/oncall", subject);
      assert.match(notice?.body ?? "", /"alertCount":6/);
      const incident = await settled(subject, ({ runs }) => runs.length > 1);
      assert.equal(incident.alerts.length, 6);
      assert.equal((await server.incidents()).filter((one) => one.subject === subject).length, 1);
      assert.deepEqual(told("/oncall", subject), ["verdict"]);
    });

    test("a resolved alert never starts an incident", async () => {
      const subject = await page("/over", { status: "resolved" });
      // Alerts are routed in order: with this one told, the one before has been routed.
      await world.receiver.hears("/team", await page("/after"));
      assert.equal(await server.incidentOf(subject), undefined);
      assert.deepEqual(world.site.visits("/over"), []);
    });

    test("resolved while it is checked, and healthy: over, and nobody was woken", async () => {
      world.site.set("/gone-by-itself", "silent");
      const subject = await page("/gone-by-itself");
      await page("/gone-by-itself", { status: "resolved" });
      await settled(subject, ({ alerts }) => alerts.length === 2);
      world.site.set("/gone-by-itself", "up");
      const incident = await settled(subject, ({ state }) => state === "closed");
      assert.equal(incident.alertCount, 1);
      assert.deepEqual(
        incident.alerts.map(({ status }) => status),
        ["firing", "resolved"],
      );
      await until("all told", async () => {
        const { deliveries } = (await server.incidentOf(subject)) ?? incident;
        return deliveries.every(({ state }) => state !== "pending");
      });
      assert.ok(!told("/oncall", subject).includes("verdict"));
    });

    test("resolved while it is checked, and down: it pages, and says so", async () => {
      world.site.set("/says-resolved", "silent");
      const subject = await page("/says-resolved");
      await page("/says-resolved", { status: "resolved" });
      await settled(subject, ({ alerts }) => alerts.length === 2);
      world.site.set("/says-resolved", "down");
      const [notice] = await world.receiver.hears("/oncall", subject);
      assert.match(notice?.firstLine ?? "", /^DOWN/);
      assert.match(notice?.body ?? "", /[Tt]he sender says resolved/);
    });

    test("resolved after it was told as inconclusive: over, and told so", async () => {
      const subject = await page("/sender-knows", { route: "blind" });
      await world.receiver.hears("/oncall", subject);
      await page("/sender-knows", { route: "blind", status: "resolved" });
      const [, notice] = await world.receiver.hears("/oncall", subject, 2);
      assert.match(notice?.firstLine ?? "", /^RECOVERED/);
      await settled(subject, ({ state }) => state === "closed");
    });

    test("what our checks cannot see stays open however often they pass, until the sender says that it is over", async () => {
      const subject = await page("/unseeing", { route: "unseeing" });
      const [notice] = await world.receiver.hears("/oncall", subject);
      assert.match(notice?.firstLine ?? "", /^NOT SEEN FROM OUTSIDE 3\/3 ok/);
      const { state } = await settled(subject, ({ runs }) => runs.length > quick.recovery.runs + 1);
      assert.notEqual(state, "closed");
      assert.deepEqual(told("/oncall", subject), ["verdict"]);
      await page("/unseeing", { route: "unseeing", status: "resolved" });
      await settled(subject, (incident) => incident.state === "closed");
      const [, end] = await world.receiver.hears("/oncall", subject, 2);
      assert.match(end?.firstLine ?? "", /^RECOVERED/);
    });

    test("resolved after we have seen it ourselves: looked at now, and only health ends it", async () => {
      world.site.set("/proven", "down");
      const subject = await page("/proven", { route: "patient" });
      await world.receiver.hears("/oncall", subject);
      await page("/proven", { route: "patient", status: "resolved" });
      const { state } = await settled(subject, ({ runs }) => runs.length === 2 && runs[1]?.verdict !== null);
      assert.equal(state, "open");
      world.site.set("/proven", "up");
      await page("/proven", { route: "patient", status: "resolved" });
      const [, notice] = await world.receiver.hears("/oncall", subject, 2);
      assert.equal(notice?.event, "recovered");
      await settled(subject, (incident) => incident.state === "closed");
    });
  });
});

type Incident = NonNullable<Awaited<ReturnType<Crosscheck["incidentOf"]>>>;

/** Nothing listens there. */
async function unusedPort(): Promise<number> {
  await using server = await startTcpServer();
  return server.port;
}
