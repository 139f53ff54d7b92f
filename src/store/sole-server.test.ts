import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { test } from "node:test";
import { startCommand } from "../../test/fixtures/command.ts";
import { configFile } from "../../test/fixtures/config-file.ts";
import { startCrosscheck } from "../../test/fixtures/crosscheck.ts";
import { freshSqlite } from "../../test/fixtures/databases.ts";
import type { Statement } from "./database.ts";
import { occupy, releaseLeases } from "./sole-server.ts";

test("a data folder is served by one process; the second says so, and one that ends makes room", async () => {
  await using file = await configFile({
    routes: [{ name: "all", actions: ["out"] }],
    actions: [{ name: "out", type: "stdout" }],
  });
  await using place = await freshSqlite();
  assert.ok("data" in place.location);
  const { data } = place.location;
  await using first = await startCrosscheck({ config: file.path, database: place.location });
  const args = ["serve", "--config", file.path, "--listen", "127.0.0.1:0", "--data", data];
  await using second = startCommand(args);
  assert.equal(await second.ended, 1);
  assert.match(
    second.stderr.join("\n"),
    /another process serves the data folder .*: stop it, or name another folder with --data/,
  );
  await first.kill();
  await using third = await startCrosscheck({ config: file.path, database: place.location });
  assert.equal(await third.stop(), 0);
});

test("whoever starts while the one before is ending waits for it", async () => {
  await using place = await freshSqlite();
  assert.ok("data" in place.location);
  await mkdir(place.location.data);
  const first = await occupy(place.location.data);
  const second = occupy(place.location.data);
  first[Symbol.dispose]();
  (await second)[Symbol.dispose]();
});

test("what a dead process had under way is due at once, and what waits stays where it is", async () => {
  await using place = await freshSqlite();
  await using database = await place.open();
  const now = Date.now();
  const far = now + 60_000;
  await database.write([
    job("running", null, far),
    job("woken", far, far),
    job("waiting", far, null),
    releaseLeases(now),
  ]);
  assert.deepEqual(await database.read("select key, run_at, lease_until from jobs order by key"), [
    { key: "running", run_at: now, lease_until: null },
    { key: "waiting", run_at: far, lease_until: null },
    { key: "woken", run_at: now, lease_until: null },
  ]);
});

function job(key: string, runAt: number | null, leaseUntil: number | null): Statement {
  return {
    sql: "insert into jobs (key, class, run_at, lease_until) values ($1, 'inbox', $2, $3)",
    params: [key, runAt, leaseUntil],
  };
}
