import assert from "node:assert/strict";
import { mock, suite, test } from "node:test";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { DatabaseClock } from "./database-clock.ts";

/** More than a busy machine needs for a query; far less than what is set apart. */
const doubtMs = 10_000;

suite("the clock that replicas share", () => {
  eachDatabase("clock", (fresh, kind) => {
    for (const aheadMs of [45_000, -45_000, 3_600_000]) {
      test(`a machine's clock is ${aheadMs / 1000} s ahead`, async () => {
        await using place = await fresh();
        await using database = await place.open();
        const clock = new DatabaseClock(database);
        const { now } = Date;
        const skewed = mock.method(Date, "now", () => now() + aheadMs);
        try {
          await clock.measure();
          const expected = kind === "postgres" ? now() : now() + aheadMs;
          assert.ok(Math.abs(clock.now() - expected) < doubtMs, `${clock.now() - expected} ms off`);
          const seen = kind === "postgres" ? aheadMs : 0;
          assert.ok(Math.abs(clock.aheadMs - seen) < doubtMs, `${clock.aheadMs} ms`);
        } finally {
          skewed.mock.restore();
        }
        // Set right meanwhile.
        await clock.measure();
        assert.ok(Math.abs(clock.now() - now()) < doubtMs);
      });
    }
  });
});
