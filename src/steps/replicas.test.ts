import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { startSteps } from "../../test/fixtures/steps.ts";
import type { Database } from "../store/database.ts";
import { newId } from "../model/id.ts";
import { ReplicaWatch, liveReplicas } from "./replicas.ts";

const minute = 60_000;

const configWith = (action: string) => ({
  controls: [],
  resolvers: [],
  routes: [{ name: "all", actions: [action] }],
  actions: [
    { name: action, type: "stdout" },
    { name: "ops", type: "stdout" },
  ],
  trouble: ["ops"],
});

suite("replicas of one database", { concurrency: true }, () => {
  eachDatabase("replicas", (fresh, kind) => {
    test("one is listed from its first beat until it leaves, or has been silent for a minute", async () => {
      await using place = await fresh();
      await using database = await place.open();
      const clock = { now: 1_800_000_000_000 };
      await using steps = await startSteps({ config: configWith("out"), database, now: () => clock.now });
      const watch = new ReplicaWatch(steps.context, selfOf("one", clock.now));
      await watch.beat();
      const [listed, ...others] = await liveReplicas(steps.context);
      assert.deepEqual(others, []);
      const { hash } = steps.context.setup().config;
      assert.deepEqual(
        { ...listed, id: "" },
        {
          id: "",
          name: "one",
          version: "1.0.0",
          startedAt: clock.now,
          configHash: hash,
          configSince: clock.now,
          seenAt: clock.now,
        },
      );
      clock.now += minute;
      assert.deepEqual(await liveReplicas(steps.context), []);
      await watch.beat();
      assert.equal((await liveReplicas(steps.context)).length, 1);
      await watch.compare();
      assert.equal((await steps.context.metrics.replicas.get()).values[0]?.value, 1);
      await watch.leave();
      await watch.beat();
      assert.deepEqual(await database.read("select id from replicas"), []);
    });

    test("those that ended without a word are forgotten", async () => {
      await using place = await fresh();
      await using database = await place.open();
      const clock = { now: 1_800_000_000_000 };
      await using steps = await startSteps({ config: configWith("out"), database, now: () => clock.now });
      await new ReplicaWatch(steps.context, selfOf("one", clock.now)).beat();
      clock.now += kind === "sqlite" ? 1 : 61 * minute;
      await new ReplicaWatch(steps.context, selfOf("two", clock.now)).beat();
      assert.deepEqual(await database.read("select name from replicas"), [{ name: "two" }]);
    });

    if (kind === "sqlite") return;

    test("different configurations are told once they last, and once an hour", async () => {
      await using place = await fresh();
      await using database = await place.open();
      const clock = { now: 1_800_000_000_000 };
      const now = () => clock.now;
      await using old = await startSteps({ config: configWith("out"), database, now });
      await using next = await startSteps({ config: configWith("elsewhere"), database, now });
      const watches = [old, next].map(
        ({ context }, index) => new ReplicaWatch(context, selfOf(`replica-${index}`, clock.now)),
      );
      const pass = async (ms: number) => {
        for (const end = clock.now + ms; clock.now < end; clock.now += 10_000) {
          for (const watch of watches) await watch.beat();
          for (const watch of watches) await watch.compare();
        }
      };
      await pass(2 * minute);
      assert.deepEqual(await troubles(database), [], "a reload may take a while");
      await pass(minute);
      assert.deepEqual(await troubles(database), ["configs-differ: replicas"]);
      const [complaint] = old.complaints;
      const hashes = [old, next].map(({ context }) => context.setup().config.hash.slice(0, 12));
      assert.match(complaint ?? "", /"cause":"configs-differ"/);
      for (const [index, hash] of hashes.entries())
        assert.match(complaint ?? "", new RegExp(`replica-${index} ${hash} since 2027-01-15T08:00:00Z`));
      await pass(30 * minute);
      assert.equal((await troubles(database)).length, 1);

      await old.reload(configWith("elsewhere"));
      const before = old.complaints.length;
      await pass(10 * minute);
      assert.equal(old.complaints.length, before, "recovered without a word");
    });

    test("different versions are logged at once, and told after an hour", async () => {
      await using place = await fresh();
      await using database = await place.open();
      const clock = { now: 1_800_000_000_000 };
      await using steps = await startSteps({ config: configWith("out"), database, now: () => clock.now });
      const watch = new ReplicaWatch(steps.context, selfOf("old", clock.now));
      const upgraded = new ReplicaWatch(steps.context, { ...selfOf("new", clock.now), version: "1.1.0" });
      const pass = async (ms: number) => {
        for (const end = clock.now + ms; clock.now < end; clock.now += 20_000) {
          await watch.beat();
          await upgraded.beat();
          await watch.compare();
        }
      };
      await pass(59 * minute);
      assert.deepEqual(steps.complaints, ['versions-differ {"replicas":"old 1.0.0, new 1.1.0"}']);
      assert.deepEqual(await troubles(database), []);
      await pass(2 * minute);
      assert.deepEqual(await troubles(database), ["versions-differ: replicas"]);
    });
  });
});

function selfOf(name: string, startedAt: number) {
  return { id: newId(), name, version: "1.0.0", startedAt };
}

async function troubles(database: Database): Promise<string[]> {
  const rows = await database.read<{ subject: string }>(
    "select subject from incidents where route = 'trouble'",
  );
  return rows.map(({ subject }) => subject);
}
