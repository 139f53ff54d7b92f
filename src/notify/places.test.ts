import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { Places } from "./places.ts";

const { signal } = new AbortController();

/** Asks for a place; `got` once there is one. */
function ask(places: Places, limit: number, by: AbortSignal = signal) {
  const asked = { got: null as Disposable | null, place: places.take("slack", limit, by) };
  asked.place.then(
    (place) => (asked.got = place),
    () => undefined,
  );
  return asked;
}

suite("places", () => {
  test("are taken in the order of asking, so many at once", async () => {
    const places = new Places();
    const asked = Array.from({ length: 4 }, () => ask(places, 2));
    const taken = async () => {
      await turnOfTheLoop();
      return asked.map(({ got }) => got !== null);
    };
    assert.deepEqual(await taken(), [true, true, false, false]);
    asked[1]?.got?.[Symbol.dispose]();
    assert.deepEqual(await taken(), [true, true, true, false]);
    asked[0]?.got?.[Symbol.dispose]();
    assert.deepEqual(await taken(), [true, true, true, true]);
  });

  test("one action's are no other's", async () => {
    const places = new Places();
    await places.take("slack", 1, signal);
    await places.take("pager", 1, signal);
  });

  test("whoever stops waiting leaves the line, and is told why", async () => {
    const places = new Places();
    const first = await places.take("slack", 1, signal);
    const stopping = new AbortController();
    const second = places.take("slack", 1, stopping.signal);
    const third = places.take("slack", 1, signal);
    stopping.abort(new Error("stopping"));
    await assert.rejects(second, /stopping/);
    await assert.rejects(places.take("slack", 1, stopping.signal), /stopping/);
    first[Symbol.dispose]();
    await third;
  });

  test("fewer after a reload: nobody follows until there are no more than that", async () => {
    const places = new Places();
    const [one, two] = [await places.take("slack", 2, signal), await places.take("slack", 2, signal)];
    const waiting = ask(places, 1);
    one[Symbol.dispose]();
    await turnOfTheLoop();
    assert.equal(waiting.got, null);
    two[Symbol.dispose]();
    await waiting.place;
  });

  test("more after a reload: whoever waits already comes first", async () => {
    const places = new Places();
    await places.take("slack", 1, signal);
    const waiting = [ask(places, 1), ask(places, 1)];
    const late = ask(places, 3);
    await turnOfTheLoop();
    assert.deepEqual(
      [...waiting, late].map(({ got }) => got !== null),
      [true, true, false],
    );
  });
});
