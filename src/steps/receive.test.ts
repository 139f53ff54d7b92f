import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { probeStore } from "./receive.ts";

eachDatabase("the probe of the store", (fresh) => {
  test("it leaves no alert behind", async () => {
    await using place = await fresh();
    await using database = await place.open();
    await probeStore({ database, now: Date.now });
    assert.deepEqual(await database.read("select id from alerts"), []);
  });

  test("it fails where no alert can be stored, though the database answers", async () => {
    await using place = await fresh();
    await using database = await place.open();
    await database.write([{ sql: "alter table alerts rename column body to elsewhere", params: [] }]);
    await assert.rejects(probeStore({ database, now: Date.now }), /body/);
    assert.deepEqual(await database.read("select 1 as one"), [{ one: 1 }]);
  });
});
