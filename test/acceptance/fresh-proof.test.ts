import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck, type IncidentJson } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

const recovery = { runs: 3, over: "1s" };

suite(
  "an alert while its incident recovers: what was seen before proves nothing",
  { concurrency: true },
  () => {
    const parts = new AsyncDisposableStack();
    let world: World;
    let server: Crosscheck;

    before(async () => {
      world = parts.use(await startWorld(["eu", "na"]));
      const route = { ...pageRoute, verdict: { ...quick, recovery } };
      const file = parts.use(await configFile(configIn(world, { routes: [route] })));
      const database = parts.use(await freshSqlite());
      server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
    });
    after(() => parts.disposeAsync());

    const settled = (subject: string, condition: (incident: IncidentJson) => boolean) =>
      until(`${subject} to get there`, async () => {
        const incident = await server.incidentOf(subject);
        return incident !== undefined && condition(incident) ? incident : undefined;
      });

    async function startRecovery(path: string): Promise<string> {
      const subject = world.site.page(path);
      world.site.set(path, "down");
      await server.post({ url: subject });
      await world.receiver.hears("/oncall", subject);
      world.site.set(path, "up");
      await settled(subject, ({ state }) => state === "recovering");
      return subject;
    }

    /** The end of the story: how many runs it took since the alert. */
    async function assertRecovered(subject: string): Promise<IncidentJson> {
      const incident = await settled(subject, ({ state }) => state === "closed");
      const told = await world.receiver.hears("/oncall", subject, 2);
      assert.deepEqual(
        told.map(({ event }) => event),
        ["verdict", "recovered"],
      );
      assert.match(told[1]?.body ?? "", /It passes again from eu and na: 3 clean runs in a row since/);
      return incident;
    }

    test("between two runs: three more clean ones", async () => {
      const subject = await startRecovery("/between");
      await server.post({ url: subject });
      await settled(subject, ({ alertCount }) => alertCount === 2);
      await assertRecovered(subject);
    });

    test("in the middle of a run: that one does not count, and three more clean ones", async () => {
      const subject = await startRecovery("/during");
      world.site.set("/during", "silent");
      const seen = world.site.visits("/during").length;
      await until("a run to begin", () => world.site.visits("/during").length > seen);
      await server.post({ url: subject });
      const { runs: before } = await settled(subject, ({ alertCount }) => alertCount === 2);
      assert.deepEqual([before.at(-1)?.cause, before.at(-1)?.verdict], ["recheck", null]);

      world.site.set("/during", "up");
      const { runs } = await assertRecovered(subject);
      const outcomes = runs.slice(before.length - 1).map(({ verdict }) => verdict?.outcome);
      assert.deepEqual(
        outcomes,
        Array.from({ length: 1 + recovery.runs }, () => "not-reproduced"),
      );
    });
  },
);
