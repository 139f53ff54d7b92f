import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { newId } from "../model/id.ts";
import { insertAlert, markRouted, saysResolved, unroutedAlerts } from "./alerts.ts";
import type { Database } from "./database.ts";

const mega = 1024 * 1024;

/** Stores an alert for each size, oldest first; their ids. */
async function store(database: Database, sizes: readonly number[]): Promise<string[]> {
  const nothing = { onlyRoute: null, contentType: null, dedupKey: null, targetUrl: null, fault: null };
  // Those of one millisecond are in any order.
  const ids = sizes.map(newId).toSorted();
  for (const [index, id] of ids.entries()) {
    const alert = { ...nothing, id, body: new Uint8Array(sizes[index] ?? 0), source: "webhook" };
    await database.write([insertAlert({ ...alert, receivedAt: 1, status: "firing" })]);
  }
  return ids;
}

eachDatabase("unrouted alerts", (fresh) => {
  const cases = [
    { name: "small ones come together, up to the limit", sizes: [10, 0, 20, 30], limit: 3, first: 3 },
    { name: "sixteen of a megabyte", sizes: Array<number>(18).fill(mega), limit: 200, first: 16 },
    { name: "a huge one comes alone", sizes: [17 * mega, 10], limit: 200, first: 1 },
    { name: "one that no longer fits waits", sizes: [10, 16 * mega, 10], limit: 200, first: 1 },
    { name: "the first weighs nothing", sizes: [0, 16 * mega, 10], limit: 200, first: 2 },
  ];
  for (const { name, sizes, limit, first } of cases) {
    test(name, async () => {
      await using place = await fresh();
      await using database = await place.open();
      const ids = await store(database, sizes);
      const seen: string[][] = [];
      for (;;) {
        const batch = await unroutedAlerts(database, limit);
        if (batch.length === 0) break;
        for (const { id, body } of batch) assert.equal(body.length, sizes[ids.indexOf(id)]);
        await database.write(batch.map(({ id }) => markRouted(id, 2)));
        seen.push(batch.map(({ id }) => id));
      }
      assert.equal(seen[0]?.length, first);
      assert.deepEqual(seen.flat(), ids);
    });
  }
});

eachDatabase("senders that say when it is over", (fresh) => {
  test("are those that have ever said so", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const nothing = { onlyRoute: null, contentType: null, dedupKey: null, targetUrl: null, fault: null };
    const from = (source: string, status: "firing" | "resolved") =>
      insertAlert({ ...nothing, id: newId(), receivedAt: 1, body: new Uint8Array(), source, status });
    await database.write([from("silent", "firing"), from("telling", "firing"), from("telling", "resolved")]);
    const cases: [readonly string[], boolean][] = [
      [[], false],
      [["silent"], false],
      [["telling"], true],
      [["silent", "telling"], true],
      [["unknown"], false],
    ];
    for (const [sources, expected] of cases)
      assert.equal(await saysResolved(database, sources), expected, sources.join(" "));
  });
});
