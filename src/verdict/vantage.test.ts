import assert from "node:assert/strict";
import { test } from "node:test";
import {
  blocked,
  controls,
  degraded,
  fail,
  flaky,
  httpOf,
  noisy,
  noon,
  pass,
  placeOf,
  selfTestOf,
  unreachable,
} from "../../test/fixtures/observations.ts";
import type { Observation } from "../model/observation.ts";
import type { PlannedLocation } from "../model/plan.ts";
import type { SelfTest } from "../model/self-test.ts";
import type { Excuse, Vote } from "../model/verdict.ts";
import { nothingKnown } from "./baseline.ts";
import { domainsOf } from "./judge.ts";
import { readingOf } from "./vantage.ts";
import { decided, standing } from "./votes.ts";

const check = { name: "storefront", type: "http" };
const hour = 3_600_000;
const eu = placeOf("eu", { provider: "aws" });
const expired = { layer: "tls", errorClass: "tls.expired", message: "expired" } as const;
const mixed = blocked("eu");

const alone: {
  name: string;
  observation: Observation;
  selfTest?: SelfTest;
  vote: Vote;
  excuse: Excuse | null;
}[] = [
  { name: "controls are reached", observation: unreachable("eu", "111"), vote: "fail", excuse: null },
  { name: "one of three is not", observation: unreachable("eu", "110"), vote: "fail", excuse: null },
  { name: "two of three are not", observation: unreachable("eu", "001"), vote: "none", excuse: "impaired" },
  { name: "half of two are not", observation: unreachable("eu", "10"), vote: "fail", excuse: null },
  { name: "the only one is not", observation: unreachable("eu", "0"), vote: "none", excuse: "impaired" },
  {
    name: "two of three are reached by one of three tries only",
    observation: unreachable("eu", "111001001"),
    vote: "none",
    excuse: "impaired",
  },
  {
    name: "each is missed once of three tries",
    observation: unreachable("eu", "011101110"),
    vote: "fail",
    excuse: null,
  },
  {
    name: "cut off, and what could be tried passed",
    observation: pass("eu", { controls: controls("000") }),
    vote: "none",
    excuse: "impaired",
  },
  {
    name: "cut off, but the target answered 503",
    observation: fail("eu", { controls: controls("000") }),
    vote: "fail",
    excuse: null,
  },
  {
    name: "cut off, and a certificate that may be somebody else's",
    observation: unreachable("eu", "000", { attempts: [], ...expired }),
    vote: "none",
    excuse: "impaired",
  },
  {
    name: "fails as it has for two hours",
    observation: fail("eu"),
    selfTest: selfTestOf(fail("eu"), 2 * hour),
    vote: "fail",
    excuse: "no-baseline",
  },
  {
    name: "flaky where it has failed for two hours",
    observation: flaky("eu"),
    selfTest: selfTestOf(fail("eu"), 2 * hour),
    vote: "flaky",
    excuse: "no-baseline",
  },
  {
    name: "fails as it has for half an hour",
    observation: fail("eu"),
    selfTest: selfTestOf(fail("eu"), hour / 2),
    vote: "fail",
    excuse: null,
  },
  {
    name: "fails as it did when it was first tested, a minute ago",
    observation: fail("eu"),
    selfTest: selfTestOf(fail("eu"), 60_000, false),
    vote: "fail",
    excuse: "no-baseline",
  },
  {
    name: "fails, and passed at the last self-test",
    observation: fail("eu"),
    selfTest: selfTestOf(pass("eu"), null),
    vote: "fail",
    excuse: null,
  },
  {
    name: "passes though the self-tests fail",
    observation: pass("eu"),
    selfTest: selfTestOf(fail("eu"), 2 * hour),
    vote: "pass",
    excuse: null,
  },
  {
    name: "turned away as it has been for long",
    observation: blocked("eu"),
    selfTest: selfTestOf(blocked("eu"), 2 * hour),
    vote: "none",
    excuse: "blocked",
  },
  {
    name: "turned away otherwise than the self-test",
    observation: blocked("eu", 403),
    selfTest: selfTestOf(blocked("eu", 429), 2 * hour),
    vote: "fail",
    excuse: "no-baseline",
  },
  {
    name: "turned away since minutes before the alert",
    observation: blocked("eu"),
    selfTest: selfTestOf(blocked("eu"), 240_000),
    vote: "fail",
    excuse: null,
  },
];
for (const { name, observation, selfTest, vote, excuse } of alone) {
  test(`${name}: ${vote}${excuse === null ? "" : `, ${excuse}`}`, () => {
    const known = { selfTests: selfTest === undefined ? [] : [selfTest], alertedAt: noon };
    const reading = readingOf(observation, { place: eu, check, known });
    assert.deepEqual([reading.vote, reading.excuse], [vote, excuse]);
    assert.equal(reading.note === "", excuse === null);
  });
}

/** What becomes of what `eu` says, beside these. */
function besides(
  observation: Observation,
  others: readonly (readonly [PlannedLocation, Observation])[],
  place: PlannedLocation = eu,
): string {
  const domains = domainsOf([place, ...others.map(([other]) => other)]);
  const ballot = { check, domains, known: nothingKnown };
  const first = [observation, ...others.map(([, seen]) => seen)];
  const reading = decided(ballot, standing(ballot, { first })).get(place.name);
  return `${reading?.vote}${reading?.excuse === null ? "" : ` ${reading?.excuse}`}`;
}

const na = placeOf("na", { provider: "aws" });
const gcp = placeOf("gcp", { provider: "gcp" });
const office = placeOf("office");

const pleas: { name: string; says: string; is: string }[] = [
  {
    name: "403, another provider passes",
    says: besides(blocked("eu"), [[gcp, pass("gcp")]]),
    is: "none blocked",
  },
  {
    name: "403, somebody of an unknown provider passes",
    says: besides(blocked("eu"), [[office, pass("office")]]),
    is: "none blocked",
  },
  { name: "403, the same provider passes", says: besides(blocked("eu"), [[na, pass("na")]]), is: "fail" },
  {
    name: "403 at an unknown provider, another passes",
    says: besides(blocked("office"), [[gcp, pass("gcp")]], office),
    is: "fail",
  },
  {
    name: "403, another provider is slow",
    says: besides(blocked("eu"), [[gcp, degraded("gcp")]]),
    is: "fail",
  },
  { name: "403, another provider is flaky", says: besides(blocked("eu"), [[gcp, flaky("gcp")]]), is: "fail" },
  {
    name: "403, another provider passes in a domain that does not",
    says: besides(blocked("eu"), [
      [placeOf("gcp", { domain: "d", provider: "gcp" }), pass("gcp")],
      [placeOf("gcp2", { domain: "d", provider: "gcp" }), fail("gcp2")],
    ]),
    is: "fail",
  },
  { name: "429 passes too", says: besides(blocked("eu", 429), [[gcp, pass("gcp")]]), is: "none blocked" },
  { name: "404 is nobody's block", says: besides(blocked("eu", 404), [[gcp, pass("gcp")]]), is: "fail" },
  {
    name: "403 once and 503 once",
    says: besides({ ...mixed, attempts: [...mixed.attempts, ...fail("eu").attempts] }, [[gcp, pass("gcp")]]),
    is: "fail",
  },
  {
    name: "a challenge with 200",
    says: besides(fail("eu", { http: httpOf(200, { "cf-mitigated": "challenge" }), attempts: [] }), [
      [gcp, pass("gcp")],
    ]),
    is: "none blocked",
  },
  { name: "lost beside a lost control", says: besides(noisy("eu"), [[gcp, pass("gcp")]]), is: "none noisy" },
  {
    name: "lost, all controls reached",
    says: besides(noisy("eu", "111"), [[gcp, pass("gcp")]]),
    is: "flaky",
  },
  {
    name: "lost beside a lost control, another fails",
    says: besides(noisy("eu"), [[gcp, fail("gcp")]]),
    is: "flaky",
  },
  {
    name: "lost beside a lost control, so is another",
    says: besides(noisy("eu"), [[gcp, noisy("gcp")]]),
    is: "none noisy",
  },
  {
    name: "503 now and then beside a lost control",
    says: besides(flaky("eu", { controls: controls("011") }), [[gcp, pass("gcp")]]),
    is: "flaky",
  },
  {
    name: "nothing gets through beside a lost control",
    says: besides(unreachable("eu", "011"), [[gcp, pass("gcp")]]),
    is: "fail",
  },
  {
    name: "lost and slow beside a lost control",
    says: besides(
      noisy("eu", "011", {
        attempts: noisy("eu").attempts.map((one) =>
          one.outcome === "pass" ? { ...one, outcome: "degraded" } : one,
        ),
      }),
      [[gcp, pass("gcp")]],
    ),
    is: "flaky",
  },
];
for (const { name, says, is } of pleas) test(`${name}: ${is}`, () => assert.equal(says, is));

test("whom to allow: the configured addresses, else the public one it went out from, and the headers by name", () => {
  const own = { headers: { "X-Probe": "secret-word", Accept: "*/*" } };
  const note = (place: PlannedLocation, localAddress: string) =>
    readingOf(blocked("eu", 403, { localAddress }), {
      place,
      check: { ...check, ...own },
      known: nothingKnown,
    }).plea?.note ?? "";
  const configured = note({ ...eu, egress: ["203.0.113.7"] }, "198.51.100.3");
  assert.match(configured, /HTTP 403: allow 203\.0\.113\.7, or the User-Agent crosscheck\/[\d.]+ \(eu\)/v);
  assert.match(configured, /header X-Probe/v);
  assert.doesNotMatch(configured, /secret-word|Accept/v);
  assert.match(note(eu, "8.8.4.4"), /allow 8\.8\.4\.4, or/v);
  assert.doesNotMatch(note(eu, "10.0.0.4"), /10\.0/v);
});
