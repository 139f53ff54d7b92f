import assert from "node:assert/strict";
import { test } from "node:test";
import {
  degraded,
  error,
  fail,
  five,
  incidentOf,
  looked,
  noon,
  pass,
  planOf,
  sampleLost,
  seen,
  three,
} from "../../test/fixtures/observations.ts";
import type { Observation } from "../model/observation.ts";
import type { Scope, Verdict } from "../model/verdict.ts";
import { verdictGiven } from "./advance.ts";
import { alertFired, alertResolved } from "./alert-step.ts";
import { judgeRun, withoutRun } from "./combine.ts";

/** The scenes of verdict.md §7 that votes alone decide. A run looks again only when it is asked to. */
interface Scene {
  readonly name: string;
  readonly locations: readonly string[];
  readonly first: readonly Observation[];
  /** As the first, unless given. */
  readonly second?: readonly Observation[];
  readonly says: string;
  readonly looks: number;
  readonly scope?: Partial<Scope>;
}

const one = ["eu"];
const two = ["eu", "apac"];
const scene = (
  name: string,
  locations: readonly string[],
  [first, second]: [first: string, second?: string],
  [says, looks]: [says: string, looks: number],
): Scene => ({
  name,
  locations,
  first: seen(first, locations),
  ...(second === undefined ? {} : { second: seen(second, locations) }),
  says,
  looks,
});

const expired = { layer: "tls", errorClass: "tls.expired", message: "expired on 2026-01-31" } as const;
const servfail = {
  layer: "dns",
  errorClass: "dns.servfail",
  message: "SERVFAIL from both resolvers",
} as const;
const forbidden = { layer: "http", errorClass: "http.status", message: "403 Forbidden" } as const;

const scenes: Scene[] = [
  scene("1 location, passes", one, ["pass"], ["inconclusive single-location", 1]),
  scene("1 location, fails with good controls", one, ["fail"], ["confirmed single-location", 1]),
  scene("2 locations, 1 fails twice", two, ["fail pass"], ["regional some-domains-fail", 2]),
  scene("3 locations, all pass", three, ["pass pass pass"], ["not-reproduced all-pass", 1]),
  scene("3 locations, 1 fails twice", three, ["pass fail pass"], ["regional some-domains-fail", 2]),
  scene(
    "3 locations, 1 fails once",
    three,
    ["pass fail pass", "pass pass pass"],
    ["not-reproduced second-look-clean", 2],
  ),
  scene("3 locations, 2 fail", three, ["fail fail pass"], ["confirmed enough-domains-fail", 1]),
  scene("3 locations, 3 fail", three, ["fail fail fail"], ["confirmed enough-domains-fail", 1]),
  scene("3, one impaired, two pass", three, ["none pass pass"], ["not-reproduced all-pass", 1]),
  scene("3, one impaired, two fail", three, ["none fail fail"], ["confirmed enough-domains-fail", 1]),
  scene("3, one impaired, one of two fails", three, ["none fail pass"], ["regional some-domains-fail", 2]),
  scene("5, two impaired, three pass", five, ["none none pass pass pass"], ["inconclusive too-few-votes", 1]),
  scene(
    "5, three without a vote, two fail",
    five,
    ["none none - fail fail"],
    ["confirmed enough-domains-fail", 1],
  ),
  scene(
    "one of two backends dead, seen everywhere",
    three,
    ["flaky flaky flaky", "flaky flaky pass"],
    ["confirmed intermittent", 2],
  ),
  scene(
    "one of two backends dead, seen by one on the second look",
    three,
    ["flaky flaky flaky", "pass pass flaky"],
    ["regional some-domains-flaky", 2],
  ),
  {
    name: "authoritative DNS answers SERVFAIL everywhere",
    locations: three,
    first: three.map((name) => fail(name, servfail)),
    says: "confirmed enough-domains-fail",
    looks: 1,
    scope: { locations: three, layer: "dns", errorClass: "dns.servfail" },
  },
  {
    name: "our resolver broken at one location",
    locations: three,
    first: [
      error("eu", {
        failureSource: "resolver",
        errorClass: "location.resolver",
        message: "our resolver is broken",
      }),
      pass("apac"),
      pass("na"),
    ],
    says: "not-reproduced all-pass",
    looks: 1,
    scope: { locations: [] },
  },
  {
    name: "one of four addresses dead",
    locations: three,
    first: three.map((name) => sampleLost(name, { errorClass: "tcp.timeout", layer: "tcp" })),
    says: "confirmed intermittent",
    looks: 2,
    scope: { locations: three, errorClass: "tcp.timeout" },
  },
  {
    name: "certificate expired at one address, which every location tries",
    locations: three,
    first: three.map((name) => fail(name, expired)),
    says: "confirmed enough-domains-fail",
    looks: 1,
    scope: { layer: "tls", errorClass: "tls.expired" },
  },
  {
    name: "answers in 4 s where 3 s is asked, alert says slow",
    locations: three,
    first: three.map((name) => degraded(name)),
    says: "degraded slow",
    looks: 1,
  },
  {
    name: "everybody gets 403",
    locations: three,
    first: three.map((name) => fail(name, forbidden)),
    says: "confirmed enough-domains-fail",
    looks: 1,
    scope: { locations: three, errorClass: "http.status" },
  },
  {
    name: "our uplink dead",
    locations: three,
    first: three.map((name) => error(name)),
    says: "inconclusive no-votes",
    looks: 1,
  },
];

function play({ locations, first, second = first }: Scene): Verdict {
  const plan = planOf({ locations });
  const early = judgeRun(plan, looked(1, first), 1);
  if (early !== "second-look") return early;
  const late = judgeRun(plan, [...looked(1, first), ...looked(2, second)], 2);
  assert(late !== "second-look");
  return late;
}

for (const played of scenes) {
  test(`${played.name}: ${played.says}`, () => {
    const verdict = play(played);
    assert.equal(`${verdict.outcome} ${verdict.reason}`, played.says);
    assert.equal(verdict.looks, played.looks);
    assert.partialDeepStrictEqual(verdict.scope, played.scope ?? {});
  });
}

test("certificate expired: the dates are in the message", () => {
  const verdict = judgeRun(
    planOf(),
    looked(
      1,
      three.map((name) => fail(name, expired)),
    ),
    1,
  );
  assert(verdict !== "second-look");
  assert.match(verdict.summary, /expired on 2026-01-31/v);
});

const policy = { plan: planOf(), random: 0.5 };

test("resolved arrives during the run: a page only on our own proof", () => {
  const opened = alertFired(incidentOf(), noon, policy).incident;
  const resolved = alertResolved(opened, noon + 3000, policy);
  assert.equal(resolved.reason, "sender-resolved");
  assert.equal(resolved.incident.state, "checking", "the run goes on");
  const given = (votes: string) => {
    const verdict = play(scene("", three, [votes], ["", 1]));
    const { tell } = verdictGiven(resolved.incident, { verdict, cause: "alert" }, noon + 20_000, policy);
    return tell.some(({ actions }) => actions.includes("pagerduty"));
  };
  assert.equal(given("fail fail pass"), true, "confirmed");
  assert.equal(given("fail pass pass"), true, "regional");
  assert.equal(given("none none none"), false, "inconclusive");
  assert.equal(given("degraded degraded pass"), false, "degraded");
  assert.equal(given("pass pass pass"), false, "not-reproduced");
});

test("resolved arrives to a subject whose story is over: nothing but a record", () => {
  const over = incidentOf({ state: "closed", closedAt: noon, alertCount: 1 });
  const step = alertResolved(over, noon + 3000, policy);
  assert.deepEqual(step, { incident: over, tell: [], reason: "no-incident" });
});

test("worker killed mid-run: at the latest the hold pages", () => {
  const opened = alertFired(incidentOf(), noon, policy).incident;
  const verdict = withoutRun({ reason: "overdue", summary: "No verdict within 60 s." });
  const step = verdictGiven(opened, { verdict, cause: "hold" }, noon + 60_000, policy);
  assert.equal(step.incident.state, "open");
  assert.deepEqual(
    step.tell.map(({ actions }) => actions),
    [["pagerduty"]],
  );
});

test("worker killed mid-run: what is taken up too late is interrupted, and pages", () => {
  const opened = alertFired(incidentOf(), noon, policy).incident;
  const verdict = withoutRun({ reason: "interrupted", summary: "The run was interrupted." });
  const step = verdictGiven(opened, { verdict, cause: "alert" }, noon + 50_000, policy);
  assert.equal(step.incident.reason, "interrupted");
  assert.deepEqual(
    step.tell.map(({ actions }) => actions),
    [["pagerduty"]],
  );
});
