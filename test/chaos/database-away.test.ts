import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { databaseAway } from "./database-away.ts";
import { play } from "./scenario.ts";

suite("chaos: PostgreSQL goes away under load", { concurrency: true }, () => {
  for (const variant of databaseAway.variants)
    test(variant, async (t) => {
      const outcome = await play(databaseAway, variant, {
        numbers: { rounds: 1, away: 5, rate: 30, slack: 50 },
      });
      if ("skipped" in outcome) return t.skip(outcome.skipped);
      assert.deepEqual(outcome.broken, []);
    });
});
