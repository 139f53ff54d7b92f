import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { setInterval as every } from "node:timers/promises";
import { Rush } from "./rush.ts";

const usual = 200;
const { signal } = new AbortController();

suite("a rush", () => {
  const cases = [
    { name: "as many routed as came in", received: 500, routed: 500, utilization: 1, batch: usual },
    { name: "few came in", received: 60, routed: 0, utilization: 1, batch: usual },
    { name: "the thread has time to spare", received: 5000, routed: 100, utilization: 0.5, batch: usual },
    {
      name: "more came in, and none now: it is over",
      received: 5000,
      routed: 100,
      utilization: 1,
      batch: usual,
    },
  ];
  for (const { name, received, routed, utilization, batch } of cases) {
    test(`the routing goes on: ${name}`, async () => {
      const rush = new Rush(() => utilization);
      rush.received(received);
      rush.routed(routed);
      assert.equal(await rush.turn(signal), batch);
    });
  }

  test("the routing takes little while alerts go on coming in", async () => {
    const rush = new Rush(() => 1);
    rush.received(5000);
    const stop = new AbortController();
    const arriving = (async () => {
      for await (const _ of every(1, undefined, { signal: stop.signal })) rush.received(10);
    })();
    const batch = await rush.turn(signal);
    stop.abort();
    await assert.rejects(arriving);
    assert.ok(batch < usual);
  });

  test("whoever stops does not wait for its end", async () => {
    const rush = new Rush(() => 1);
    rush.received(5000);
    assert.ok((await rush.turn(AbortSignal.abort())) > 0);
  });
});
