import assert from "node:assert/strict";
import { test } from "node:test";
import {
  checkVerdictOf,
  error,
  fail,
  five,
  flaky,
  pass,
  seen,
  three,
} from "../../test/fixtures/observations.ts";
import { noScope } from "../model/verdict.ts";
import type { CheckVerdict, Excuse, VerdictOutcome, VerdictReason, Vote } from "../model/verdict.ts";
import { headlineOf, list, scopeWords, summaryOf } from "./wording.ts";

function verdict(outcome: VerdictOutcome, reason: VerdictReason, votes: string): CheckVerdict {
  const cast = votes.split(" ").map((vote, index) => [five[index] ?? `l${index}`, vote as Vote]);
  return checkVerdictOf(outcome, Object.fromEntries(cast) as Record<string, Vote>, { reason });
}

const headlines: { check: CheckVerdict; says: string }[] = [
  { check: verdict("confirmed", "enough-domains-fail", "fail fail fail"), says: "DOWN 3/3" },
  { check: verdict("confirmed", "enough-domains-fail", "fail fail pass"), says: "DOWN 2/3" },
  { check: verdict("confirmed", "enough-domains-fail", "fail fail none none none"), says: "DOWN 2/2" },
  { check: verdict("confirmed", "single-location", "fail"), says: "DOWN 1/1" },
  { check: verdict("regional", "some-domains-fail", "pass fail pass"), says: "PARTLY DOWN 1/3 apac" },
  { check: verdict("regional", "some-domains-flaky", "pass flaky pass"), says: "PARTLY DOWN 1/3 apac" },
  { check: verdict("regional", "some-domains-fail", "none fail pass"), says: "PARTLY DOWN 1/2 apac" },
  {
    check: verdict("inconclusive", "too-few-votes", "pass none none"),
    says: "COULD NOT CHECK, treat as real",
  },
  { check: verdict("inconclusive", "no-votes", "none none none"), says: "COULD NOT CHECK, treat as real" },
  { check: verdict("inconclusive", "single-location", "pass"), says: "COULD NOT CHECK, treat as real" },
  {
    check: verdict("inconclusive", "not-visible-from-outside", "pass pass pass"),
    says: "NOT SEEN FROM OUTSIDE 3/3 ok",
  },
  { check: verdict("not-reproduced", "all-pass", "pass pass pass"), says: "NOT SEEN FROM OUTSIDE 3/3 ok" },
  { check: verdict("not-reproduced", "all-pass", "pass pass none"), says: "NOT SEEN FROM OUTSIDE 2/2 ok" },
  {
    check: verdict("not-reproduced", "second-look-clean", "pass pass pass"),
    says: "NOT SEEN FROM OUTSIDE 3/3 ok",
  },
];
for (const { check, says } of headlines) {
  test(`headline of ${check.outcome} ${check.reason}: ${says}`, () => {
    assert.equal(headlineOf(check), says);
  });
}

test("slow is headed so", () => {
  assert.match(headlineOf(verdict("degraded", "slow", "degraded degraded pass")), /^SLOW\b/v);
});

test("a failure that comes and goes is counted with the failing domains", () => {
  assert.match(headlineOf(verdict("confirmed", "intermittent", "flaky fail pass")), /\b2\/3$/v);
});

test("a headline stays short, however many domains there are", () => {
  const votes = Object.fromEntries(
    Array.from({ length: 60 }, (_, index): [string, Vote] => [
      `aws/ap-southeast-${index}`,
      index % 2 === 0 ? "fail" : "pass",
    ]),
  );
  const headline = headlineOf(checkVerdictOf("regional", votes));
  assert(headline.startsWith("PARTLY DOWN 30/60 aws/ap-southeast-0"), headline);
  assert(headline.length <= 120, headline);
});

test("lists as people write them", () => {
  assert.equal(list(["eu"]), "eu");
  assert.equal(list(["eu", "na"]), "eu and na");
  assert.equal(list(["eu", "apac", "na"]), "eu, apac and na");
});

const servfail = { message: "SERVFAIL for shop.example", errorClass: "dns.servfail", layer: "dns" } as const;
const summaries: {
  check: CheckVerdict;
  observations: ReturnType<typeof seen>;
  looks: number;
  names: RegExp[];
}[] = [
  {
    check: verdict("confirmed", "enough-domains-fail", "fail pass fail"),
    observations: [fail("eu", servfail), pass("apac"), fail("na", servfail)],
    looks: 1,
    names: [/storefront/v, /\beu\b/v, /\bna\b/v, /SERVFAIL for shop\.example/v, /\bapac passes/v],
  },
  {
    check: verdict("confirmed", "intermittent", "flaky flaky pass"),
    observations: seen("flaky flaky pass"),
    looks: 2,
    names: [/\beu and apac\b/v, /503/v, /\bna passes/v],
  },
  {
    check: verdict("confirmed", "single-location", "fail"),
    observations: [fail("eu")],
    looks: 1,
    names: [/\beu\b/v, /503/v, /one location/v],
  },
  {
    check: verdict("regional", "some-domains-fail", "pass fail pass"),
    observations: seen("pass fail pass"),
    looks: 2,
    names: [/\bapac\b/v, /second look/v, /503/v, /\beu and na pass\b/v],
  },
  {
    check: verdict("regional", "some-domains-flaky", "pass flaky pass"),
    observations: [pass("eu"), flaky("apac"), pass("na")],
    looks: 2,
    names: [/\bapac\b/v, /second look/v, /503/v, /\beu and na pass\b/v],
  },
  {
    check: verdict("inconclusive", "too-few-votes", "pass pass pass none none"),
    observations: seen("pass pass pass none none", five),
    looks: 1,
    names: [/\b3 of 5\b/v, /\beu, apac and na pass\b/v, /\bsa and office\b/v],
  },
  {
    check: verdict("inconclusive", "too-few-votes", "fail none none"),
    observations: [fail("eu"), error("apac"), error("na")],
    looks: 2,
    names: [/\bapac and na\b/v, /\beu\b/v],
  },
  {
    check: verdict("inconclusive", "no-votes", "none none none"),
    observations: seen("none none none"),
    looks: 1,
    names: [/\beu, apac and na\b/v],
  },
  {
    check: verdict("inconclusive", "single-location", "pass"),
    observations: [pass("eu")],
    looks: 1,
    names: [/\beu\b/v, /one location/v],
  },
  {
    check: verdict("inconclusive", "not-visible-from-outside", "pass pass pass"),
    observations: seen("pass pass pass"),
    looks: 1,
    names: [/\beu, apac and na\b/v, /\b3 of 3\b/v],
  },
  {
    check: verdict("degraded", "slow", "degraded degraded pass"),
    observations: seen("degraded degraded pass"),
    looks: 1,
    names: [/slow/v, /\beu and apac\b/v, /4\.0 s where less than 3 s is asked/v],
  },
  {
    check: verdict("not-reproduced", "all-pass", "pass pass pass"),
    observations: seen("pass pass pass"),
    looks: 1,
    names: [/\beu, apac and na\b/v],
  },
  {
    check: verdict("not-reproduced", "all-pass", "degraded pass pass"),
    observations: seen("degraded pass pass"),
    looks: 1,
    names: [/\bapac and na\b/v, /\beu\b/v],
  },
  {
    check: verdict("not-reproduced", "second-look-clean", "pass pass pass"),
    observations: seen("pass pass pass"),
    looks: 2,
    names: [/\beu, apac and na\b/v, /second look/v],
  },
];
for (const { check, observations, looks, names } of summaries) {
  const votes = check.domains.map(({ vote }) => vote).join(" ");
  test(`summary of ${check.outcome} ${check.reason} [${votes}] says who sees what, and why`, () => {
    const summary = summaryOf(check, observations, looks);
    for (const name of names) assert.match(summary, name);
  });
}

/** A verdict of eu, apac and na with the excuse of each. */
function excused(reason: VerdictReason, votes: string, excuses: readonly (Excuse | null)[]): CheckVerdict {
  const check = verdict("inconclusive", reason, votes);
  const domains = check.domains.map((domain, index) => ({
    ...domain,
    locations: domain.locations.map((vote) => ({ ...vote, excuse: excuses[index] ?? null })),
  }));
  return { ...check, domains };
}

const excuseSummaries: { what: string; check: CheckVerdict; says: string }[] = [
  {
    what: "everybody is cut off",
    check: excused("all-impaired", "none none none", ["impaired", "impaired", "impaired"]),
    says: "storefront: our side, or the Internet: eu, apac and na are cut off from everything, so nobody can tell whether the target is up",
  },
  {
    what: "too many are turned away",
    check: excused("blocked", "none none pass", ["blocked", "blocked", null]),
    says: "storefront: only 1 of 3 could tell, 2 are needed to spare a page; na passes; eu and apac are turned away as robots",
  },
  {
    what: "each has an excuse of its own",
    check: excused("too-few-votes", "none none none", ["impaired", "noisy", null]),
    says: "storefront: none of 3 could tell, 2 are needed to spare a page; eu is cut off; apac loses packets; na could not look",
  },
  {
    what: "it has always been so",
    check: excused("no-baseline", "fail fail pass", ["no-baseline", "no-baseline", null]),
    says: "storefront fails from eu and apac: 503 Service Unavailable; but it did so before this alert, so that says nothing about it; na passes",
  },
  {
    what: "the check cannot see what the alert says",
    check: {
      ...verdict("inconclusive", "not-visible-from-outside", "pass pass pass"),
      why: "the alert is about IPv6, which no location could test",
    },
    says: "storefront passes from eu, apac and na (3 of 3), which does not prove the alert wrong: the alert is about IPv6, which no location could test",
  },
];
test("health that is only slow is health that proves nothing, in headline and summary", () => {
  const check = verdict("inconclusive", "not-visible-from-outside", "degraded degraded degraded");
  assert.equal(headlineOf(check), "NOT SEEN FROM OUTSIDE 3/3 ok");
  assert.match(
    summaryOf(check, seen("degraded degraded degraded"), 1),
    /^storefront is only slow from eu, apac and na \(3 of 3\), which/v,
  );
});

for (const { what, check, says } of excuseSummaries)
  test(`summary where ${what}`, () => {
    const votes = check.domains.map(({ vote }) => vote).join(" ");
    assert.equal(summaryOf(check, seen(votes), 1), says);
  });

function scopeSaying(sentence: string, ...attributes: ("location" | "ip-family")[]): string[] {
  const common = attributes.map((attribute) => ({ attribute, value: "x" }));
  return scopeWords({ ...noScope, sentence, common });
}

test("the scope is one more sentence, unless the summary has said it", () => {
  assert.deepEqual(scopeSaying("fails only over IPv6", "ip-family"), ["It fails only over IPv6"]);
  assert.deepEqual(scopeSaying("is slow only over IPv6", "ip-family"), ["It is slow only over IPv6"]);
  assert.deepEqual(scopeSaying("fails only from apac and over IPv6", "location", "ip-family"), [
    "It fails only from apac and over IPv6",
  ]);
  assert.deepEqual(scopeSaying("only check login of 3 fails"), ["Only check login of 3 fails"]);
  assert.deepEqual(scopeSaying("fails only from apac", "location"), []);
  assert.deepEqual(scopeSaying(""), []);
});

test("where failures differ the summary tells the one that most report, whatever the order", () => {
  const check = verdict("confirmed", "enough-domains-fail", "fail fail fail");
  const observations = [fail("eu"), fail("apac", servfail), fail("na", servfail)];
  const summary = summaryOf(check, observations, 1);
  assert.match(summary, /SERVFAIL/v);
  assert.equal(summaryOf(check, observations.toReversed(), 1), summary);
});

test("a pass of the first look is no news after the second", () => {
  const check = verdict("not-reproduced", "all-pass", "pass pass pass");
  assert.doesNotMatch(
    summaryOf(
      check,
      three.map((name) => pass(name)),
      1,
    ),
    /second look/v,
  );
});
