import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { diskFull } from "./disk-full.ts";
import { play } from "./scenario.ts";

suite("chaos: a full disk under load", { concurrency: true }, () => {
  for (const variant of diskFull.variants)
    test(variant, async (t) => {
      const outcome = await play(diskFull, variant, { numbers: { rounds: 1, full: 2 } });
      if ("skipped" in outcome) return t.skip(outcome.skipped);
      assert.deepEqual(outcome.broken, []);
    });
});
