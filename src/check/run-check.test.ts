import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { probeRequestFor } from "../../test/fixtures/probe-requests.ts";
import { ConfigError, LocationError } from "../model/errors.ts";
import { noTimings, type Observation } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import type { Location } from "./location-type.ts";
import { runChecks, type Look } from "./run-check.ts";

const never = new AbortController().signal;
const request = probeRequestFor("http://storefront.example/");

const pass: Observation = {
  outcome: "pass",
  failureSource: null,
  layer: null,
  errorClass: null,
  message: "",
  remoteAddress: null,
  ipVersion: null,
  timings: noTimings,
  assertions: [],
  check: "what the location calls it",
  location: "what the location calls itself",
  resolvedAddresses: [],
  attempts: [],
  startedAt: 1,
  durationMs: 1,
};

type Ask = Location["ask"];

function location(name: string, ask: Ask = () => Promise.resolve(pass)): Location {
  return {
    name,
    domain: name,
    provider: null,
    region: null,
    ask,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

const hang: Ask = () => new Promise(() => undefined);

function asked(...locations: Location[]): Look["questions"] {
  return locations.map((location) => ({ check: "storefront", location, request }));
}

function run(questions: Look["questions"], look: Partial<Look> = {}, signal = never): Promise<Observation[]> {
  const rest = { deadlineMs: 20_000, settled: () => false, onObservation: () => undefined };
  return runChecks({ questions, ...rest, ...look }, signal);
}

suite("what locations answer", () => {
  const cases: { name: string; ask: Ask; deadlineMs?: number; errorClass: string; message: RegExp }[] = [
    {
      name: "a refusal",
      ask: () => Promise.reject(new LocationError("location.unauthorized", "bad token")),
      errorClass: "location.unauthorized",
      message: /^bad token$/,
    },
    {
      name: "a throw",
      ask: () => {
        throw new TypeError("x is not a function");
      },
      errorClass: "location.bug",
      message: /x is not a function/,
    },
    {
      name: "a request that it does not take",
      ask: () => Promise.reject(new ConfigError(["no type icmp"])),
      errorClass: "location.request",
      message: /no type icmp/,
    },
    {
      name: "garbage",
      // A location is not trusted to keep to the type.
      ask: () => Promise.resolve({ outcome: "fine" } as unknown as Observation),
      errorClass: "location.protocol",
      message: /its answer is no observation: outcome/,
    },
    {
      name: "nothing",
      ask: hang,
      deadlineMs: 50,
      errorClass: "location.timeout",
      message: /no answer within 50 ms/,
    },
  ];
  for (const { name, ask, deadlineMs = 20_000, errorClass, message } of cases) {
    test(`${name} is ${errorClass}, and no vote`, async () => {
      const [seen] = await run(asked(location("eu", ask)), { deadlineMs });
      assert.equal(seen?.outcome, "error");
      assert.equal(seen.errorClass, errorClass);
      assert.match(seen.message, message);
      assert.equal(seen.failureSource, "location");
      assert.equal(seen.check, "storefront");
      assert.equal(seen.location, "eu");
    });
  }

  test("is filed under what was asked, not under what it says", async () => {
    const [seen] = await run(asked(location("eu")));
    assert.deepEqual(seen, { ...pass, check: "storefront", location: "eu" });
  });

  test("is told as it arrives, the slow ones last", async () => {
    const gate = Promise.withResolvers<Observation>();
    const told: string[] = [];
    const seen = await run(
      asked(
        location("slow", () => gate.promise),
        location("quick"),
      ),
      {
        async onObservation({ location }) {
          await Promise.resolve();
          told.push(location);
          gate.resolve(pass);
        },
      },
    );
    assert.deepEqual(told, ["quick", "slow"]);
    assert.deepEqual(
      seen.map(({ location }) => location),
      told,
    );
  });
});

suite("time", () => {
  test("locations have a little less than we have, so that their answer arrives", async () => {
    const given: ProbeRequest[] = [];
    const eu = location("eu", (request) => {
      given.push(request);
      return Promise.resolve(pass);
    });
    await run(asked(eu), { deadlineMs: 5000 });
    await run(asked(eu), { deadlineMs: 600 });
    await run(asked(eu), { deadlineMs: 60_000 });
    assert.deepEqual(
      given.map(({ deadlineMs }) => deadlineMs),
      [4500, 300, 30_000],
    );
  });

  test("all are asked at once, and those that hang do not delay the others", async () => {
    const seen = await run(asked(location("a", hang), location("b"), location("c", hang)), {
      deadlineMs: 1000,
    });
    assert.deepEqual(
      seen.map(({ location, outcome }) => `${location} ${outcome}`),
      ["b pass", "a error", "c error"],
    );
  });

  test("an answer after the deadline is nobody's", async () => {
    const gate = Promise.withResolvers<Observation>();
    const told: string[] = [];
    const questions = asked(location("late", () => gate.promise));
    const seen = await run(questions, {
      deadlineMs: 50,
      onObservation: ({ errorClass }) => void told.push(String(errorClass)),
    });
    gate.resolve(pass);
    await gate.promise;
    assert.deepEqual(told, ["location.timeout"]);
    assert.equal(seen.length, 1);
  });

  test("the rest is cancelled once the verdict needs no more", async () => {
    let cancelled = false;
    const slow = location("slow", (_, signal) => {
      signal.addEventListener("abort", () => {
        cancelled = true;
      });
      return hang(request, signal);
    });
    const seen = await run(asked(slow, location("a"), location("b")), {
      settled: ({ length }) => length >= 2,
      lingerMs: 20,
    });
    assert.equal(seen[2]?.errorClass, "location.not-awaited");
    assert.equal(seen[2].message, "the verdict did not need it");
    assert.equal(seen[2].outcome, "error");
    assert.ok(cancelled);
  });

  test("what arrives in the time after that is taken", async () => {
    const gate = Promise.withResolvers<Observation>();
    const seen = await run(
      asked(
        location("a"),
        location("b", () => gate.promise),
      ),
      {
        settled() {
          gate.resolve(pass);
          return true;
        },
      },
    );
    assert.deepEqual(
      seen.map(({ outcome }) => outcome),
      ["pass", "pass"],
    );
  });

  test("giving up rejects with the reason, and cancels", async () => {
    const controller = new AbortController();
    const reason = new Error("shutting down");
    const running = run(asked(location("eu", hang)), {}, controller.signal);
    controller.abort(reason);
    await assert.rejects(running, reason);
    await assert.rejects(run(asked(location("eu", hang)), {}, AbortSignal.abort(reason)), reason);
  });

  test("what the caller throws ends it, and cancels the rest", async () => {
    let given: AbortSignal | undefined;
    const slow = location("slow", (_, signal) => {
      given = signal;
      return hang(request, signal);
    });
    const disk = new Error("disk full");
    const running = run(asked(location("a"), slow), { onObservation: () => Promise.reject(disk) });
    await assert.rejects(running, disk);
    assert.equal(given?.aborted, true);
  });
});
