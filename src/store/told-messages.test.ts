import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { ConflictError } from "./database.ts";
import { markTold, wasTold } from "./told-messages.ts";

eachDatabase("messages that are told once", (fresh) => {
  const once = { route: "page", key: "web", since: 0 };

  test("of two that tell the same at once, one has to look again", async () => {
    await using place = await fresh();
    await using one = await place.open();
    await using other = await place.open();
    assert.equal(await wasTold(one, once), false);
    const both = await Promise.allSettled(
      [one, other].map((database) => database.write([markTold(once, 100)])),
    );
    const [lost, ...more] = both.filter(({ status }) => status === "rejected");
    assert.deepEqual(more, []);
    assert.ok(lost?.status === "rejected" && lost.reason instanceof ConflictError);
    assert.equal(await wasTold(other, once), true);
  });

  test("it may be told again when its time is over, and elsewhere at once", async () => {
    await using place = await fresh();
    await using database = await place.open();
    await database.write([markTold(once, 100)]);
    for (const [key, since, told] of [
      ["web", 99, true],
      ["web", 100, false],
      ["db", 0, false],
    ] as const) {
      assert.equal(await wasTold(database, { ...once, key, since }), told, `${key} since ${since}`);
    }
    await database.write([
      markTold({ ...once, since: 100 }, 200),
      markTold({ ...once, route: "other" }, 200),
    ]);
    assert.equal(await wasTold(database, { ...once, since: 199 }), true);
  });
});
