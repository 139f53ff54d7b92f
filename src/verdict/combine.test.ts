import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defaultPolicy,
  fail,
  five,
  flaky,
  looked,
  pass,
  nowhere,
  planOf,
  seen,
  three,
  voting,
} from "../../test/fixtures/observations.ts";
import { Random } from "../../test/fixtures/random.ts";
import { plannedFunctionCheck } from "../model/function-check.ts";
import type { Plan, VerdictPolicy } from "../model/plan.ts";
import type { LookedObservation } from "../model/run.ts";
import { outcomeRank } from "../model/verdict.ts";
import type { Verdict } from "../model/verdict.ts";
import { judgeRun, withoutRun } from "./combine.ts";
import type { Judgement } from "./combine.ts";
import { scopeOf } from "./scope.ts";

const api = { check: "api" };
const both = ["storefront", "api"];

/** A verdict, where one is due. */
function judged(plan: Plan, observations: readonly LookedObservation[], looks = 1): Verdict {
  const judgement = judgeRun(plan, observations, looks);
  assert(judgement !== "second-look", "a second look is due");
  return judgement;
}

/** `storefront` and `api` at once, look by look. */
function ofBoth(look: number, storefront: string, other: string): LookedObservation[] {
  return looked(look, [...seen(storefront), ...seen(other, three, api)]);
}

const combinations: { name: string; storefront: string; api: string; looks: number; says: string }[] = [
  {
    name: "confirmed before regional",
    storefront: "fail fail pass",
    api: "fail pass pass",
    looks: 2,
    says: "confirmed enough-domains-fail",
  },
  {
    name: "regional before inconclusive",
    storefront: "none none none",
    api: "fail pass pass",
    looks: 2,
    says: "regional some-domains-fail",
  },
  {
    name: "inconclusive before degraded",
    storefront: "degraded degraded degraded",
    api: "pass none none",
    looks: 1,
    says: "inconclusive too-few-votes",
  },
  {
    name: "degraded before not-reproduced",
    storefront: "pass pass pass",
    api: "degraded degraded pass",
    looks: 1,
    says: "degraded slow",
  },
  {
    name: "health of both",
    storefront: "pass pass pass",
    api: "pass pass none",
    looks: 1,
    says: "not-reproduced all-pass",
  },
];
for (const { name, storefront, api: other, looks, says } of combinations) {
  test(`two checks: ${name}`, () => {
    const observations = [1, 2].slice(0, looks).flatMap((look) => ofBoth(look, storefront, other));
    const verdict = judged(planOf({ checks: both }), observations, looks);
    assert.equal(`${verdict.outcome} ${verdict.reason}`, says);
    assert.deepEqual(verdict.checks.map(({ check }) => check).toSorted(), both.toSorted());
    assert.equal(verdict.looks, looks);
  });
}

test("each check is judged alone: one failure on each of two checks confirms neither", () => {
  const votes = [
    ...ofBoth(1, "fail pass pass", "pass fail pass"),
    ...ofBoth(2, "fail pass pass", "pass fail pass"),
  ];
  assert.equal(judged(planOf({ checks: both }), votes, 2).outcome, "regional");
});

test("one check that is bad somewhere makes the run look again", () => {
  assert.equal(
    judgeRun(planOf({ checks: both }), ofBoth(1, "pass pass pass", "flaky pass pass"), 1),
    "second-look",
  );
});

test("a run that one check has confirmed does not look again for the other", () => {
  const verdict = judged(planOf({ checks: both }), ofBoth(1, "fail fail pass", "pass flaky pass"));
  assert.equal(verdict.outcome, "confirmed");
  assert.equal(verdict.looks, 1);
  assert.equal(verdict.checks.find(({ check }) => check === "api")?.outcome, "regional");
});

test("after a second look that nobody answered there is a verdict, and it is no page spared", () => {
  for (const votes of ["fail pass pass", "flaky pass pass", "flaky none none"])
    assert.notEqual(judged(planOf(), looked(1, seen(votes)), 2).outcome, "not-reproduced", votes);
});

for (const [what, checks, says] of [
  ["alone never spare", [plannedFunctionCheck], "inconclusive not-visible-from-outside"],
  [
    "spare beside a check",
    [{ name: "storefront", type: "http" }, plannedFunctionCheck],
    "not-reproduced all-pass",
  ],
] as const) {
  test(`functions whose target nobody knows ${what}, though the route says spare: true`, () => {
    const target = { from: "config" as const, allowPrivate: [] };
    const plan = { ...planOf(), checks: checks.map((check) => ({ check, target, covered: null })) };
    const observations = checks.flatMap(({ name }) => seen("pass pass pass", three, { check: name }));
    const { outcome, reason, healthy } = judged(plan, looked(1, observations));
    assert.deepEqual([`${outcome} ${reason}`, healthy], [says, true]);
  });
}

const spares: {
  name: string;
  plan?: Parameters<typeof planOf>[0];
  votes: string;
  says: string;
  healthy: boolean;
}[] = [
  {
    name: "all pass, and the route spares",
    votes: "pass pass pass",
    says: "not-reproduced all-pass",
    healthy: true,
  },
  {
    name: "all pass, and the route does not spare",
    plan: { spare: false },
    votes: "pass pass pass",
    says: "inconclusive not-visible-from-outside",
    healthy: true,
  },
  {
    name: "too few pass",
    plan: { locations: five },
    votes: "pass pass pass none none",
    says: "inconclusive too-few-votes",
    healthy: false,
  },
  {
    name: "the only location passes",
    plan: { locations: ["eu"] },
    votes: "pass",
    says: "inconclusive single-location",
    healthy: true,
  },
  {
    name: "the only location passes, and the route does not spare",
    plan: { locations: ["eu"], spare: false },
    votes: "pass",
    says: "inconclusive single-location",
    healthy: true,
  },
  {
    name: "the only location cannot tell",
    plan: { locations: ["eu"] },
    votes: "none",
    says: "inconclusive no-votes",
    healthy: false,
  },
  {
    name: "failures on a route that does not spare",
    plan: { spare: false },
    votes: "fail fail pass",
    says: "confirmed enough-domains-fail",
    healthy: false,
  },
  { name: "slow is not healthy", votes: "degraded degraded pass", says: "degraded slow", healthy: false },
  { name: "nobody could tell", votes: "none none none", says: "inconclusive no-votes", healthy: false },
  {
    name: "a check could not be built",
    plan: { faults: ["api: no URL in the alert"] },
    votes: "pass pass pass",
    says: "inconclusive check-not-built",
    healthy: false,
  },
  {
    name: "a check could not be built, and what was built is slow",
    plan: { faults: ["api: no URL in the alert"] },
    votes: "degraded degraded pass",
    says: "inconclusive check-not-built",
    healthy: false,
  },
  {
    name: "a check could not be built, and what was built fails",
    plan: { faults: ["api: no URL in the alert"] },
    votes: "fail fail pass",
    says: "confirmed enough-domains-fail",
    healthy: false,
  },
  { name: "no check at all", plan: { checks: [] }, votes: "", says: "inconclusive no-votes", healthy: false },
  {
    name: "no check could be built",
    plan: { checks: [], faults: ["api: no URL in the alert"] },
    votes: "",
    says: "inconclusive check-not-built",
    healthy: false,
  },
];
for (const { name, plan, votes, says, healthy } of spares) {
  test(`${name}: ${says}, ${healthy ? "healthy" : "not proven healthy"}`, () => {
    const planned = planOf(plan);
    const names = planned.locations.map((location) => location.name);
    const verdict = judged(planned, votes === "" ? [] : looked(1, seen(votes, names)));
    assert.equal(`${verdict.outcome} ${verdict.reason}`, says);
    assert.equal(verdict.healthy, healthy);
  });
}

test("one healthy check does not make the run healthy", () => {
  const votes = [
    ...ofBoth(1, "pass pass pass", "pass flaky pass"),
    ...ofBoth(2, "pass pass pass", "pass flaky pass"),
  ];
  assert.equal(judged(planOf({ checks: both }), votes, 2).healthy, false);
  assert.equal(
    judged(planOf({ checks: both }), ofBoth(1, "pass pass pass", "none none none")).healthy,
    false,
  );
});

test("the scope says which locations see it, and what their failures share", () => {
  const dns = { layer: "dns", errorClass: "dns.servfail" } as const;
  const shared = judged(planOf(), looked(1, [fail("eu", dns), pass("apac"), fail("na", dns)]));
  assert.deepEqual(shared.scope.locations, ["eu", "na"]);
  assert.equal(shared.scope.layer, "dns");
  assert.equal(shared.scope.errorClass, "dns.servfail");
});

test("where failures differ the scope has no class, and no layer unless they share it", () => {
  const observations = [
    fail("eu", { layer: "tls", errorClass: "tls.expired" }),
    fail("apac", { layer: "tls", errorClass: "tls.hostname" }),
    pass("na"),
  ];
  const [check] = judged(planOf(), looked(1, observations)).checks;
  assert(check);
  const scope = scopeOf(check, { plan: planOf(), checks: [check], observations });
  assert.equal(scope.errorClass, null);
  assert.equal(scope.layer, "tls");
  const mixed = [...observations.slice(0, 1), fail("apac"), pass("na")];
  assert.equal(scopeOf(check, { plan: planOf(), checks: [check], observations: mixed }).layer, null);
});

test("health has no scope", () => {
  assert.deepEqual(judged(planOf(), looked(1, seen("pass pass none"))).scope.locations, []);
});

test("a first vote that stands is told with the failure that made it, not with why the second look missed", () => {
  const first = [flaky("eu"), fail("apac"), pass("na")];
  const verdict = judged(planOf(), [...looked(1, first), ...looked(2, seen("none none pass"))], 2);
  assert.equal(`${verdict.outcome} ${verdict.reason}`, "confirmed intermittent");
  assert.deepEqual(verdict.scope.locations, ["eu", "apac"]);
  assert.equal(verdict.scope.errorClass, "http.status");
  assert.match(verdict.summary, /503/v);
});

test("a location that could not tell, and one that has not answered, are listed as not tested", () => {
  const verdict = judged(planOf({ locations: five }), looked(1, seen("pass pass pass none -", five)));
  assert(
    verdict.notTested.some((line) => line.includes("sa")),
    `sa in ${verdict.notTested.join("; ")}`,
  );
  assert(
    verdict.notTested.some((line) => line.includes("office")),
    `office in ${verdict.notTested.join("; ")}`,
  );
});

test("a check that could not be built is named though another check decides", () => {
  const votes = [...looked(1, seen("fail pass pass")), ...looked(2, seen("fail pass pass"))];
  const verdict = judged(planOf({ faults: ["api: no URL in the alert"] }), votes, 2);
  assert.equal(verdict.outcome, "regional");
  assert([verdict.summary, ...verdict.notTested].some((line) => line.includes("api: no URL in the alert")));
});

for (const reason of ["overdue", "interrupted", "route-error", "check-not-built"] as const) {
  test(`without votes, ${reason} is inconclusive and says why`, () => {
    const verdict = withoutRun({ reason, summary: "No verdict within 60 s." });
    assert.equal(verdict.outcome, "inconclusive");
    assert.equal(verdict.reason, reason);
    assert.equal(verdict.summary, "No verdict within 60 s.");
    assert.equal(verdict.headline, "COULD NOT CHECK, treat as real");
    assert.equal(verdict.healthy, false);
    assert.deepEqual(verdict.checks, []);
    assert.deepEqual(verdict.scope.locations, []);
  });
}

type Seen = "pass" | "flaky" | "fail" | "degraded" | "none" | "-";
const sights: readonly Seen[] = ["pass", "flaky", "fail", "degraded", "none", "-"];
const isBad = (sight: Seen | undefined) => sight === "fail" || sight === "flaky";
const hasVote = (sight: Seen | undefined) => sight !== undefined && sight !== "none" && sight !== "-";

interface Draw {
  readonly plan: Plan;
  readonly sights: { domain: string; name: string; first: Seen; second: Seen }[];
  readonly looks: number;
  readonly text: string;
}

function drawRun(random: Random): Draw {
  const kinds = sights.filter(() => random.next() < 0.5);
  const sight = () => random.pick(kinds.length === 0 ? sights : kinds);
  const perDomain = random.whole(1, 3);
  const drawn = Array.from({ length: random.whole(1, 8) }, (_, index) => ({
    ...nowhere,
    name: `l${index}`,
    domain: `d${Math.floor(index / perDomain)}`,
    first: sight(),
    second: sight(),
  }));
  const confirm = random.pick<VerdictPolicy["confirm"]>([1, 2, 3, 4, "majority", "all"]);
  const plan = { ...planOf(), locations: drawn, policy: { ...defaultPolicy, confirm } };
  const looks = random.whole(1, 2);
  const text = drawn.map(({ domain, first, second }) => `${domain}=${first}/${second}`).join(" ");
  return { plan, sights: drawn, looks, text: `${text}, confirm ${confirm}, looks ${looks}` };
}

function observationsOf({ sights: drawn, looks }: Draw): LookedObservation[] {
  const of = (look: number, name: string, sight: Seen) =>
    sight === "-" || look > looks ? [] : looked(look, [voting(sight, name)]);
  return drawn.flatMap(({ name, first, second }) => [...of(1, name, first), ...of(2, name, second)]);
}

/** What each location says in the end; its bad first vote stands where the second look brings none. */
function lastWord({ sights: drawn, looks }: Draw) {
  return drawn.map(({ domain, first, second }) => ({
    domain,
    sight: looks === 1 || (!hasVote(second) && isBad(first)) ? first : second,
  }));
}

const countDomains = (words: readonly { domain: string }[]) =>
  new Set(words.map(({ domain }) => domain)).size;

test("property: no page is spared while anything is bad or too little is proven, none confirmed without enough", () => {
  const random = new Random(31);
  const met = new Map<string, number>();
  for (let round = 0; round < 4000; round++) {
    const run = drawRun(random);
    const judgement = judgeRun(run.plan, observationsOf(run), run.looks);
    const outcome = judgement === "second-look" ? judgement : judgement.outcome;
    met.set(outcome, (met.get(outcome) ?? 0) + 1);
    const words = lastWord(run);
    const selected = countDomains(words);
    const voting = countDomains(words.filter(({ sight }) => hasVote(sight)));
    const bad = countDomains(words.filter(({ sight }) => isBad(sight)));
    const of = `${run.text}: ${outcome}`;
    if (outcome === "not-reproduced") {
      assert.equal(bad, 0, of);
      assert(voting >= Math.max(2, Math.ceil((selected * 2) / 3)), of);
    }
    if (outcome === "confirmed") {
      assert(bad >= (selected === 1 ? 1 : 2), of);
      const { confirm } = run.plan.policy;
      if (confirm === "majority") assert(bad * 2 > voting, of);
      if (confirm === "all") assert.equal(bad, voting, of);
      if (typeof confirm === "number") assert(bad >= Math.min(confirm, voting), of);
    }
    if (judgement !== "second-look" && judgement.healthy) assert.equal(bad, 0, of);
    if (run.looks === 2) assert.notEqual(outcome, "second-look", of);
  }
  assert.equal(met.size, 6, `met: ${[...met.keys()].join(", ")}`);
});

function shuffledTwice(seed: number, compare: (one: Judgement, other: Judgement, text: string) => void) {
  const random = new Random(seed);
  for (let round = 0; round < 2000; round++) {
    const run = drawRun(random);
    const observations = observationsOf(run).map(({ look, observation }) => {
      const kind = random.whole(1, 3);
      if (observation.errorClass !== "http.status" || kind === 1) return { look, observation };
      return {
        look,
        observation: { ...observation, errorClass: `http.kind${kind}`, message: `kind ${kind}` },
      };
    });
    const judgement = judgeRun(run.plan, observations, run.looks);
    compare(judgement, judgeRun(run.plan, random.shuffled(observations), run.looks), run.text);
  }
}

/** A verdict without its sentences. */
const decided = (judgement: Judgement) =>
  judgement === "second-look" ? judgement : { ...judgement, summary: "", notTested: [] };

test("property: the order of observations does not matter", () => {
  shuffledTwice(32, (one, other, text) => {
    assert.deepEqual(decided(other), decided(one), text);
  });
});

test("property: the order of observations does not change the words", () => {
  shuffledTwice(34, (one, other, text) => {
    assert.deepEqual(other, one, text);
  });
});

test("property: a location that sees more failure never makes a milder verdict", () => {
  const random = new Random(33);
  for (let round = 0; round < 4000; round++) {
    const run: Draw = { ...drawRun(random), looks: 2 };
    const place = random.whole(0, run.sights.length - 1);
    const look = random.pick(["first", "second"] as const);
    const was = run.sights[place];
    assert(was);
    const now: Seen =
      was[look] === "pass" || was[look] === "degraded" ? random.pick(["flaky", "fail"]) : "fail";
    const worse = { ...run, sights: run.sights.with(place, { ...was, [look]: now }) };
    const before = judged(run.plan, observationsOf(run), 2).outcome;
    const after = judged(run.plan, observationsOf(worse), 2).outcome;
    const of = `${run.text}: ${look} of ${place} ${was[look]} -> ${now}: ${before} -> ${after}`;
    assert(outcomeRank(after) <= outcomeRank(before), of);
  }
});

test("of several checks the summary begins with the worst, and those that are well say no more than that", () => {
  const observations = [
    ...seen("pass pass pass", three, { check: "home" }),
    ...seen("pass fail pass", three, { check: "login" }),
  ];
  const both = [...looked(1, observations), ...looked(2, observations)];
  const verdict = judgeRun(planOf({ checks: ["home", "login"] }), both, 2);
  assert(verdict !== "second-look");
  assert.match(
    verdict.summary,
    /^login fails from apac only .*\. home passes from eu, apac and na \(3 of 3\)\. /,
  );
});
