import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkVerdictOf,
  fail,
  flaky,
  nowhere,
  pass,
  planOf,
  three,
} from "../../test/fixtures/observations.ts";
import { noTimings } from "../model/observation.ts";
import type { Attempt, HttpDetails, Observation } from "../model/observation.ts";
import type { Plan, PlannedLocation } from "../model/plan.ts";
import type { CheckVerdict, Excuse, Scope, VerdictOutcome, Vote } from "../model/verdict.ts";
import { voteOf } from "./judge.ts";
import { scopeOf } from "./scope.ts";

type Try = Partial<Attempt> & { readonly at?: string };

const refused = { layer: "tcp", errorClass: "tcp.refused", message: "refused" } as const;

/** A try at an address (the family follows from it), which fails if it has a class. */
function attempt({ at = "203.0.113.7", ...fields }: Try, index: number): Attempt {
  const bad = fields.errorClass !== undefined;
  return {
    outcome: bad ? "fail" : "pass",
    failureSource: bad ? "target" : null,
    layer: null,
    errorClass: null,
    message: "",
    remoteAddress: at,
    ipVersion: at.includes(":") ? 6 : 4,
    timings: noTimings,
    assertions: [],
    sample: index + 1,
    number: 1,
    startedAt: index,
    ...fields,
  };
}

/** What a location saw, try by try. */
function tries(location: string, list: readonly Try[], fields: Partial<Observation> = {}): Observation {
  const attempts = list.map(attempt);
  const failed = attempts.findLast(({ outcome }) => outcome === "fail");
  const whole = attempts.every(({ outcome }) => outcome === "fail");
  const base = failed === undefined ? pass(location) : whole ? fail(location) : flaky(location);
  const { layer = null, errorClass = null } = failed ?? {};
  return { ...base, layer, errorClass, attempts, ...fields };
}

function answer(headers: Record<string, string>, version = "1.1"): { readonly http: HttpDetails } {
  const bodyFacts = { bodySize: 0, bodySample: "", bodySha256: "", truncated: false };
  return { http: { statusCode: 200, version, redirects: [], headers, ...bodyFacts } };
}

interface Case {
  readonly observations: readonly Observation[];
  readonly plan?: Plan;
  readonly outcome?: VerdictOutcome;
  readonly excused?: Readonly<Record<string, Excuse>>;
}

/** The scope of a run whose worst check is the first with a bad vote. */
function scopeIn({ observations, plan = planOf(), outcome = "confirmed", excused = {} }: Case): Scope {
  const checks = [...Map.groupBy(observations, ({ check }) => check)].map(([check, seen]) => {
    const votes: Record<string, Vote> = Object.fromEntries(seen.map((one) => [one.location, voteOf(one)]));
    const verdict = checkVerdictOf(outcome, votes, { check });
    return withExcuses(verdict, excused);
  });
  const worst = checks.find(({ votes }) => votes.fail + votes.flaky + votes.degraded > 0) ?? checks[0];
  assert(worst !== undefined);
  return scopeOf(worst, { plan, checks, observations });
}

function withExcuses(check: CheckVerdict, excused: Readonly<Record<string, Excuse>>): CheckVerdict {
  const domains = check.domains.map((domain) => ({
    ...domain,
    locations: domain.locations.map((vote) => ({ ...vote, excuse: excused[vote.location] ?? null })),
  }));
  return { ...check, domains };
}

const places: readonly PlannedLocation[] = [
  ["dublin-1", "aws", "eu-west-1"],
  ["dublin-2", "aws", "eu-west-1"],
  ["tokyo", "aws", "ap-northeast-1"],
  ["fremont", "linode", "us-west"],
  ["office", null, null],
].map(([name = "", provider = null, region = null]) => ({
  ...nowhere,
  name: name ?? "",
  domain: name ?? "",
  provider,
  region,
}));
const somewhere: Plan = { ...planOf(), locations: [...places] };

const v4 = { at: "203.0.113.7" };
const v6 = { at: "2001:db8::7" };
const addresses = ["203.0.113.7", "203.0.113.8", "203.0.113.9", "203.0.113.10"];
const badStatus = { layer: "http", errorClass: "http.status" } as const;
const from = (pop: string) => answer({ "cf-ray": `8f1d2c3b4a596877-${pop}` });

const cases: Readonly<Record<string, Case & { readonly says: string; readonly common: string }>> = {
  "only IPv6": {
    observations: three.map((name) =>
      tries(name, [v4, { ...v6, ...refused }, v4, { ...v6, ...refused }, v4]),
    ),
    says: "fails only over IPv6",
    common: "ip-family=IPv6",
  },
  "only IPv6, which one location cannot test": {
    observations: [
      tries("eu", [v4, { ...v6, ...refused }, v4]),
      tries("apac", [v4, v4, v4]),
      tries("na", [v4, { ...v6, ...refused }, v4]),
    ],
    says: "fails only over IPv6",
    common: "ip-family=IPv6",
  },
  "one of four addresses": {
    observations: three.map((name) =>
      tries(name, [
        ...addresses.map((at) => (at === "203.0.113.8" ? { at, ...refused } : { at })),
        { at: "203.0.113.9" },
      ]),
    ),
    says: "fails only at 203.0.113.8 of 4 addresses",
    common: "remote-address=203.0.113.8",
  },
  "two of four addresses": {
    observations: three.map((name) =>
      tries(
        name,
        addresses.map((at, index) => (index % 2 === 0 ? { at, ...refused } : { at })),
      ),
    ),
    says: "fails only at 203.0.113.7 and 203.0.113.9 of 4 addresses",
    common: "remote-address=203.0.113.7 remote-address=203.0.113.9",
  },
  "three of four addresses": {
    observations: three.map((name) =>
      tries(
        name,
        addresses.map((at, index) => (index > 0 ? { at, ...refused } : { at })),
      ),
    ),
    says: "fails only at 203.0.113.10, 203.0.113.8 and 203.0.113.9 of 4 addresses",
    common: "remote-address=203.0.113.10 remote-address=203.0.113.8 remote-address=203.0.113.9",
  },
  "two of four checks": {
    observations: ["home", "login", "api", "search"].flatMap((check) =>
      three.map((name) =>
        tries(name, check === "login" || check === "api" ? [{ ...v4, ...badStatus }] : [v4, v4], { check }),
      ),
    ),
    says: "only checks api and login of 4 fail",
    common: "check=api check=login",
  },
  "two addresses that also pass": {
    observations: three.map((name) =>
      tries(
        name,
        addresses.flatMap((at, index) => (index < 2 ? [{ at, ...refused }, { at }] : [{ at }])),
      ),
    ),
    says: "nothing in common but the failure itself: the same location, address and IP family also pass",
    common: "error-class=tcp.refused",
  },
  "one of four addresses, which retries meet again and again at one location": {
    observations: [
      tries("eu", [
        { at: "203.0.113.7" },
        ...Array.from({ length: 9 }, () => ({ at: "203.0.113.8", ...refused })),
      ]),
      tries(
        "apac",
        addresses.map((at) => (at === "203.0.113.8" ? { at, ...refused } : { at })),
      ),
    ],
    says: "fails only at 203.0.113.8 of 4 addresses",
    common: "remote-address=203.0.113.8",
  },
  "one resolver": {
    observations: places.map(({ name }) =>
      ["tokyo", "fremont"].includes(name)
        ? fail(name, {
            layer: "dns",
            errorClass: "dns.nxdomain",
            attempts: [],
            remoteAddress: null,
            resolver: "10.0.0.2",
          })
        : pass(name, { resolver: "system" }),
    ),
    plan: somewhere,
    says: "fails only via resolver 10.0.0.2",
    common: "resolver=10.0.0.2",
  },
  "one point of presence": {
    observations: [
      tries("dublin-1", [
        { ...from("FRA"), ...badStatus },
        { ...from("FRA"), ...badStatus },
      ]),
      tries("fremont", [
        { ...from("FRA"), ...badStatus },
        { ...from("FRA"), ...badStatus },
      ]),
      tries("dublin-2", [from("LHR"), from("LHR")]),
      tries("office", [from("AMS"), from("AMS")]),
    ],
    plan: somewhere,
    says: "fails only at the CDN's point of presence FRA",
    common: "pop=FRA",
  },
  "one region": {
    observations: places.map(({ name, region }) => (region === "eu-west-1" ? fail(name) : pass(name))),
    plan: somewhere,
    says: "fails only from region eu-west-1",
    common: "region=eu-west-1",
  },
  "one provider": {
    observations: places.map(({ name, provider }) => (provider === "aws" ? fail(name) : pass(name))),
    plan: somewhere,
    says: "fails only from provider aws",
    common: "provider=aws",
  },
  "one location": {
    observations: [pass("eu"), fail("apac"), pass("na")],
    says: "fails only from apac",
    common: "location=apac",
  },
  "one location, now and then": {
    observations: [pass("eu"), flaky("apac"), pass("na")],
    says: "fails only from apac",
    common: "location=apac",
  },
  "one address, and that from one location": {
    observations: [
      tries("eu", [{ at: "203.0.113.7" }, { at: "203.0.113.8" }]),
      tries("apac", [{ at: "203.0.113.7" }, { at: "203.0.113.8", ...refused }, { at: "203.0.113.7" }]),
      tries("na", [{ at: "203.0.113.7" }, { at: "203.0.113.8" }]),
    ],
    says: "fails only from apac and at 203.0.113.8 of 2 addresses",
    common: "location=apac remote-address=203.0.113.8",
  },
  "HTTP/2": {
    observations: three.map((name) => tries(name, [answer({}, "1.1"), { ...answer({}, "2"), ...badStatus }])),
    says: "fails only over HTTP/2",
    common: "http-version=HTTP/2",
  },
  "/login of three checks": {
    observations: ["home", "login", "search"].flatMap((check) =>
      three.map((name) => (check === "login" ? fail(name, { check }) : pass(name, { check }))),
    ),
    plan: planOf({ checks: ["home", "login", "search"] }),
    says: "only check login of 3 fails",
    common: "check=login",
  },
  "/login of three checks, from one location": {
    observations: ["home", "login", "search"].flatMap((check) =>
      three.map((name) =>
        check === "login" && name === "eu" ? fail(name, { check }) : pass(name, { check }),
      ),
    ),
    plan: planOf({ checks: ["home", "login", "search"] }),
    says: "only check login of 3 fails, and only from eu",
    common: "check=login location=eu",
  },
  "no common factor, two failures": {
    observations: [fail("eu"), fail("apac", { layer: "tcp", errorClass: "tcp.reset" }), pass("na")],
    says: "nothing in common: the same address and IP family also pass",
    common: "",
  },
  "a flaky backend behind one address": {
    observations: three.map((name) => flaky(name)),
    says: "nothing in common but the failure itself: the same location, address and IP family also pass",
    common: "error-class=http.status",
  },
  "all fail": { observations: three.map((name) => fail(name)), says: "", common: "error-class=http.status" },
  "all fail in one layer": {
    observations: [
      fail("eu", { layer: "tls", errorClass: "tls.expired" }),
      fail("na", { layer: "tls", errorClass: "tls.hostname" }),
    ],
    says: "every failure is in TLS",
    common: "layer=tls",
  },
  "all fail, each in its own way": {
    observations: [fail("eu"), fail("na", { layer: "tls", errorClass: "tls.hostname" })],
    says: "",
    common: "",
  },
  "one location alone fails": { observations: [fail("eu")], says: "", common: "error-class=http.status" },
  "an excused vote takes no part": {
    observations: [
      fail("eu"),
      fail("apac", { layer: "tcp", errorClass: "tcp.timeout" }),
      pass("na"),
      pass("sa"),
    ],
    excused: { apac: "impaired" },
    says: "fails only from eu",
    common: "location=eu",
  },
  "all that fails is excused": {
    observations: [fail("eu"), pass("na")],
    excused: { eu: "blocked" },
    says: "",
    common: "",
  },
  "a failure that is older than the alert takes part": {
    observations: [fail("eu"), pass("apac"), pass("na")],
    excused: { eu: "no-baseline" },
    says: "fails only from eu",
    common: "location=eu",
  },
  health: { observations: three.map((name) => pass(name)), outcome: "not-reproduced", says: "", common: "" },
};

for (const [name, { says, common, ...played }] of Object.entries(cases))
  test(`scope: ${name}`, () => {
    const scope = scopeIn(played);
    assert.equal(scope.sentence, says);
    assert.equal(scope.common.map(({ attribute, value }) => `${attribute}=${value}`).join(" "), common);
  });

test("the order of what was seen changes nothing", () => {
  for (const { says, common: _, ...played } of Object.values(cases)) {
    const observations = played.observations.toReversed();
    assert.equal(scopeIn({ ...played, observations }).sentence, says);
  }
});

test("slow is told apart like failing", () => {
  const slowTries = (name: string, version: string): Observation => ({
    ...tries(name, [answer({}, version)]),
    outcome: "degraded",
    attempts: [{ ...attempt(answer({}, version), 0), outcome: "degraded" }],
  });
  const observations = [slowTries("eu", "2"), slowTries("apac", "2"), tries("na", [answer({}, "1.1")])];
  assert.equal(scopeIn({ observations, outcome: "degraded" }).sentence, "is slow only over HTTP/2");
});

test("hundreds of tries at as many addresses are searched in no time", () => {
  const locations = Array.from({ length: 60 }, (_, index) => `l${index}`);
  const observations = locations.map((name, index) =>
    tries(
      name,
      Array.from({ length: 8 }, (__, hop) => ({
        at: `203.0.${index}.${hop}`,
        ...(hop % 2 === index % 2 ? badStatus : {}),
      })),
    ),
  );
  const started = performance.now();
  const { common } = scopeIn({ observations, plan: planOf({ locations }) });
  assert.deepEqual(common, [{ attribute: "error-class", value: "http.status" }]);
  assert.ok(performance.now() - started < 15_000);
});
