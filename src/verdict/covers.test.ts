import assert from "node:assert/strict";
import { test } from "node:test";
import {
  answered,
  error,
  fail,
  five,
  impaired,
  looked,
  noon,
  pass,
  placeOf,
  planOf,
  seen,
  selfTestOf,
  three,
} from "../../test/fixtures/observations.ts";
import { noClaim } from "../model/claim.ts";
import type { Claim, Coverage } from "../model/claim.ts";
import { plannedFunctionCheck } from "../model/function-check.ts";
import type { Observation } from "../model/observation.ts";
import type { Plan } from "../model/plan.ts";
import type { Verdict } from "../model/verdict.ts";
import { judgeRun } from "./combine.ts";
import { toldVerdict } from "./telling.ts";

const yes: Coverage = { covered: true, why: "" };
const no: Coverage = { covered: false, why: "the alert speaks of certificate; the check covers content" };

interface About {
  readonly spare?: boolean;
  readonly covered?: Coverage | null;
  readonly claim?: Partial<Claim>;
  readonly cached?: string;
  readonly places?: Plan["locations"];
}

function planAbout({ spare = false, covered = yes, claim, cached, places }: About): Plan {
  const plan = planOf({ spare, claim: { ...noClaim, ...claim }, ...(places ? { locations: places } : {}) });
  const checks = plan.checks.map((planned) => ({
    ...planned,
    covered,
    check: { ...planned.check, ...(cached === undefined ? {} : { cached }) },
  }));
  return { ...plan, checks };
}

function judged(plan: Plan, observations: readonly Observation[]): Verdict {
  const verdict = judgeRun(plan, looked(1, observations), 1);
  assert(verdict !== "second-look");
  return verdict;
}

const hit = (name: string) => answered(name, { "cf-cache-status": "HIT" });
const miss = (name: string) => answered(name, { "cf-cache-status": "MISS" });
const overIpv6 = (name: string) =>
  pass(name, { ipVersion: 6, attempts: pass(name).attempts.map((one) => ({ ...one, ipVersion: 6 })) });
const allPass = three.map((name) => pass(name));
const allSlow = seen("degraded degraded degraded");
const spared = "not-reproduced all-pass";
const unseen = "inconclusive not-visible-from-outside";

const rows: { name: string; about: About; sees: Observation[]; says: string; healthy?: boolean }[] = [
  { name: "covered, and the route does not spare", about: {}, sees: allPass, says: spared },
  {
    name: "nobody has said, and the route spares",
    about: { covered: null, spare: true },
    sees: allPass,
    says: spared,
  },
  {
    name: "nobody has said, and the route does not spare",
    about: { covered: null },
    sees: allPass,
    says: unseen,
  },
  {
    name: "not covered, though the route spares",
    about: { covered: no, spare: true },
    sees: allPass,
    says: unseen,
  },
  {
    name: "not covered, and slow",
    about: { covered: no, spare: true },
    sees: allSlow,
    says: unseen,
    healthy: false,
  },
  { name: "slow, and covered", about: {}, sees: allSlow, says: "degraded slow", healthy: false },
  {
    name: "slow, and nobody has said",
    about: { covered: null },
    sees: allSlow,
    says: unseen,
    healthy: false,
  },
  {
    name: "slow, and slowness is all that the alert speaks of",
    about: { covered: null, claim: { kinds: ["latency"] } },
    sees: allSlow,
    says: "degraded slow",
    healthy: false,
  },
  {
    name: "slow, and the alert speaks of more",
    about: { covered: no, claim: { kinds: ["latency", "certificate"] } },
    sees: allSlow,
    says: unseen,
    healthy: false,
  },
  { name: "every pass is a cache's", about: {}, sees: three.map(hit), says: unseen, healthy: false },
  {
    name: "every pass is a cache's, and that is as it should be",
    about: { cached: "ok" },
    sees: three.map(hit),
    says: spared,
  },
  { name: "one pass is not a cache's", about: {}, sees: [hit("eu"), hit("apac"), miss("na")], says: spared },
  {
    name: "one of a location's samples is not a cache's",
    about: {},
    sees: [
      hit("eu"),
      hit("apac"),
      pass("na", { attempts: [...miss("na").attempts.slice(0, 1), ...hit("na").attempts.slice(1)] }),
    ],
    says: spared,
  },
  {
    name: "IPv6 is claimed and tested",
    about: { claim: { ipVersions: [6] } },
    sees: three.map(overIpv6),
    says: spared,
  },
  {
    name: "IPv6 is claimed, IPv4 tested",
    about: { claim: { ipVersions: [6] } },
    sees: allPass,
    says: unseen,
  },
  {
    name: "both families are claimed, one tested",
    about: { claim: { ipVersions: [4, 6] } },
    sees: three.map(overIpv6),
    says: unseen,
  },
  {
    name: "IPv6 is claimed, and who has it is cut off",
    about: { claim: { ipVersions: [6] } },
    sees: [impaired("eu", { ipVersion: 6 }), pass("apac"), pass("na")],
    says: unseen,
  },
  {
    name: "a location is named, and passes",
    about: { claim: { regions: ["EU"] } },
    sees: allPass,
    says: spared,
  },
  {
    name: "a location is named, and could not tell",
    about: { claim: { regions: ["eu"] } },
    sees: [error("eu"), pass("apac"), pass("na")],
    says: unseen,
  },
  {
    name: "a region is named, and a location is in it",
    about: {
      claim: { regions: ["eu-west-1"] },
      places: [placeOf("eu", { region: "eu-west-1" }), placeOf("apac"), placeOf("na")],
    },
    sees: allPass,
    says: spared,
  },
  {
    name: "failures are told whatever is covered",
    about: { covered: no },
    sees: seen("fail fail pass"),
    says: "confirmed enough-domains-fail",
    healthy: false,
  },
];
for (const { name, about, sees, says, healthy = true } of rows) {
  test(`${name}: ${says}, ${healthy ? "healthy" : "not proven healthy"}`, () => {
    const verdict = judged(planAbout(about), sees);
    assert.equal(`${verdict.outcome} ${verdict.reason}`, says);
    assert.equal(verdict.healthy, healthy);
    assert.equal(verdict.checks[0]?.why === "", says !== unseen, "it says why");
  });
}

/** `storefront` with one coverage and `other` with another; `other` is as it is written. */
function twoChecks(
  [first, second]: readonly (Coverage | null)[],
  other = { name: "other", type: "http" },
  sees = allPass,
): Verdict {
  const plan = planAbout({ spare: true });
  const target = { from: "config" as const, allowPrivate: [] };
  const checks = [
    { check: { name: "storefront", type: "http" }, target, covered: first ?? null },
    { check: other, target, covered: second ?? null },
  ];
  const both = [...sees, ...allPass.map((one) => ({ ...one, check: other.name }))];
  return judged({ ...plan, checks }, both);
}

function said({ outcome, reason }: Verdict): string {
  return `${outcome} ${reason}`;
}

test("a check that cannot see what the alert says leaves it to one that can, and pages nobody by itself", () => {
  for (const coverages of [
    [no, yes],
    [yes, no],
  ]) {
    const verdict = twoChecks(coverages);
    assert.equal(said(verdict), spared);
    assert.deepEqual(toldVerdict(planOf(), verdict), ["slack"]);
    assert.match(verdict.summary, /, which says nothing of this alert: the alert speaks of certificate/);
  }
  assert.equal(said(twoChecks([no, no])), unseen);
});

test("a check that cannot see what the alert says is told when it fails, and when it is slow", () => {
  const failing = twoChecks([no, yes], undefined, seen("fail fail pass"));
  assert.equal(said(failing), "confirmed enough-domains-fail");
  assert.equal(said(twoChecks([no, yes], undefined, allSlow)), "degraded slow");
});

test("functions whose target nobody knows do not stand in for a check that cannot see it", () => {
  assert.equal(said(twoChecks([no, null], plannedFunctionCheck)), unseen);
  assert.equal(said(twoChecks([yes, null], plannedFunctionCheck)), spared);
});

test("a check that is all from a cache keeps its doubt beside one that is not", () => {
  assert.equal(said(twoChecks([yes, yes], undefined, three.map(hit))), unseen);
});

test("what fails as it has for long confirms nothing, and what fails besides is told without it", () => {
  const known = { alertedAt: noon, selfTests: [selfTestOf(fail("eu"), 7_200_000)] };
  const say = (votes: string) => {
    const observations = [...looked(1, seen(votes, five)), ...looked(2, seen(votes, five))];
    const verdict = judgeRun(planOf({ locations: five }), observations, 2, known);
    assert(verdict !== "second-look");
    return `${verdict.outcome} ${verdict.reason}`;
  };
  assert.equal(say("fail pass pass pass pass"), "inconclusive no-baseline");
  assert.equal(say("fail fail pass pass pass"), "regional some-domains-fail");
  assert.equal(say("fail fail fail pass pass"), "confirmed enough-domains-fail");
  assert.equal(say("fail fail none none none"), "inconclusive no-baseline");
  assert.equal(say("pass pass pass pass pass"), "not-reproduced second-look-clean");
});
