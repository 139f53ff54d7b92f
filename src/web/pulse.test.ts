import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { until } from "../../test/fixtures/until.ts";
import { Pulse } from "./pulse.ts";

const never = new AbortController().signal;

/** Wake-ups by hand. */
function bell() {
  const ringing = new Set<() => void>();
  const onWake = (beat: () => void): Disposable => {
    ringing.add(beat);
    return { [Symbol.dispose]: () => void ringing.delete(beat) };
  };
  const ring = () => {
    for (const beat of ringing) beat();
  };
  return { onWake, ring, listeners: () => ringing.size };
}

suite("pulse", () => {
  test("beats once a period", async (context) => {
    context.mock.timers.enable({ apis: ["setInterval"] });
    const pulse = new Pulse(bell().onWake, 50);
    for (let period = 0; period < 2; period += 1) {
      let beaten = false;
      const next = pulse.next(never).then(() => (beaten = true));
      context.mock.timers.tick(49);
      await new Promise(setImmediate);
      assert.equal(beaten, false);
      context.mock.timers.tick(1);
      await next;
    }
  });

  test("a wake-up beats at once for all, a second one in the period not", async () => {
    const { onWake, ring } = bell();
    const pulse = new Pulse(onWake, 10_000);
    const all = [pulse.next(never), pulse.next(never)];
    ring();
    await Promise.all(all);
    const ended = new AbortController();
    let beaten = false;
    const next = pulse.next(ended.signal).then(() => (beaten = true));
    for (let time = 0; time < 100; time += 1) ring();
    // A beat ends what waits in the same turn; the next turn has seen it, if there was one.
    await new Promise(setImmediate);
    assert.equal(beaten, false);
    ended.abort();
    await next;
  });

  test("is silent while nobody listens, and begins again", async () => {
    const { onWake, ring, listeners } = bell();
    const pulse = new Pulse(onWake, 10);
    await pulse.next(never);
    await until("silence", () => listeners() === 0);
    const next = pulse.next(never);
    assert.equal(listeners(), 1);
    ring();
    await next;
  });
});
