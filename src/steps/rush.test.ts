import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setInterval as every } from "node:timers/promises";
import { Rush } from "./rush.ts";

const usual = 200;
const { signal } = new AbortController();

interface World extends AsyncDisposable {
  readonly rush: Rush;
  /** `now` is in ms. */
  readonly signs: { now: number; utilization: number };
  /** Alerts come in until the world is disposed of. */
  flood(): void;
}

function newWorld(): World {
  const stop = new AbortController();
  let flooding: Promise<void> | undefined;
  const signs = { now: 0, utilization: 1 };
  const world: World = {
    rush: new Rush({ utilization: () => signs.utilization, now: () => signs.now }),
    signs,
    flood() {
      flooding = (async () => {
        for await (const _ of every(1, undefined, { signal: stop.signal })) world.rush.received(10);
      })();
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await flooding?.catch(() => undefined);
    },
  };
  return world;
}

suite("a rush", () => {
  const cases = [
    { name: "few came in", received: 60, ms: 1000, utilization: 1 },
    { name: "many came in, over a long time", received: 5000, ms: 60_000, utilization: 1 },
    { name: "the thread has time to spare", received: 5000, ms: 1000, utilization: 0.5 },
    { name: "it has lasted for a moment only", received: 5000, ms: 20, utilization: 1 },
    { name: "many came in, and none now: it is over", received: 5000, ms: 1000, utilization: 1 },
  ];
  for (const { name, received, ms, utilization } of cases) {
    test(`the routing goes on: ${name}`, async () => {
      await using world = newWorld();
      world.signs.utilization = utilization;
      world.rush.received(received);
      world.signs.now += ms;
      assert.equal(await world.rush.turn(signal), usual);
    });
  }

  test("the routing takes little while alerts go on coming in", async () => {
    await using world = newWorld();
    world.rush.received(5000);
    world.signs.now += 1000;
    world.flood();
    assert.ok((await world.rush.turn(signal)) < usual);
  });

  test("the routing makes way for 5 s in a row, and then no longer until the rush is over", async () => {
    await using world = newWorld();
    world.flood();
    const turn = async (ms: number) => {
      world.rush.received(5000);
      world.signs.now += ms;
      return world.rush.turn(signal);
    };
    assert.ok((await turn(1000)) < usual);
    assert.ok((await turn(4900)) < usual);
    assert.equal(await turn(200), usual);
    assert.equal(await turn(1000), usual);
    world.signs.utilization = 0;
    assert.equal(await turn(1000), usual);
    world.signs.utilization = 1;
    assert.ok((await turn(1000)) < usual);
  });

  test("whoever stops does not wait for its end", async () => {
    await using world = newWorld();
    world.rush.received(5000);
    world.signs.now += 1000;
    assert.ok((await world.rush.turn(AbortSignal.abort())) > 0);
  });
});
