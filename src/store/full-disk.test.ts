import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { startChild } from "../../test/fixtures/child.ts";
import { row } from "../../test/fixtures/old-rows.ts";
import { until } from "../../test/fixtures/until.ts";
import { openDatabase, type Database } from "./database.ts";

const isFull = /SQLite: the disk of the data folder is full, nothing was written: make room \(/;

/** A file system of 16 MB; undefined, and said so, where this user may not mount one. */
function smallDisk() {
  const folder = mkdtempSync(join(tmpdir(), "crosscheck-full-"));
  const remove = () => rmSync(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    remove();
    return undefined;
  }
  return {
    folder,
    [Symbol.dispose]() {
      execFileSync("umount", [folder]);
      remove();
    },
  };
}

const skip = whySkipped();

function whySkipped(): string | false {
  using disk = smallDisk();
  if (disk !== undefined) return false;
  console.log("SKIPPED on a full disk: only root may mount a small one");
  return "only root may mount a small disk";
}

function entry(id: string, bytes: number) {
  return row("audit", { id, at: 1, actor: "a", action: "mute", detail: "x".repeat(bytes) });
}

/** Writes until the disk refuses; the ids of what was taken, and of what was not. */
async function fill(database: Database, name: string) {
  const taken: string[] = [];
  for (let index = 0; index < 2000; index += 1) {
    const id = `${name}-${index}`;
    try {
      await database.write([entry(id, 50_000)]);
      taken.push(id);
    } catch (error) {
      assert.match((error as Error).message, isFull);
      return { taken, refused: id };
    }
  }
  throw new Error("the disk did not fill");
}

async function idsOf(database: Database): Promise<string[]> {
  const rows = await database.read<{ id: string }>("select id from audit order by id");
  return rows.map(({ id }) => id);
}

test(
  "on a full disk a write is refused, what was taken stays, and there is work again once there is room",
  { skip },
  async () => {
    using disk = smallDisk();
    assert.ok(disk);
    const data = join(disk.folder, "data");
    const ballast = join(disk.folder, "ballast");
    await writeFile(ballast, Buffer.alloc(6_000_000));
    const kept: string[] = [];
    {
      await using database = await openDatabase({ data });
      const first = await fill(database, "first");
      kept.push(...first.taken);
      assert.ok(kept.length > 20);
      // Many at once, of which the small ones may or may not find room: each is told the truth.
      const results = await Promise.allSettled(
        Array.from({ length: 40 }, async (_, index) => {
          const id = `burst-${index}`;
          await database.write([entry(id, index % 2 === 0 ? 10 : 100_000)]);
          return id;
        }),
      );
      for (const result of results) {
        if (result.status === "fulfilled") kept.push(result.value);
        else assert.match((result.reason as Error).message, isFull);
      }
      assert.deepEqual(await idsOf(database), kept.toSorted());

      await rm(ballast);
      const second = await fill(database, "second");
      assert.ok(second.taken.length > 20);
      kept.push(...second.taken);
      assert.deepEqual(await idsOf(database), kept.toSorted());
    }
    using file = new DatabaseSync(join(data, "crosscheck.db"));
    assert.equal(file.prepare("pragma quick_check").get()?.["quick_check"], "ok");
    assert.equal(Number(file.prepare("select count(*) as count from audit").get()?.["count"]), kept.length);
  },
);

test("a process that dies on a full disk loses nothing that it has acknowledged", { skip }, async () => {
  using disk = smallDisk();
  assert.ok(disk);
  const data = join(disk.folder, "data");
  const taken: string[] = [];
  {
    await using child = startChild("./write-until-full.ts", data);
    await until("the disk to be full", () => child.lines.at(-1) === "full", 60_000);
    taken.push(...child.lines.slice(0, -1));
  }
  assert.ok(taken.length > 20);
  // No room for anything: it opens, and reads, all the same.
  await using database = await openDatabase({ data });
  const there = new Set(await idsOf(database));
  assert.deepEqual(
    taken.filter((id) => !there.has(id)),
    [],
  );
});
