import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { crash } from "./crash.ts";
import { play } from "./scenario.ts";

suite("chaos: killed at random under load", { concurrency: true }, () => {
  for (const variant of crash.variants)
    test(variant, async (t) => {
      const outcome = await play(crash, variant, { numbers: { rounds: 3, rate: 30, slack: 30 } });
      if ("skipped" in outcome) return t.skip(outcome.skipped);
      assert.deepEqual(outcome.broken, []);
    });
});
