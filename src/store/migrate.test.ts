import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { dumpSchema, schemaFile } from "../../scripts/dump-schema.ts";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { migrationsFor } from "./migrate.ts";

test("both databases have the same steps, numbered without gaps", () => {
  const steps = migrationsFor("sqlite").map(({ number, name }) => ({ number, name }));
  assert.deepEqual(
    migrationsFor("postgres").map(({ number, name }) => ({ number, name })),
    steps,
  );
  assert.deepEqual(
    steps.map(({ number }) => number),
    steps.map((_, index) => index + 1),
  );
});

eachDatabase("migrations", (fresh, kind) => {
  test("the tables are those that were reviewed (node scripts/dump-schema.ts writes them anew)", async () => {
    await using place = await fresh();
    await using database = await place.open();
    assert.equal(await dumpSchema(database), readFileSync(schemaFile(kind), "utf8"));
  });

  test("each step is recorded once, also when several start together", async () => {
    await using place = await fresh();
    await using databases = new AsyncDisposableStack();
    const opened = await Promise.all(Array.from({ length: 4 }, () => place.open()));
    for (const database of opened) databases.use(database);
    const recorded = await opened[0]?.read("select number, name from migrations order by number");
    assert.deepEqual(
      recorded,
      migrationsFor(kind).map(({ number, name }) => ({ number, name })),
    );
  });

  test("opening again keeps what is there", async () => {
    await using place = await fresh();
    {
      await using database = await place.open();
      await database.write([
        { sql: "insert into replicas (id, seen_at, version) values ('a', 1, '0')", params: [] },
      ]);
    }
    await using database = await place.open();
    assert.deepEqual(await database.read("select id from replicas"), [{ id: "a" }]);
  });

  test("tables of a newer version are refused and left alone", async () => {
    await using place = await fresh();
    {
      await using database = await place.open();
      await database.write([{ sql: "insert into migrations values (99, '0099-later', 1)", params: [] }]);
    }
    await assert.rejects(place.open(), (error: Error) => {
      assert.match(
        error.message,
        /made by a newer version \(schema 99; this one knows \d+\): run the newer version$/,
      );
      return true;
    });
  });
});
