import assert from "node:assert/strict";
import { test } from "node:test";
import type { ActionKind } from "../model/action.ts";
import { DeliveryError } from "../model/errors.ts";
import { Gates } from "./gates.ts";
import type { Change } from "./gates.ts";

const start = 1_000_000;
const passing = new DeliveryError("answered 503", { permanent: false });
const permanent = new DeliveryError("answered 404", { permanent: true });
const limited = (retryAfterMs: number) =>
  new DeliveryError("answered 429", { permanent: false, retryAfterMs });

interface Setting {
  readonly kind?: ActionKind;
}

/** One action's gate, whose pauses are as long as they can be. */
function gateOf({ kind = "message" }: Setting = {}) {
  const gates = new Gates();
  let settings = { name: "ops" };
  const enter = (now: number) => gates.enter({ settings, kind, lane: "incident" }, now);
  return {
    reload() {
      settings = { ...settings };
    },
    /** A pass, begun and to be ended by the test. */
    begin(now: number) {
      const answer = enter(now);
      assert.ok(!("reason" in answer), "it waits");
      return answer;
    },
    /** Tries at once; what that changed, or until when it has to wait. */
    tries(now: number, error: DeliveryError | null): Change | null | number {
      const answer = enter(now);
      return "reason" in answer ? answer.until : answer.end(error, { now, random: 1 });
    },
  };
}

test("five failures in a row open it, one success closes it", () => {
  const gate = gateOf();
  for (let failed = 1; failed < 5; failed += 1) assert.equal(gate.tries(start, passing), null);
  assert.equal(gate.tries(start, passing), "opened");
  assert.equal(gate.tries(start + 10, null), start + 1000);
  assert.equal(gate.tries(start + 1000, null), "closed");
  assert.equal(gate.tries(start + 1001, null), null);
});

test("failures that are not in a row, and refusals for good, do not", () => {
  const gate = gateOf();
  for (const error of [passing, passing, passing, passing, null, passing, permanent, passing])
    assert.equal(gate.tries(start, error), null);
  for (let refused = 0; refused < 20; refused += 1) assert.equal(gate.tries(start, permanent), null);
});

const pauses: readonly (readonly [ActionKind, readonly number[]])[] = [
  ["pager", [1, 2, 4, 8, 15, 15, 15]],
  ["message", [1, 2, 4, 8, 16, 32, 60, 60]],
];

for (const [kind, seconds] of pauses)
  test(`the pauses of a ${kind} grow to ${seconds.at(-1)} s`, () => {
    const gate = gateOf({ kind });
    for (let failed = 0; failed < 5; failed += 1) gate.tries(start, passing);
    let now = start;
    for (const pause of seconds) {
      const until = gate.tries(now, passing);
      assert.equal(until, now + pause * 1000);
      now = until;
      assert.equal(gate.tries(now, passing), null);
    }
  });

test("after a pause one is tried, the others wait for what becomes of it", () => {
  const gate = gateOf();
  for (let failed = 0; failed < 5; failed += 1) gate.tries(start, passing);
  const now = start + 1000;
  const trial = gate.begin(now);
  assert.equal(gate.tries(now, null), now + 5000);
  assert.equal(trial.end(null, { now, random: 1 }), "closed");
  assert.equal(gate.tries(now, null), null);
});

test("a trial that was not sent leaves its place to another", () => {
  const gate = gateOf();
  for (let failed = 0; failed < 5; failed += 1) gate.tries(start, passing);
  const now = start + 1000;
  gate.begin(now)[Symbol.dispose]();
  assert.equal(gate.tries(now, null), "closed");
});

test("a trial that is refused for good has found somebody there", () => {
  const gate = gateOf();
  for (let failed = 0; failed < 5; failed += 1) gate.tries(start, passing);
  assert.equal(gate.tries(start + 1000, permanent), "closed");
});

test("what a receiver asks for holds for all its messages", () => {
  const gate = gateOf();
  assert.equal(gate.tries(start, limited(30_000)), "opened");
  assert.equal(gate.tries(start + 29_999, null), start + 30_000);
  assert.equal(gate.tries(start + 30_000, null), "closed");
});

test("a pager is asked again after a minute, the others after an hour, whatever they ask for", () => {
  const pager = gateOf({ kind: "pager" });
  pager.tries(start, limited(10 * 3_600_000));
  assert.equal(pager.tries(start, null), start + 60_000);
  const message = gateOf();
  message.tries(start, limited(10 * 3_600_000));
  assert.equal(message.tries(start, null), start + 3_600_000);
});

test("what was under way when it opened neither closes it nor makes the pause longer, but may ask for patience", () => {
  const gate = gateOf();
  const [well, badly, patient] = [gate.begin(start), gate.begin(start), gate.begin(start)];
  assert.equal(gate.tries(start, limited(2000)), "opened");
  assert.equal(well.end(null, { now: start + 10, random: 1 }), null);
  assert.equal(badly.end(passing, { now: start + 10, random: 1 }), null);
  assert.equal(gate.tries(start + 20, null), start + 2000);
  assert.equal(patient.end(limited(5000), { now: start + 30, random: 1 }), null);
  assert.equal(gate.tries(start + 40, null), start + 5030);
});

test("a reload ends the pause: the next message finds out who is there now", () => {
  const gate = gateOf();
  gate.tries(start, limited(3_600_000));
  assert.equal(gate.tries(start + 10, null), start + 3_600_000);
  gate.reload();
  const trial = gate.begin(start + 20);
  assert.equal(gate.tries(start + 20, null), start + 5020);
  assert.equal(trial.end(null, { now: start + 30, random: 1 }), "closed");
  assert.equal(gate.tries(start + 40, null), null);
});

test("one action's trouble is no other's", () => {
  const gates = new Gates();
  const settings = { slack: { name: "slack" }, pagerduty: { name: "pagerduty" } };
  const enter = (action: keyof typeof settings) =>
    gates.enter({ settings: settings[action], kind: "pager", lane: "incident" }, start);
  const pass = enter("slack");
  assert.ok(!("reason" in pass));
  pass.end(limited(1000), { now: start, random: 1 });
  const waits = enter("slack");
  assert.ok("reason" in waits);
  assert.equal(waits.why, "not tried: slack is left alone for a while (answered 429)");
  assert.ok(!("reason" in enter("pagerduty")));
});

test("a rate is kept, and what was not sent does not count", () => {
  const gates = new Gates();
  const settings = { name: "ops", rate: { count: 1, perMs: 60_000 } };
  const enter = (lane: string) => gates.enter({ settings, kind: "message", lane }, start);
  const unsent = enter("one");
  assert.ok(!("reason" in unsent));
  unsent[Symbol.dispose]();
  assert.ok(!("reason" in enter("two")));
  const waits = enter("three");
  assert.ok("reason" in waits);
  assert.deepEqual([waits.reason, waits.until], ["rate", start + 60_000]);
  assert.equal(waits.why, "waits for its turn: ops is sent 1/m");
});
