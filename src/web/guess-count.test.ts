import assert from "node:assert/strict";
import { test } from "node:test";
import { GuessCount } from "./guess-count.ts";

test("wrong tokens are counted by network, and forgotten when the time is over", () => {
  const guesses = new GuessCount(1000);
  assert.deepEqual(
    [0, 10, 20].map((now) => guesses.add("192.0.2.1", now)),
    [1, 2, 3],
  );
  assert.equal(guesses.add("192.0.2.2", 30), 1);
  assert.equal(guesses.add("192.0.2.1", 1000), 1);
});

test("all of an IPv6 network is one: who has a /64 has 2^64 addresses", () => {
  const guesses = new GuessCount(1000);
  guesses.add("2001:db8:1:2::1", 0);
  assert.equal(guesses.add("2001:db8:1:2:ffff::9", 0), 2);
  assert.equal(guesses.add("2001:db8:1:3::1", 0), 1);
});

test("a thousand networks at a time: the one that has been silent for longest is forgotten", () => {
  const guesses = new GuessCount(1000);
  for (let network = 0; network < 1001; network += 1)
    guesses.add(`10.${Math.floor(network / 250)}.${network % 250}.1`, network === 0 ? 0 : 1);
  assert.equal(guesses.add("10.0.0.1", 2), 1, "the first has been forgotten");
  assert.equal(guesses.add("10.4.0.1", 2), 2, "the last has not");
});
