import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "./pace.ts";

const minute = 60_000;
const start = 1_000_000;

/** Lanes that ask when they are told to, until all have gone; when each went, and in which order. */
function run(
  rate: { count: number; perMs: number },
  asking: readonly (readonly [lane: string, at: number])[],
) {
  const pace = new Pace();
  const went: { lane: string; at: number }[] = [];
  let waiting = asking.map(([lane, at]) => ({ lane, at: start + at }));
  for (let asked = 0; waiting.length > 0; asked += 1) {
    assert.ok(asked < 10_000, "they ask for ever");
    const [next, ...others] = waiting.toSorted((one, other) => one.at - other.at);
    assert.ok(next);
    const turn = pace.enter(next.lane, rate, next.at);
    if (turn === null) went.push(next);
    assert.ok(turn === null || turn > next.at);
    waiting = turn === null ? others : [...others, { lane: next.lane, at: turn }];
  }
  return went;
}

const lanes = (count: number) => Array.from({ length: count }, (_, index) => `lane ${index}`);

test("no stretch of its length has more than the rate, and those who wait go in order", () => {
  const rate = { count: 20, perMs: minute };
  const went = run(
    rate,
    lanes(100).map((lane, index) => [lane, index * 700] as const),
  );
  assert.deepEqual(
    went.map(({ lane }) => lane),
    lanes(100),
  );
  for (const { at } of went) {
    const within = went.filter((other) => other.at >= at && other.at < at + minute);
    assert.ok(within.length <= rate.count, `${within.length} in a minute`);
  }
});

test("nothing is given away: a hundred at once take five minutes at 20/m", () => {
  const went = run(
    { count: 20, perMs: minute },
    lanes(100).map((lane) => [lane, 0] as const),
  );
  assert.equal(went.at(-1)?.at, start + 4 * minute);
});

test("who comes when a turn is due does not take it from one who waits", () => {
  const pace = new Pace();
  const rate = { count: 1, perMs: 1000 };
  assert.equal(pace.enter("first", rate, start), null);
  assert.equal(pace.enter("second", rate, start + 1), start + 1000);
  assert.equal(pace.enter("third", rate, start + 1000), start + 2000);
  assert.equal(pace.enter("second", rate, start + 1010), null);
});

test("a turn that nobody takes is another's in the end", () => {
  const pace = new Pace();
  const rate = { count: 1, perMs: 1000 };
  assert.equal(pace.enter("first", rate, start), null);
  assert.equal(pace.enter("gone", rate, start), start + 1000);
  assert.equal(pace.enter("third", rate, start + 6001), null);
});

test("who asks early keeps its turn", () => {
  const pace = new Pace();
  const rate = { count: 1, perMs: minute };
  assert.equal(pace.enter("first", rate, start), null);
  assert.equal(pace.enter("second", rate, start + 5), start + minute);
  assert.equal(pace.enter("second", rate, start + 10), start + minute);
  assert.equal(pace.enter("third", rate, start + 15), start + 2 * minute);
});

test("what was not sent after all makes room", () => {
  const pace = new Pace();
  const rate = { count: 1, perMs: minute };
  assert.equal(pace.enter("first", rate, start), null);
  pace.giveBack(start);
  assert.equal(pace.enter("second", rate, start + 1), null);
});
