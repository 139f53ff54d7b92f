import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { fuzz } from "./fuzz.ts";
import { play } from "./scenario.ts";

suite("chaos: requests that nobody sends", { concurrency: true }, () => {
  for (const variant of fuzz.variants)
    test(variant, async (t) => {
      const outcome = await play(fuzz, variant, { numbers: { requests: 5000 } });
      if ("skipped" in outcome) return t.skip(outcome.skipped);
      assert.deepEqual(outcome.broken, []);
    });
});
