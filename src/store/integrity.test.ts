import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { open, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { runCommand } from "../../test/fixtures/command.ts";
import { configFile } from "../../test/fixtures/config-file.ts";
import { freshSqlite, type FreshDatabase } from "../../test/fixtures/databases.ts";
import { row } from "../../test/fixtures/old-rows.ts";
import { checkBeside } from "./integrity.ts";

const never = new AbortController().signal;
const says =
  /crosscheck\.db is not a SQLite database, or is damaged \(.+\): restore it from a backup \(docs\/storage\.md/;

/** A closed database with some pages of rows in it. */
async function filled(place: FreshDatabase): Promise<{ folder: string; file: string }> {
  {
    await using database = await place.open();
    const rows = Array.from({ length: 300 }, (_, index) =>
      row("audit", { id: `id-${index}`, at: index, actor: "a", action: "mute", detail: "x".repeat(500) }),
    );
    await database.write(rows);
  }
  assert.ok("data" in place.location);
  const folder = place.location.data;
  return { folder, file: join(folder, "crosscheck.db") };
}

/** Overwrites a part of a file with noise. */
async function scribble(file: string, at: number, length: number): Promise<void> {
  await using handle = await open(file, "r+");
  await handle.write(Buffer.alloc(length, 0x5a), 0, length, at);
}

const damages: readonly (readonly [what: string, (file: string) => Promise<void>])[] = [
  ["its head is overwritten", (file) => scribble(file, 0, 100)],
  [
    "pages in the middle are overwritten",
    async (file) => scribble(file, Math.floor((await stat(file)).size / 2), 20_000),
  ],
  [
    "its end is cut off",
    async (file) => truncate(file, Math.floor((await stat(file)).size / 2 / 4096) * 4096),
  ],
];

for (const [what, damage] of damages) {
  test(`a database is refused and left as it is when ${what}`, async () => {
    await using place = await freshSqlite();
    const { file } = await filled(place);
    await damage(file);
    const before = await readFile(file);
    await assert.rejects(place.open(), (error: Error) => {
      assert.match(error.message, says);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
    assert.deepEqual(await readFile(file), before);
  });
}

test("serve says it in one line and ends with 1", async () => {
  await using place = await freshSqlite();
  const { folder, file } = await filled(place);
  await scribble(file, 8192, 40_000);
  await using config = await configFile({
    controls: [],
    resolvers: [],
    routes: [{ name: "all", actions: ["out"] }],
    actions: [{ name: "out", type: "stdout" }],
  });
  const { code, stderr } = await runCommand([
    "serve",
    "--config",
    config.path,
    "--data",
    folder,
    "--listen",
    "127.0.0.1:0",
  ]);
  assert.equal(code, 1);
  assert.match(stderr.at(-1) ?? "", says);
});

test("a file cut to nothing is not taken for a new database once the folder has been served", async () => {
  await using place = await freshSqlite();
  const { folder, file } = await filled(place);
  await truncate(file, 0);
  await writeFile(join(folder, "serve.lock"), "");
  await assert.rejects(place.open(), says);
  await rm(join(folder, "serve.lock"));
  // What a process leaves that died while it made its first database.
  await using database = await place.open();
  assert.deepEqual(await database.read("select id from alerts"), []);
});

test("a log without its file is not thrown away", async () => {
  await using place = await freshSqlite();
  const { file } = await filled(place);
  await rm(file);
  await writeFile(`${file}-wal`, "what has not been folded in yet");
  await assert.rejects(place.open(), says);
  assert.ok(!existsSync(file));
});

test("a large file is looked through beside the server, table by table", async () => {
  await using place = await freshSqlite();
  const { folder, file } = await filled(place);
  await checkBeside(folder, never, 0);
  await scribble(file, Math.floor((await stat(file)).size / 2), 20_000);
  // One that is small has been looked through when it was opened.
  await checkBeside(folder, never);
  await assert.rejects(checkBeside(folder, never, 0), says);
});
