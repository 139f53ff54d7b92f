import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { receivers } from "./receivers.ts";
import { play } from "./scenario.ts";

suite("chaos: receivers that fail, hang and have limits", { concurrency: true }, () => {
  for (const variant of receivers.variants)
    test(variant, async (t) => {
      const outcome = await play(receivers, variant, { numbers: { seconds: 6, rate: 32 } });
      if ("skipped" in outcome) return t.skip(outcome.skipped);
      assert.deepEqual(outcome.broken, []);
    });
});
