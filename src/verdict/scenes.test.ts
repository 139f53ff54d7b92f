import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answered,
  blocked,
  degraded,
  error,
  fail,
  five,
  impaired,
  incidentOf,
  looked,
  noon,
  pass,
  placeOf,
  planOf,
  sampleLost,
  seen,
  selfTestOf,
  three,
  unreachable,
} from "../../test/fixtures/observations.ts";
import { noClaim } from "../model/claim.ts";
import type { Claim, Coverage } from "../model/claim.ts";
import type { Observation } from "../model/observation.ts";
import type { PlannedLocation } from "../model/plan.ts";
import type { SelfTest } from "../model/self-test.ts";
import { verdictReason } from "../model/verdict.ts";
import type { Excuse, Scope, Verdict } from "../model/verdict.ts";
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
  /** Each in a domain of its own; else `locations` with nothing known of them. */
  readonly places?: readonly PlannedLocation[];
  readonly claim?: Partial<Claim>;
  readonly covered?: Coverage;
  readonly selfTests?: readonly SelfTest[];
  readonly excuses?: readonly (Excuse | null)[];
  /** What the check's `why` and the notes of its votes say. */
  readonly notes?: RegExp;
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
const hour = 3_600_000;
const aws = (name: string, region = name) =>
  placeOf(name, { provider: "aws", region, egress: ["203.0.113.7"] });
const office = placeOf("office", { provider: null });
/** A copy of a content delivery network. */
const copy = (name: string) => answered(name, { "x-cache": "HIT", age: "300" });
const dead = { remoteAddress: "192.0.2.4", layer: "tcp", errorClass: "tcp.timeout" } as const;

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
  {
    name: "3, one impaired, two pass",
    locations: three,
    first: [impaired("eu"), pass("apac"), pass("na")],
    says: "not-reproduced all-pass",
    looks: 1,
    excuses: ["impaired", null, null],
  },
  {
    name: "3, one impaired, two fail",
    locations: three,
    first: [impaired("eu"), fail("apac"), unreachable("na")],
    says: "confirmed enough-domains-fail",
    looks: 1,
  },
  {
    name: "3, one impaired, one of two fails",
    locations: three,
    first: [impaired("eu"), unreachable("apac"), pass("na")],
    says: "regional some-domains-fail",
    looks: 2,
  },
  {
    name: "5, two impaired, three pass",
    locations: five,
    first: [impaired("eu"), impaired("apac"), pass("na"), pass("sa"), pass("office")],
    says: "inconclusive too-few-votes",
    looks: 1,
  },
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
    name: "all cached passes from a CDN, origin dead",
    locations: three,
    first: three.map(copy),
    says: "inconclusive not-visible-from-outside",
    looks: 1,
    notes: /cache/v,
  },
  {
    name: "IPv6 broken, only IPv4-only locations, alert says IPv6",
    locations: three,
    first: three.map((name) => pass(name)),
    claim: { ipVersions: [6] },
    says: "inconclusive not-visible-from-outside",
    looks: 1,
    notes: /IPv6/v,
  },
  {
    name: "the alert names a region that nobody looks from",
    locations: three,
    first: three.map((name) => pass(name)),
    claim: { regions: ["sa-east-1"] },
    says: "inconclusive not-visible-from-outside",
    looks: 1,
    notes: /sa-east-1/v,
  },
  {
    name: "the alert names a region, and the location there is cut off",
    locations: three,
    places: [aws("eu", "eu-west-1"), aws("na", "us-east-1"), office],
    first: [impaired("eu"), pass("na"), pass("office")],
    claim: { regions: ["eu-west-1"] },
    says: "inconclusive not-visible-from-outside",
    looks: 1,
    notes: /eu-west-1/v,
  },
  {
    name: "the alert is outside of what the check covers",
    locations: three,
    first: three.map((name) => pass(name)),
    covered: { covered: false, why: "the alert speaks of certificate; the check covers reachability" },
    says: "inconclusive not-visible-from-outside",
    looks: 1,
    notes: /certificate/v,
  },
  {
    name: "certificate expired at one address, the others are good",
    locations: three,
    first: three.map((name) => sampleLost(name, { ...expired, remoteAddress: "192.0.2.4" })),
    says: "confirmed intermittent",
    looks: 2,
    scope: { layer: "tls", errorClass: "tls.expired" },
  },
  {
    name: "one of four addresses dead, and no address answers from one location",
    locations: three,
    first: [sampleLost("eu", dead), fail("apac", dead), sampleLost("na", dead)],
    says: "confirmed intermittent",
    looks: 2,
    scope: { locations: three, layer: "tcp", errorClass: "tcp.timeout" },
  },
  {
    name: "check's own token expired months ago",
    locations: three,
    first: three.map((name) => blocked(name, 401)),
    selfTests: three.map((name) => selfTestOf(blocked(name, 401), 60 * 24 * hour)),
    says: "inconclusive no-baseline",
    looks: 2,
    excuses: ["no-baseline", "no-baseline", "no-baseline"],
    notes: /failing since 20\d\d-\d\d-\d\dT/v,
  },
  {
    name: "a self-test has seen the outage minutes before the alert",
    locations: three,
    first: three.map((name) => fail(name)),
    selfTests: three.map((name) => selfTestOf(fail(name), 240_000)),
    says: "confirmed enough-domains-fail",
    looks: 1,
  },
  {
    name: "WAF blocks AWS, agent passes",
    locations: ["eu", "office"],
    places: [aws("eu"), office],
    first: [blocked("eu"), pass("office")],
    says: "inconclusive blocked",
    looks: 1,
    excuses: ["blocked", null],
    notes: /403.*203\.0\.113\.7.*User-Agent crosscheck\/[\d.]+ \(eu\)/v,
  },
  {
    name: "WAF blocks one of two AWS regions, enough others pass",
    locations: three,
    places: [aws("eu"), office, placeOf("na", { provider: "gcp" })],
    first: [blocked("eu"), pass("office"), pass("na")],
    says: "not-reproduced all-pass",
    looks: 1,
    excuses: ["blocked", null, null],
  },
  {
    name: "everybody gets 403",
    locations: three,
    places: [aws("eu"), placeOf("na", { provider: "gcp" }), office],
    first: [blocked("eu"), blocked("na"), blocked("office")],
    says: "confirmed enough-domains-fail",
    looks: 1,
    scope: { locations: ["eu", "na", "office"], errorClass: "http.status" },
  },
  {
    name: "our uplink dead, controls asked",
    locations: three,
    first: three.map((name) => impaired(name)),
    says: "inconclusive all-impaired",
    looks: 1,
    notes: /our side, or the Internet/v,
  },
  {
    name: "our uplink dead, nobody could even start",
    locations: three,
    first: three.map((name) => error(name)),
    says: "inconclusive no-votes",
    looks: 1,
  },
];

function play({ first, second = first, ...around }: Scene): Verdict {
  const plan = planOf({
    locations: around.places ?? around.locations,
    claim: { ...noClaim, ...around.claim },
  });
  const { covered = null } = around;
  const covering = { ...plan, checks: plan.checks.map((check) => ({ ...check, covered })) };
  const known = { selfTests: around.selfTests ?? [], alertedAt: noon };
  const early = judgeRun(covering, looked(1, first), 1, known);
  if (early !== "second-look") return early;
  const late = judgeRun(covering, [...looked(1, first), ...looked(2, second)], 2, known);
  assert(late !== "second-look");
  return late;
}

for (const played of scenes) {
  test(`${played.name}: ${played.says}`, () => {
    const verdict = play(played);
    assert.equal(`${verdict.outcome} ${verdict.reason}`, played.says);
    assert.equal(verdict.looks, played.looks);
    assert.partialDeepStrictEqual(verdict.scope, played.scope ?? {});
    const [check] = verdict.checks;
    const votes = check?.domains.flatMap(({ locations }) => locations) ?? [];
    if (played.excuses !== undefined)
      assert.deepEqual(
        votes.map(({ excuse }) => excuse),
        played.excuses,
      );
    const notes = [check?.why, ...votes.map(({ note }) => note)].join("\n");
    assert.match(notes, played.notes ?? /(?:)/v);
  });
}

test("every reason that votes can give is met in these scenes; the others come without votes", () => {
  const met = scenes.map(({ says }) => says.split(" ")[1] ?? "");
  const withoutVotes = ["check-not-built", "route-error", "overdue", "interrupted"];
  assert.deepEqual(new Set([...met, ...withoutVotes]), new Set(verdictReason.options));
});

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
