import assert from "node:assert/strict";
import { test } from "node:test";
import { error, fail, flaky, noon, pass } from "../../test/fixtures/observations.ts";
import { definitionOf } from "../model/self-test.ts";
import type { SelfTest } from "../model/self-test.ts";
import { nextSelfTest, selfTested } from "./self-test.ts";

const hour = 3_600_000;
const good = pass("eu");

function known(fields: Partial<SelfTest>): SelfTest {
  return {
    check: "storefront",
    location: "eu",
    definition: "as it is",
    testedAt: noon,
    failingSince: null,
    last: good,
    good,
    ...fields,
  };
}

test("what is known after one more self-test", () => {
  const failing = known({ failingSince: noon - hour, last: fail("eu") });
  const cases = [
    ["the first passes", undefined, good, { failingSince: null, good }],
    ["the first fails: it never passed", undefined, fail("eu"), { failingSince: noon, good: null }],
    ["the first cannot tell", undefined, error("eu"), { failingSince: null, good: null }],
    ["it begins to fail", known({}), fail("eu"), { failingSince: noon, good }],
    ["flaky is failing", known({}), flaky("eu"), { failingSince: noon, good }],
    ["it goes on failing", failing, fail("eu"), { failingSince: noon - hour, good }],
    ["who cannot tell changes nothing", failing, error("eu"), { failingSince: noon - hour, good }],
    ["it is well again", failing, pass("eu"), { failingSince: null, good: pass("eu") }],
  ] as const;
  for (const [what, before, seen, after] of cases) {
    const {
      failingSince,
      good: best,
      last,
      testedAt,
    } = selfTested(before, seen, {
      definition: "as it is",
      now: noon,
    });
    assert.deepEqual({ failingSince, good: best }, after, what);
    assert.deepEqual([last, testedAt], [seen, noon], what);
  }
});

test("of a check that is another one by now nothing is known", () => {
  const before = known({ definition: "as it was", failingSince: noon - hour, last: fail("eu") });
  for (const seen of [fail("eu"), error("eu")]) {
    const { good: best, failingSince } = selfTested(before, seen, { definition: "as it is", now: noon });
    assert.deepEqual([best, failingSince], [null, seen.outcome === "fail" ? noon : null]);
  }
});

test("a check is another one when it asks something else, not when its pass proves something else", () => {
  const check = { name: "storefront", type: "http", url: "https://shop.example/" };
  assert.equal(definitionOf({ ...check, covers: ["latency"] }), definitionOf(check));
  assert.notEqual(definitionOf({ ...check, url: "https://shop.example/login" }), definitionOf(check));
  assert.notEqual(definitionOf({ ...check, "self-test": false }), definitionOf(check));
});

test("one that fails, or could not tell, is tested again sooner", () => {
  assert.equal(nextSelfTest(known({}), hour), noon + hour);
  assert.equal(nextSelfTest(known({ failingSince: noon }), hour), noon + hour / 12);
  const blind = known({ last: error("eu") });
  assert.equal(nextSelfTest(blind, 24 * hour), noon + 300_000);
  assert.equal(nextSelfTest(blind, 60_000), noon + 60_000);
});
