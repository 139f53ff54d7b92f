import assert from "node:assert/strict";
import { join } from "node:path";
import { suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { findPostgres, sharedPostgres } from "../fixtures/postgres.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

const binaries = findPostgres();
const skip = binaries === undefined && "PostgreSQL is not installed";

async function freshDatabase(): Promise<{ readonly url: string }> {
  const server = await sharedPostgres(binaries ?? "");
  return { url: await server.createDatabase() };
}

interface ReplicaJson {
  readonly name: string;
  readonly version: string;
  readonly configHash: string;
  readonly configSince: string;
  readonly startedAt: string;
  readonly seenAt: string;
}

async function replicasOf(server: Crosscheck): Promise<readonly ReplicaJson[]> {
  return (await server.read<{ replicas: ReplicaJson[] }>("/api/v1/replicas")).replicas;
}

const actions = (world: World, names: readonly string[]) =>
  names.map((name) => ({ name, type: "webhook", url: `${world.receiver.url}/${name}` }));

const oldConfig = (world: World) => configIn(world, { actions: actions(world, ["oncall", "team", "ops"]) });
const nextConfig = (world: World) =>
  configIn(world, {
    routes: [
      {
        ...pageRoute,
        name: "new-page",
        input: "input.page",
        subject: "input.url",
        notify: { confirmed: ["new"] },
      },
      { name: "new-pass-on", input: "input.number", actions: ["new"] },
      pageRoute,
    ],
    actions: actions(world, ["oncall", "team", "ops", "new"]),
  });

suite("replicas that are not alike", { concurrency: true, skip }, () => {
  suite("in the middle of a reload", () => {
    test("what one does not know yet is done by the other, whoever was sent it", async () => {
      await using world = await startWorld(["eu", "na"]);
      const database = await freshDatabase();
      await using oldFile = await configFile(oldConfig(world));
      await using nextFile = await configFile(nextConfig(world));
      await using old = await startCrosscheck({ config: oldFile.path, database });
      await using next = await startCrosscheck({ config: nextFile.path, database });

      const ids: string[] = [];
      for (let number = 1; number <= 12; number += 1) {
        const server = number % 2 === 0 ? old : next;
        ids.push(await server.post({ number }, number % 3 === 0 ? "/tenant/new-pass-on" : "/"));
      }
      const subjects = ["/one", "/two", "/three", "/four"];
      for (const [index, path] of subjects.entries()) {
        world.site.set(path, "down");
        const alert = { page: true, url: world.site.page(path) };
        await (index % 2 === 0 ? old : next).post(alert, "/tenant/new-page");
      }
      for (const id of ids) await world.receiver.hears("/new", id, 1, 90_000);
      for (const path of subjects) await world.receiver.hears("/new", world.site.page(path), 1, 90_000);

      for (const told of [...ids, ...subjects.map((path) => world.site.page(path))])
        assert.deepEqual(
          [world.receiver.told("/new", told).length, world.receiver.told("/ops", told).length],
          [1, 0],
        );
      const { deliveries } = await old.read<{ deliveries: unknown[] }>("/api/v1/deliveries?state=dead");
      assert.deepEqual(deliveries, []);
      const hashes = (await replicasOf(old)).map(({ configHash }) => configHash);
      assert.equal(new Set(hashes).size, 2);

      await oldFile.write(nextConfig(world));
      assert.equal((await old.request("/reload", { method: "POST" })).status, 200);
      const after = await replicasOf(next);
      assert.equal(after.length, 2);
      // The files are not the same text, so that their hashes may differ; each is that of the replica itself.
      const { config } = await old.read<{ config: { hash: string } }>("/readyz");
      assert.ok(after.some(({ configHash }) => configHash === config.hash));
    });

    test("what none of them knows is not left lying: unrouted hears of it, once", async () => {
      await using world = await startWorld(["eu", "na"]);
      const database = await freshDatabase();
      await using oldFile = await configFile(oldConfig(world));
      await using nextFile = await configFile(nextConfig(world));
      await using old = await startCrosscheck({ config: oldFile.path, database });
      await using next = await startCrosscheck({ config: nextFile.path, database });
      const ids = [
        await old.post({ text: "who takes this?" }),
        await next.post({ text: "and this?" }, "/tenant/nowhere"),
      ];
      for (const id of ids) {
        await world.receiver.hears("/ops", id, 1, 120_000);
        assert.equal(world.receiver.told("/ops", id).length, 1);
      }
    });
  });

  test("one whose clock is 45 s ahead: everything happens on time, and once", async () => {
    const [aheadMs, secondLookMs] = [45_000, 10_000];
    await using world = await startWorld(["eu", "na"]);
    const verdict = {
      ...quick,
      "second-look": `${secondLookMs}ms`,
    };
    const routes = [
      { ...pageRoute, verdict },
      { name: "pass-on", actions: ["team"] },
    ];
    await using file = await configFile(
      configIn(world, {
        routes,
        actions: ["oncall", "team", "ops"].map((name) => ({
          name,
          type: "webhook",
          url: `${world.receiver.url}/${name}`,
        })),
      }),
    );
    const options = { config: file.path, database: await freshDatabase() };
    const env = {
      NODE_OPTIONS: `--require ${join(import.meta.dirname, "../fixtures/clock-ahead.cjs")}`,
      CROSSCHECK_TEST_AHEAD_MS: String(aheadMs),
    };
    await using ahead = await startCrosscheck({ ...options, env });
    await using right = await startCrosscheck(options);

    const [complaint] = await world.receiver.hears("/ops", "clock-skew");
    assert.match(complaint?.body ?? "", /its clock is 4\d s ahead of the database's/);
    const metrics = await (await ahead.request("/metrics")).text();
    assert.match(metrics, /^crosscheck_clock_skew_seconds 4\d(\.\d+)?$/m);
    assert.match(metrics, /^crosscheck_disk_free_bytes|^crosscheck_replicas 2$/m);

    const paths = Array.from({ length: 8 }, (_, number) => `/held-${number}`);
    const postedAt = new Map<string, number>();
    for (const [index, path] of paths.entries()) {
      // One of two: that takes a second look.
      world.site.set(path, "up", { eu: "down" });
      const server = index % 2 === 0 ? ahead : right;
      postedAt.set(path, Date.now());
      await server.post({ url: world.site.page(path) }, "/tenant/page");
    }
    const ids: string[] = [];
    for (let number = 0; number < 20; number += 1)
      ids.push(await (number % 2 === 0 ? ahead : right).post({ number }, "/tenant/pass-on"));

    for (const id of ids) await world.receiver.hears("/team", id, 1, aheadMs / 2);
    for (const path of paths) {
      const [notice] = await world.receiver.hears("/oncall", world.site.page(path));
      const waitedMs = (notice?.at ?? 0) - (postedAt.get(path) ?? 0);
      // Neither early by the skew, which would end the hold or begin the second look at once, nor late by it.
      assert.ok(waitedMs > secondLookMs, `${path}: after ${waitedMs} ms`);
      assert.ok(waitedMs < secondLookMs + aheadMs, `${path}: after ${waitedMs} ms`);
      assert.match(notice?.firstLine ?? "", /^PARTLY DOWN 1\/2/);
    }
    for (const id of ids) assert.equal(world.receiver.told("/team", id).length, 1);
    for (const path of paths) {
      const incident = await right.incidentOf(world.site.page(path));
      const [first] = incident?.runs ?? [];
      const news = world.receiver
        .told("/oncall", world.site.page(path))
        .filter(({ event }) => event === "verdict");
      assert.equal(news.length, 1, JSON.stringify(first?.verdict));
    }
  });

  test("each is listed while it lives, and not any more once it has stopped", async () => {
    await using world = await startWorld(["eu", "na"]);
    await using file = await configFile(configIn(world));
    const options = { config: file.path, database: await freshDatabase() };
    await using left = await startCrosscheck(options);
    await using right = await startCrosscheck(options);
    const both = await until("both to be listed", async () => {
      const listed = await replicasOf(left);
      return listed.length === 2 ? listed : undefined;
    });
    assert.equal(new Set(both.map(({ name }) => name)).size, 2);
    for (const { name, version, startedAt, seenAt } of both) {
      assert.match(name, /^.+:\d+$/);
      assert.match(version, /^\d/);
      assert.ok(Date.parse(startedAt) <= Date.parse(seenAt));
    }
    assert.equal(await left.stop(), 0);
    assert.equal((await replicasOf(right)).length, 1);
  });
});
