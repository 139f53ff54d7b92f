import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { runCommand } from "../fixtures/command.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck, type DeliveryJson } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

let folder: string;
let receiver: Receiver;
const parts = new AsyncDisposableStack();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "crosscheck-backup-"));
  parts.defer(() => rm(folder, { recursive: true }));
  receiver = parts.use(await startReceiver());
});
after(() => parts.disposeAsync());

function config() {
  return configFile({
    controls: [],
    resolvers: [],
    routes: [{ name: "all", actions: ["team"] }],
    actions: [{ name: "team", type: "webhook", url: `${receiver.url}/team` }],
  });
}

/** Posts alerts until it is stopped; the ids of those that were taken. */
function load(server: Crosscheck) {
  const taken: string[] = [];
  const stopping = new AbortController();
  const loop = async () => {
    while (!stopping.signal.aborted)
      taken.push(await server.post({ note: `alert ${taken.length}`, padding: "x".repeat(2000) }));
  };
  const ended = Promise.all([loop(), loop(), loop(), loop()]);
  return {
    taken,
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

async function deadLettersAndWaiting(server: Crosscheck): Promise<readonly DeliveryJson[]> {
  const { deliveries } = await server.read<{ deliveries: DeliveryJson[] }>("/api/v1/deliveries?limit=200");
  return deliveries.filter(({ state }) => state === "pending" || state === "dead");
}

test("what was taken before a backup is there after a restore, and the work goes on", async () => {
  await using file = await config();
  await using place = await freshSqlite();
  assert.ok("data" in place.location);
  const out = join(folder, "under-load.db");
  let before: readonly string[];
  {
    await using server = await startCrosscheck({ config: file.path, database: place.location });
    const posting = load(server);
    await until("some load", () => posting.taken.length > 200);
    before = [...posting.taken];
    const { code, stdout, stderr } = await runCommand([
      "backup",
      "--data",
      place.location.data,
      "--out",
      out,
    ]);
    assert.equal(code, 0, stderr.join("\n"));
    assert.match(stdout.join("\n"), /under-load\.db: [\d.]+ MB, whole and on disk$/);
    await posting.stop();
    await server.kill();
  }
  assert.equal((await stat(out)).mode & 0o777, 0o600);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name !== "under-load.db"),
    [],
  );

  // As docs/storage.md says it.
  const data = join(folder, "restored");
  await mkdir(data);
  await copyFile(out, join(data, "crosscheck.db"));
  await using server = await startCrosscheck({ config: file.path, database: { data } });
  for (const id of before) {
    const response = await server.request(`/api/v1/alerts/${id}`);
    assert.equal(response.status, 200, id);
    await response.arrayBuffer();
  }
  await until("all that was due to be told", async () => (await deadLettersAndWaiting(server)).length === 0);
  await server.post({ note: "after the restore" });
  await receiver.hears("/team", "after the restore");
});

test("a file that is there is left alone, but with --force; a backup of nothing makes nothing", async () => {
  await using place = await freshSqlite();
  assert.ok("data" in place.location);
  const { data } = place.location;
  const out = join(folder, "there.db");
  const missing = await runCommand(["backup", "--data", data, "--out", out]);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr.join("\n"), /^crosscheck: there is no database of Crosscheck in .*--data DIR$/);
  assert.ok(!existsSync(out));

  await (await place.open())[Symbol.asyncDispose]();
  await writeFile(out, "mine");
  const refused = await runCommand(["backup", "--data", data, "--out", out]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr.join("\n"), /there\.db is there already: name another file, or say --force$/);
  assert.equal(await readFile(out, "utf8"), "mine");
  assert.equal((await runCommand(["backup", "--data", data, "--out", out, "--force"])).code, 0);
  assert.equal((await readFile(out)).subarray(0, 15).toString(), "SQLite format 3");
});

test("a damaged database is not backed up over a good backup", async () => {
  const data = join(folder, "damaged");
  await mkdir(data);
  await writeFile(join(data, "crosscheck.db"), "dear diary, ".repeat(1000));
  const out = join(folder, "good.db");
  await writeFile(out, "good");
  const { code, stderr } = await runCommand(["backup", "--data", data, "--out", out, "--force"]);
  assert.equal(code, 1);
  assert.match(stderr.join("\n"), /is not a SQLite database, or is damaged/);
  assert.equal(await readFile(out, "utf8"), "good");
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.includes(".part")),
    [],
  );
});

const usage: readonly (readonly [args: readonly string[], says: RegExp])[] = [
  [["--database", "postgres://localhost/x", "--out", "f"], /PostgreSQL: pg_dump/],
  [["--data", "d"], /wants --out FILE/],
  [["--data", "d", "--config", "c", "--out", "f"], /exclude each other/],
];

for (const [args, says] of usage) {
  test(`backup ${args.join(" ")} is a matter of usage`, async () => {
    const { code, stderr } = await runCommand(["backup", ...args]);
    assert.equal(code, 2);
    assert.match(stderr.join("\n"), says);
  });
}
