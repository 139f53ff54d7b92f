import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { LogFile } from "./log-file.ts";

const limit = 1024 * 1024;

test("the log that a reader has kept from beginning anew is cut once the reader is done", async () => {
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-log-"));
  try {
    const file = join(folder, "crosscheck.db");
    using database = new DatabaseSync(file, { timeout: 10 });
    database.exec("pragma journal_mode = wal; create table bodies (body blob)");
    using reader = new DatabaseSync(file, { readOnly: true });
    const log = new LogFile(database, file, limit);
    const size = async () => (await stat(`${file}-wal`)).size;
    const insert = database.prepare("insert into bodies (body) values (?)");
    const write = (times: number) => {
      for (let count = 0; count < times; count += 1) {
        insert.run(new Uint8Array(100_000));
        log.committed();
      }
    };

    reader.exec("begin; select count(*) from bodies");
    write(128);
    assert.ok((await size()) > 10 * limit, "nobody can cut what is being read");
    reader.exec("commit");
    write(64);
    assert.ok((await size()) <= limit);
    assert.equal(database.prepare("select count(*) as count from bodies").get()?.["count"], 192);
  } finally {
    await rm(folder, { recursive: true });
  }
});
