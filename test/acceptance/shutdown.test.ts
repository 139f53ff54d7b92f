import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { suite, test } from "node:test";
import { hanging } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

/** What is going on may go on for 10 s; a second more, and what it takes to end a process on a busy machine. */
const exitWithinMs = 15_000;

function configFor(world: World) {
  const { url } = world.receiver;
  return configIn(world, {
    checks: [{ ...pageCheck, timeout: "40s" }],
    routes: [
      { ...pageRoute, verdict: { ...quick, deadline: "60s", "second-look-deadline": "60s", hold: "150s" } },
      { name: "pass-on", actions: ["team"] },
    ],
    actions: [
      { name: "oncall", type: "webhook", url: `${url}/oncall` },
      { name: "team", type: "webhook", url: `${url}/team`, timeout: "60s" },
      { name: "ops", type: "webhook", url: `${url}/ops` },
    ],
  });
}

suite("SIGTERM", { concurrency: true }, () => {
  eachDatabase("shutdown", (fresh) => {
    test("in the middle of a run and a delivery: exits 0 in time, and both go on at the next start", async () => {
      await using world = await startWorld();
      const { site, receiver } = world;
      await using file = await configFile(configFor(world));
      await using database = await fresh();
      const options = { config: file.path, database: database.location };
      await using first = await startCrosscheck(options);
      site.set("/running", "silent");
      receiver.answer("/team", hanging);
      await first.post({ url: site.page("/running") }, "/tenant/page");
      const id = await first.post({ number: 1 }, "/tenant/pass-on");
      await receiver.hears("/team", id);
      await until("the run to begin", () => site.visits("/running").length > 0);

      const startedAt = Date.now();
      assert.equal(await first.stop(), 0);
      assert.ok(Date.now() - startedAt < exitWithinMs, `${Date.now() - startedAt} ms`);
      assert.deepEqual(receiver.told("/oncall"), []);

      site.set("/running", "down");
      await using second = await startCrosscheck(options);
      const [notice] = await receiver.hears("/oncall", site.page("/running"));
      assert.match(notice?.firstLine ?? "", /^DOWN/);
      const [cut, again] = await receiver.hears("/team", id, 2);
      assert.equal(cut?.key, again?.key);
      const incident = await until("it to be settled", async () => {
        const found = (await second.incidents()).find(({ route }) => route === "pass-on");
        return found?.state === "closed" ? second.incidentOf(found.subject) : undefined;
      });
      assert.equal(incident.deliveries[0]?.attempts, 1, "a try that the shutdown cut off is no try");
    });

    test("with callers connected: who waits is answered, who dawdles is cut, and it exits 0", async () => {
      await using world = await startWorld();
      await using file = await configFile(configFor(world));
      await using database = await fresh();
      await using server = await startCrosscheck({ config: file.path, database: database.location });
      world.site.set("/awaited", "silent");
      const body = JSON.stringify({ url: world.site.page("/awaited") });
      const waiting = server.request("/tenant/page?wait=60s", { method: "POST", body });
      const dawdler = connect(Number(new URL(server.url).port), "127.0.0.1");
      await once(dawdler, "connect");
      dawdler.on("error", () => undefined);
      dawdler.write("POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\n{");
      await until("the run to begin", () => world.site.visits("/awaited").length > 0);

      const startedAt = Date.now();
      const stopped = server.stop();
      const answer = await waiting;
      assert.equal(answer.status, 202);
      world.site.set("/awaited", "up");
      const code = await Promise.race([
        stopped,
        until("never", () => false, exitWithinMs).catch(() => "still there"),
      ]);
      assert.deepEqual([code, Date.now() - startedAt < exitWithinMs], [0, true]);
      dawdler.destroy();
    });
  });
});
