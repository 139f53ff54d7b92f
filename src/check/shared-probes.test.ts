import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { probeRequestFor } from "../../test/fixtures/probe-requests.ts";
import { error, pass } from "../../test/fixtures/observations.ts";
import { LocationError } from "../model/errors.ts";
import type { Observation } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import type { Location } from "./location-type.ts";
import { SharedProbes, type Sharer } from "./shared-probes.ts";

const request = probeRequestFor("http://storefront.example/");
const never = new AbortController().signal;
const ten = 10_000;

/** A place whose answers come when the test says so. */
function place(name = "eu") {
  const asked: { readonly answer: PromiseWithResolvers<Observation>; readonly signal: AbortSignal }[] = [];
  const location: Location = {
    name,
    domain: name,
    provider: null,
    region: null,
    ask(_, signal) {
      const answer = Promise.withResolvers<Observation>();
      asked.push({ answer, signal });
      return answer.promise;
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { location, asked };
}

/** The clock stands until a test moves it. */
function sharing() {
  const clock = { now: 100_000 };
  return { clock, shared: new SharedProbes(() => clock.now) };
}

function sharer(incident: string, since = 0): Sharer {
  return { incident, since, maxAgeMs: ten };
}

suite("equal probes of two incidents", () => {
  test("one that is going answers both", async () => {
    const { shared } = sharing();
    const { location, asked } = place();
    const first = shared.at(location, sharer("a")).ask(request, never);
    const second = shared.at(location, sharer("b")).ask(request, never);
    assert.equal(asked.length, 1);
    asked[0]?.answer.resolve(pass("eu"));
    assert.deepEqual(await first, await second);
  });

  const later: readonly [what: string, ms: number, by: Sharer, probes: number][] = [
    ["just under ten seconds later: shared", ten, sharer("b"), 1],
    ["ten seconds later: asked anew", ten + 1, sharer("b"), 2],
    ["by an alert that came after it had begun: asked anew", 5000, sharer("b", 100_001), 2],
    ["by an alert that came before: shared", 5000, sharer("b", 100_000), 1],
    ["after the clock was put back, nobody knows how far: asked anew", -3_600_000, sharer("b"), 2],
    ["by the same incident, which wants to look again: asked anew", 1, sharer("a"), 2],
  ];
  for (const [what, ms, by, probes] of later) {
    test(what, async () => {
      const { clock, shared } = sharing();
      const { location, asked } = place();
      const first = shared.at(location, sharer("a")).ask(request, never);
      asked[0]?.answer.resolve(pass("eu"));
      await first;
      clock.now += ms;
      void shared.at(location, by).ask(request, never);
      assert.equal(asked.length, probes);
    });
  }

  const others: readonly [what: string, other: Partial<ProbeRequest>][] = [
    ["another target", { check: { ...request.check, url: "http://other.example/" } }],
    ["another count of samples", { samples: { count: 1, intervalMs: 0 } }],
    ["more leave to look at private addresses", { target: { from: "config", allowPrivate: ["10.0.0.0/8"] } }],
    ["much more time", { deadlineMs: request.deadlineMs + 5000 }],
  ];
  for (const [what, other] of others) {
    test(`${what}: asked apart`, () => {
      const { shared } = sharing();
      const { location, asked } = place();
      void shared.at(location, sharer("a")).ask(request, never);
      void shared.at(location, sharer("b")).ask({ ...request, ...other }, never);
      assert.equal(asked.length, 2);
    });
  }

  test("two locations are asked apart; a check of another name is the same check", () => {
    const { shared } = sharing();
    const [eu, na] = [place("eu"), place("na")];
    void shared.at(eu.location, sharer("a")).ask(request, never);
    void shared.at(na.location, sharer("b")).ask(request, never);
    const renamed = { ...request, check: { ...request.check, name: "another" } };
    void shared.at(eu.location, sharer("c")).ask(renamed, never);
    assert.deepEqual([eu.asked.length, na.asked.length], [1, 1]);
  });

  test("a place that could not tell, or refused, is asked again", async () => {
    const { shared } = sharing();
    const { location, asked } = place();
    const first = shared.at(location, sharer("a")).ask(request, never);
    asked[0]?.answer.resolve(error("eu"));
    await first;
    const second = shared.at(location, sharer("b")).ask(request, never);
    asked[1]?.answer.reject(new LocationError("location.unauthorized", "bad token"));
    await assert.rejects(second, /bad token/);
    void shared.at(location, sharer("c")).ask(request, never);
    assert.equal(asked.length, 3);
  });

  test("who gives up leaves the answer to the other; when nobody waits the place is told", async () => {
    const { shared } = sharing();
    const { location, asked } = place();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = shared.at(location, sharer("a")).ask(request, one.signal);
    const second = shared.at(location, sharer("b")).ask(request, two.signal);
    one.abort(new Error("enough"));
    await assert.rejects(first, /enough/);
    assert.equal(asked[0]?.signal.aborted, false);
    two.abort(new Error("enough"));
    await assert.rejects(second, /enough/);
    assert.equal(asked[0].signal.aborted, true);
  });

  test("one that was given up is nobody else's answer, even before it has ended", async () => {
    const { shared } = sharing();
    const { location, asked } = place();
    const one = new AbortController();
    const first = shared.at(location, sharer("a")).ask(request, one.signal);
    one.abort(new Error("enough"));
    await assert.rejects(first, /enough/);
    const second = shared.at(location, sharer("b")).ask(request, never);
    asked[1]?.answer.resolve(pass("eu"));
    assert.equal((await second).outcome, "pass");
  });
});
