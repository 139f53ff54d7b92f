import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { answering, startReceiver } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { findPostgres, startPostgres } from "../fixtures/postgres.ts";
import { until } from "../fixtures/until.ts";
import { configIn, startWorld, type World } from "../fixtures/world.ts";

const everyMs = 5000;
/** For what must happen on a machine that others share. */
const patienceMs = 90_000;

const beating = (world: World, url: string) => {
  const config = configIn(world);
  return { ...config, server: { ...config.server, heartbeat: { url, every: `${everyMs}ms` } } };
};

suite("the heartbeat to a watch outside", { concurrency: true }, () => {
  const skip = findPostgres() === undefined && "PostgreSQL is not installed";
  test("comes while work is done, stops while the database is away, and comes again", { skip }, async () => {
    await using world = await startWorld(["eu", "na"]);
    await using watch = await startReceiver(answering(200));
    await using postgres = await startPostgres();
    assert.ok(postgres !== undefined);
    await using file = await configFile(beating(world, `${watch.url}/ping/5f3a9c-secret?create=1`));
    const database = { url: await postgres.createDatabase() };
    await using server = await startCrosscheck({ config: file.path, database });
    await until("two beats", () => watch.received.length >= 2, patienceMs);
    assert.deepEqual(
      [watch.received[0]?.method, watch.received[0]?.path],
      ["GET", "/ping/5f3a9c-secret?create=1"],
    );

    await postgres.stop();
    const withheld = () => server.log.filter(({ event }) => event === "heartbeat-withheld");
    await until("a beat to be withheld", () => withheld().length > 0, patienceMs);
    const before = watch.received.length;
    const seen = withheld().length;
    await until("more to be", () => withheld().length >= seen + 2, patienceMs);
    assert.equal(watch.received.length, before);
    assert.match(String(withheld()[0]?.["error"]), /^the database does not do its work: ./);

    await postgres.start();
    await until("beats again", () => watch.received.length > before, patienceMs);
    const metrics = await (await server.request("/metrics")).text();
    assert.match(metrics, /^crosscheck_heartbeats_total\{result="ok"\} [1-9]/m);
    assert.match(metrics, /^crosscheck_heartbeats_total\{result="withheld"\} [1-9]/m);
    assert.ok(!JSON.stringify(server.log).includes("5f3a9c"), "the address is a secret");
  });

  const refusals = [
    { title: "refuses", answer: answering(404, "no check 5f3a9c-secret"), why: "answered 404" },
    {
      title: "sends elsewhere",
      answer: answering(302, "", { location: "http://127.0.0.1:1/5f3a9c-secret" }),
      why: "answered 302, a redirect, which is not followed: write the address it leads to",
    },
  ];
  for (const { title, answer, why } of refusals) {
    test(`a watch that ${title} is logged, counted and, after three times, told; its address never`, async () => {
      await using world = await startWorld(["eu", "na"]);
      await using watch = await startReceiver(answer);
      await using file = await configFile(beating(world, `${watch.url}/5f3a9c-secret`));
      await using database = await freshSqlite();
      await using server = await startCrosscheck({ config: file.path, database: database.location });
      const [complaint] = await world.receiver.hears("/ops", "heartbeat", 1, patienceMs);
      assert.match(complaint?.body ?? "", /has not answered 3 times in a row/);
      const failed = server.log.filter(({ event }) => event === "heartbeat-failed");
      assert.equal(failed[0]?.["error"], why);
      assert.match(
        await (await server.request("/metrics")).text(),
        /^crosscheck_heartbeats_total\{result="failed"\} [3-9]/m,
      );
      assert.ok(!JSON.stringify([server.log, complaint?.body]).includes("5f3a9c"));
    });
  }

  test("a reload gives it an address, and takes it away", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using watch = await startReceiver(answering(200));
    await using file = await configFile(configIn(world));
    await using database = await freshSqlite();
    await using server = await startCrosscheck({ config: file.path, database: database.location });
    const reload = async () =>
      assert.equal((await server.request("/reload", { method: "POST" })).status, 200);
    await file.write(beating(world, watch.url));
    await reload();
    await until("a beat", () => watch.received.length > 0, patienceMs);
    await file.write(configIn(world));
    await reload();
    assert.equal(await server.stop(), 0);
  });
});
