import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { suite, test } from "node:test";
import { hanging } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

/** What is going on may go on for 10 s; a second more, and what it takes to end a process on a busy machine. */
const exitWithinMs = 30_000;

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

suite("SIGTERM", { concurrency: 3 }, () => {
  eachDatabase("shutdown", (fresh) => {
    test("what it had under way is given back: nobody has to wait for a lease to end", async () => {
      await using world = await startWorld();
      await using file = await configFile(configFor(world));
      await using database = await fresh();
      await using server = await startCrosscheck({ config: file.path, database: database.location });
      world.site.set("/running", "silent");
      world.receiver.answer("/team", hanging);
      await server.post({ url: world.site.page("/running") }, "/tenant/page");
      const id = await server.post({ number: 1 }, "/tenant/pass-on");
      await world.receiver.hears("/team", id);
      await until("the run to begin", () => world.site.visits("/running").length > 0);
      assert.equal(await server.stop(), 0);

      await using opened = await database.open();
      const jobs = await opened.read<{ key: string; lease_until: number | null }>(
        "select key, lease_until from jobs where class = 'incident' or class = 'lane:team'",
      );
      assert.equal(jobs.length, 2);
      assert.deepEqual(new Set(jobs.map(({ lease_until }) => lease_until)), new Set([null]));
      assert.deepEqual(await opened.read("select id from replicas"), []);
    });

    const seconds = [
      { signal: "SIGINT", code: 130 },
      { signal: "SIGTERM", code: 143 },
    ] as const;
    for (const { signal, code } of seconds) {
      test(`a second signal, ${signal}, ends it at once with ${code}`, async () => {
        await using world = await startWorld();
        await using file = await configFile(configFor(world));
        await using database = await fresh();
        await using server = await startCrosscheck({ config: file.path, database: database.location });
        world.receiver.answer("/team", hanging);
        const id = await server.post({ number: 1 }, "/tenant/pass-on");
        await world.receiver.hears("/team", id);
        const stopped = server.stop();
        await until("it to be stopping", () => server.log.some(({ event }) => event === "stopping"));
        server.send(signal);
        assert.equal(await stopped, code);
      });
    }

    test("in the middle of a reload that waits for a file which does not answer: exits 0 in time", async () => {
      await using world = await startWorld();
      await using file = await configFile(configFor(world));
      await using database = await fresh();
      await using server = await startCrosscheck({ config: file.path, database: database.location });
      const pipe = join(file.folder, "services.yaml");
      execFileSync("mkfifo", [pipe]);
      // Held open for writing, and nothing is written.
      const held = openSync(pipe, constants.O_RDWR);
      await file.write({ ...configFor(world), "data-files": ["services.yaml"] });
      const reload = server.request("/reload", { method: "POST" }).catch(() => undefined);
      // Answered behind it.
      await server.read("/readyz");

      const startedAt = Date.now();
      assert.equal(await server.stop(), 0);
      assert.ok(Date.now() - startedAt < exitWithinMs, `${Date.now() - startedAt} ms`);
      await reload;
      closeSync(held);
    });

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
