import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy, incidentOf, noon } from "../../test/fixtures/observations.ts";
import { Random } from "../../test/fixtures/random.ts";
import { nextLook, openSchedule } from "./schedule.ts";

const spread: { random: number; pause: number }[] = [
  { random: 0, pause: 54_000 },
  { random: 0.25, pause: 57_000 },
  { random: 0.5, pause: 60_000 },
  { random: 1, pause: 66_000 },
];
for (const { random, pause } of spread) {
  test(`a pause of 60 s with random ${random} is ${pause / 1000} s`, () => {
    assert.equal(nextLook(noon, 60_000, random), noon + pause);
  });
}

test("property: a pause is spread by a tenth at most, and is a whole number of milliseconds", () => {
  const random = new Random(21);
  for (let round = 0; round < 2000; round++) {
    const pause = random.whole(0, 4_000_000);
    const next = nextLook(noon, pause, random.next()) - noon;
    assert(next >= Math.floor(pause * 0.9) && next <= Math.ceil(pause * 1.1), `${pause}: ${next}`);
    assert(Number.isInteger(next), `${pause}: ${next}`);
  }
});

const minute = 60_000;
const hour = 60 * minute;
const open: { rechecks: number; age: number; pause: number }[] = [
  { rechecks: 0, age: 10_000, pause: 30_000 },
  { rechecks: 1, age: 40_000, pause: minute },
  { rechecks: 2, age: 2 * minute, pause: 2 * minute },
  { rechecks: 3, age: 4 * minute, pause: 5 * minute },
  { rechecks: 4, age: 9 * minute, pause: 5 * minute },
  { rechecks: 200, age: 17 * hour, pause: 5 * minute },
  { rechecks: 280, age: 23 * hour, pause: 5 * minute },
  { rechecks: 300, age: 25 * hour, pause: hour },
  { rechecks: 900, age: 700 * hour, pause: hour },
];
for (const { rechecks, age, pause } of open) {
  test(`open for ${age / 1000} s, after ${rechecks} rechecks: again in ${pause / 1000} s`, () => {
    const incident = incidentOf({ state: "open", watchStep: rechecks });
    const now = noon + age;
    assert.equal(openSchedule(incident, now, defaultPolicy, 0.5), now + pause);
  });
}

test("a schedule of one pause repeats it", () => {
  const policy = { ...defaultPolicy, openRecheckMs: [minute] };
  for (const watchStep of [0, 1, 5])
    assert.equal(openSchedule(incidentOf({ watchStep }), noon, policy, 0.5), noon + minute);
});
