import assert from "node:assert/strict";
import { test } from "node:test";
import { error, pass } from "../../test/fixtures/observations.ts";
import { LocationHealth, RecentCount } from "./self-watch.ts";

test("what is older than the window is forgotten, each key on its own", () => {
  const refused = new RecentCount(300_000);
  const counts = [0, 100_000, 200_000, 299_999, 300_000, 900_000].map((now) => refused.add("uptime", now));
  assert.deepEqual(counts, [1, 2, 3, 4, 4, 1]);
  assert.equal(refused.add("other", 900_000), 1);
});

test("a location fails from its first error until it works again", () => {
  const health = new LocationHealth();
  assert.equal(health.note(error("apac"), 1000), 0);
  assert.equal(health.note(error("apac"), 301_000), 300_000);
  assert.equal(health.note(error("eu"), 301_000), 0, "each location on its own");
  assert.equal(health.note(pass("apac"), 302_000), 0);
  assert.equal(health.note(error("apac"), 303_000), 0, "a new failure starts afresh");
  assert.equal(health.note(error("apac"), 2_000_000), 0, "nobody asked in between: it may have worked");
});

test("an answer that nobody waited for and a target that may not be asked say nothing of the location", () => {
  const health = new LocationHealth();
  for (const errorClass of ["location.not-awaited", "location.blocked-target"]) {
    assert.equal(health.note(error("apac", { errorClass }), 0), 0);
    assert.equal(health.note(error("apac", { errorClass }), 900_000), 0);
  }
});
