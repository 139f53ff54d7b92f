import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { freshSqlite } from "../../test/fixtures/databases.ts";
import { startSteps } from "../../test/fixtures/steps.ts";
import { MachineWatch, diskSpace } from "./own-machine.ts";

const [megabyte, gigabyte] = [1e6, 1e9];

const config = {
  controls: [],
  resolvers: [],
  routes: [{ name: "all", actions: ["ops"] }],
  actions: [{ name: "ops", type: "stdout" }],
  trouble: ["ops"],
};

const disks = [
  {
    title: "a large disk, a part of it free",
    freeBytes: 501 * megabyte,
    sizeBytes: 10_000 * gigabyte,
    told: false,
  },
  { title: "a large disk, nearly full", freeBytes: 499 * megabyte, sizeBytes: 10_000 * gigabyte, told: true },
  { title: "a small disk, a twentieth free", freeBytes: 51 * megabyte, sizeBytes: gigabyte, told: false },
  { title: "a small disk, less free", freeBytes: 49 * megabyte, sizeBytes: gigabyte, told: true },
  { title: "a full disk", freeBytes: 0, sizeBytes: gigabyte, told: true },
];
for (const { title, told, ...space } of disks) {
  test(`${title}: ${told ? "told once, with what is left" : "nobody is told"}`, async () => {
    await using place = await freshSqlite();
    await using database = await place.open();
    await using steps = await startSteps({ config, database });
    const watch = new MachineWatch(steps.context, "host:1");
    await watch.lookAtDisk("/data", space);
    await watch.lookAtDisk("/data", space);
    const rows = await database.read("select subject from incidents");
    assert.deepEqual(rows, told ? [{ subject: "disk: host:1" }] : []);
    assert.equal(steps.complaints.length, told ? 1 : 0);
    if (told)
      assert.match(steps.complaints[0] ?? "", new RegExp(`only ${space.freeBytes / megabyte} MB are free`));
    const { values } = await steps.context.metrics.diskFree.get();
    assert.equal(values[0]?.value, space.freeBytes);
  });
}

test("the space of a folder is that of its disk; where there is no folder there is none", async () => {
  const space = await diskSpace(tmpdir());
  assert.ok(space !== undefined && space.freeBytes > 0 && space.sizeBytes >= space.freeBytes);
  assert.equal(await diskSpace("/no/such/folder"), undefined);
});

test("a clock that is far from the database's is told, whichever way, and is a metric", async () => {
  await using place = await freshSqlite();
  await using database = await place.open();
  await using steps = await startSteps({ config, database });
  await new MachineWatch(steps.context, "near:1").lookAtClock(-30_000);
  assert.deepEqual(steps.complaints, []);
  await new MachineWatch(steps.context, "ahead:1").lookAtClock(45_000);
  await new MachineWatch(steps.context, "behind:1").lookAtClock(-45_000);
  const rows = await database.read("select subject from incidents order by subject");
  assert.deepEqual(rows, [{ subject: "clock-skew: ahead:1" }, { subject: "clock-skew: behind:1" }]);
  assert.match(steps.complaints[0] ?? "", /its clock is 45 s ahead of the database's/);
  assert.match(steps.complaints[1] ?? "", /its clock is 45 s behind the database's/);
  assert.equal((await steps.context.metrics.clockSkew.get()).values[0]?.value, -45);
});
