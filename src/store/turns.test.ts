import assert from "node:assert/strict";
import { test } from "node:test";
import { Turns } from "./turns.ts";

const long = 60_000;

test("turns come in the order in which they were asked for, so many at once", async () => {
  const turns = new Turns({ places: 2, silenceMs: long, patienceMs: long });
  const begun: number[] = [];
  const all = [1, 2, 3, 4].map((number) => turns.take().then(() => begun.push(number)));
  await Promise.all(all.slice(0, 2));
  assert.deepEqual(begun, [1, 2]);
  turns.leave({ answered: true });
  await all[2];
  assert.deepEqual(begun, [1, 2, 3]);
  turns.leave({ answered: false });
  await Promise.all(all);
  assert.deepEqual(begun, [1, 2, 3, 4]);
});

test("where nobody is answered, those who wait are told so, and the places are kept", async () => {
  const turns = new Turns({ places: 1, silenceMs: 20, patienceMs: long });
  await turns.take();
  await assert.rejects(turns.take(), /^Error: does not answer: nobody has heard of it for \d+ s$/);
  turns.leave({ answered: false });
  await turns.take();
});

test("where others are answered, it is busy", async () => {
  const turns = new Turns({ places: 1, silenceMs: long, patienceMs: 20 });
  await turns.take();
  const waiting = [turns.take(), turns.take()];
  // As whoever had it and was answered, and the next one in its place.
  turns.leave({ answered: true });
  await waiting[0];
  await assert.rejects(
    Promise.all(waiting),
    /^Error: is busy: no turn in \d+ s, and \d+ callers are waiting$/,
  );
});
