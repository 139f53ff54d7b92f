import assert from "node:assert/strict";
import { test } from "node:test";
import {
  degraded,
  error,
  fail,
  five,
  flaky,
  pass,
  placeOf,
  sampleLost,
  seen,
  three,
} from "../../test/fixtures/observations.ts";
import { Random } from "../../test/fixtures/random.ts";
import type { Observation } from "../model/observation.ts";
import type { VerdictPolicy } from "../model/plan.ts";
import { outcomeRank } from "../model/verdict.ts";
import type { Vote } from "../model/verdict.ts";
import { nothingKnown } from "./baseline.ts";
import { judgeCheck } from "./judge-check.ts";
import { domainsOf, domainVote, rule, tallyOf, thresholds, voteOf } from "./judge.ts";
import type { Domain, Ruling } from "./judge.ts";
import { domainVotes, standing } from "./votes.ts";

type Confirm = VerdictPolicy["confirm"];

const inOwnDomains = (names: readonly string[]) => domainsOf(names.map((name) => placeOf(name)));

const ballotOf = (domains: readonly Domain[]) => ({
  check: { name: "storefront", type: "http" },
  domains,
  known: nothingKnown,
});

const votes = (words: string) => (words === "" ? [] : (words.split(" ") as Vote[]));

/** `regional some-domains-fail`, or `second-look` */
const say = (ruling: Ruling) => (ruling === "second-look" ? ruling : `${ruling.outcome} ${ruling.reason}`);

const failedAttempt = fail("eu").attempts;
const locationVotes: { name: string; observation: Observation | undefined; vote: Vote }[] = [
  { name: "every sample passes at the first attempt", observation: pass("eu"), vote: "pass" },
  { name: "a sample passes only after a retry", observation: flaky("eu"), vote: "flaky" },
  { name: "a sample is lost, retry included", observation: sampleLost("eu"), vote: "flaky" },
  { name: "nothing gets through", observation: fail("eu"), vote: "fail" },
  {
    name: "a timeout on the way is the network's fault and votes",
    observation: fail("eu", { layer: "tcp", errorClass: "tcp.timeout", failureSource: "network" }),
    vote: "fail",
  },
  {
    name: "a failure without a record of its attempts",
    observation: fail("eu", { attempts: [] }),
    vote: "fail",
  },
  { name: "works, slower than asked", observation: degraded("eu"), vote: "degraded" },
  {
    name: "slow, and a sample is lost",
    observation: degraded("eu", {
      errorClass: "http.status",
      layer: "http",
      attempts: [...failedAttempt, ...degraded("eu").attempts],
    }),
    vote: "flaky",
  },
  { name: "the location could not tell", observation: error("eu"), vote: "none" },
  {
    name: "our resolver is broken",
    observation: error("eu", { errorClass: "location.resolver", failureSource: "resolver" }),
    vote: "none",
  },
  { name: "no answer in time", observation: undefined, vote: "none" },
];
for (const { name, observation, vote } of locationVotes) {
  test(`vote of a location: ${name}: ${vote}`, () => {
    assert.equal(voteOf(observation), vote);
  });
}

test("a pass with an error class beside it is never a whole pass, attempts recorded or not", () => {
  assert.equal(voteOf(flaky("eu", { attempts: [] })), "flaky");
});

test("a pass with an attempt that the location could not make is not a whole pass", () => {
  const [first, ...rest] = pass("eu").attempts;
  assert(first);
  assert.notEqual(voteOf(pass("eu", { attempts: [{ ...first, outcome: "error" }, ...rest] })), "pass");
});

const domainTable: { locations: string; vote: Vote }[] = [
  { locations: "", vote: "none" },
  { locations: "none none", vote: "none" },
  { locations: "pass", vote: "pass" },
  { locations: "pass pass none", vote: "pass" },
  { locations: "fail", vote: "fail" },
  { locations: "fail none none", vote: "fail" },
  { locations: "fail fail pass", vote: "fail" },
  { locations: "fail fail pass pass", vote: "flaky" },
  { locations: "fail pass", vote: "flaky" },
  { locations: "fail flaky", vote: "flaky" },
  { locations: "fail degraded", vote: "flaky" },
  { locations: "flaky", vote: "flaky" },
  { locations: "flaky pass pass pass", vote: "flaky" },
  { locations: "flaky degraded", vote: "flaky" },
  { locations: "degraded", vote: "degraded" },
  { locations: "degraded degraded none", vote: "degraded" },
];
for (const { locations, vote } of domainTable) {
  test(`vote of a domain: [${locations}]: ${vote}`, () => {
    assert.equal(domainVote(votes(locations)), vote);
  });
}

test("a domain with a slow location and a passing one neither passes nor fails", () => {
  const vote = domainVote(["degraded", "pass"]);
  assert.notEqual(vote, "pass");
  assert.notEqual(vote, "fail");
});

const apac = [placeOf("tokyo", { domain: "aws/apac" }), placeOf("osaka", { domain: "aws/apac" })];
const dublin = placeOf("dublin", { domain: "aws/eu" });

test("locations are grouped by domain, in the order of the plan", () => {
  const grouped = domainsOf([...apac.slice(0, 1), dublin, ...apac.slice(1)]);
  assert.deepEqual(grouped, [
    { name: "aws/apac", locations: apac },
    { name: "aws/eu", locations: [dublin] },
  ]);
  const readings = standing(ballotOf(grouped), { first: [fail("osaka"), pass("dublin")] });
  const plain = { excuse: null, note: "" };
  assert.deepEqual(domainVotes(grouped, readings), [
    {
      domain: "aws/apac",
      vote: "fail",
      locations: [
        { location: "tokyo", vote: "none", ...plain },
        { location: "osaka", vote: "fail", ...plain },
      ],
    },
    { domain: "aws/eu", vote: "pass", locations: [{ location: "dublin", vote: "pass", ...plain }] },
  ]);
});

const thresholdTable: {
  selected: number;
  voting: number;
  confirm: Confirm;
  needed: number;
  toSpare: number;
}[] = [
  { selected: 1, voting: 1, confirm: 2, needed: 1, toSpare: 2 },
  { selected: 1, voting: 1, confirm: "all", needed: 1, toSpare: 2 },
  { selected: 2, voting: 2, confirm: 2, needed: 2, toSpare: 2 },
  { selected: 2, voting: 2, confirm: 1, needed: 2, toSpare: 2 },
  { selected: 2, voting: 1, confirm: 2, needed: 2, toSpare: 2 },
  { selected: 3, voting: 3, confirm: 2, needed: 2, toSpare: 2 },
  { selected: 3, voting: 3, confirm: 3, needed: 3, toSpare: 2 },
  { selected: 3, voting: 2, confirm: 3, needed: 2, toSpare: 2 },
  { selected: 3, voting: 1, confirm: "all", needed: 2, toSpare: 2 },
  { selected: 3, voting: 3, confirm: "majority", needed: 2, toSpare: 2 },
  { selected: 3, voting: 3, confirm: "all", needed: 3, toSpare: 2 },
  { selected: 4, voting: 4, confirm: "majority", needed: 3, toSpare: 3 },
  { selected: 5, voting: 5, confirm: 2, needed: 2, toSpare: 4 },
  { selected: 5, voting: 5, confirm: "majority", needed: 3, toSpare: 4 },
  { selected: 5, voting: 3, confirm: "majority", needed: 2, toSpare: 4 },
  { selected: 5, voting: 4, confirm: "all", needed: 4, toSpare: 4 },
  { selected: 5, voting: 5, confirm: 9, needed: 5, toSpare: 4 },
  { selected: 6, voting: 6, confirm: 2, needed: 2, toSpare: 4 },
  { selected: 7, voting: 7, confirm: "majority", needed: 4, toSpare: 5 },
  { selected: 9, voting: 9, confirm: 2, needed: 2, toSpare: 6 },
];
for (const { selected, voting, confirm, needed, toSpare } of thresholdTable) {
  test(`confirm: ${confirm}, ${voting} of ${selected} domains vote: ${needed} confirm, ${toSpare} spare`, () => {
    const tally = { ...tallyOf([]), pass: voting, none: selected - voting };
    assert.deepEqual(thresholds(tally, confirm), { needed, toSpare });
  });
}

const rules: { votes: string; look: number; confirm?: Confirm; says: string }[] = [
  { votes: "fail fail fail", look: 1, says: "confirmed enough-domains-fail" },
  { votes: "fail fail pass", look: 1, says: "confirmed enough-domains-fail" },
  { votes: "fail fail none none none", look: 1, says: "confirmed enough-domains-fail" },
  { votes: "fail fail pass", look: 2, says: "confirmed enough-domains-fail" },
  { votes: "fail", look: 1, says: "confirmed single-location" },
  { votes: "fail", look: 2, says: "confirmed single-location" },
  { votes: "fail pass pass", look: 1, says: "second-look" },
  { votes: "flaky pass pass", look: 1, says: "second-look" },
  { votes: "flaky none none", look: 1, says: "second-look" },
  { votes: "flaky", look: 1, says: "second-look" },
  { votes: "fail fail pass", look: 1, confirm: "all", says: "second-look" },
  { votes: "fail degraded degraded", look: 1, says: "second-look" },
  { votes: "flaky flaky pass", look: 2, says: "confirmed intermittent" },
  { votes: "fail flaky pass", look: 2, says: "confirmed intermittent" },
  { votes: "fail fail flaky", look: 2, confirm: "all", says: "confirmed intermittent" },
  { votes: "fail pass pass", look: 2, says: "regional some-domains-fail" },
  { votes: "fail pass none none none", look: 2, says: "regional some-domains-fail" },
  { votes: "fail fail pass", look: 2, confirm: "all", says: "regional some-domains-fail" },
  { votes: "fail degraded degraded", look: 2, says: "regional some-domains-fail" },
  { votes: "flaky pass pass", look: 2, says: "regional some-domains-flaky" },
  { votes: "fail none none", look: 2, says: "inconclusive too-few-votes" },
  { votes: "flaky none", look: 2, says: "inconclusive too-few-votes" },
  { votes: "pass pass pass none none", look: 1, says: "inconclusive too-few-votes" },
  { votes: "pass none", look: 1, says: "inconclusive too-few-votes" },
  { votes: "degraded none none", look: 1, says: "inconclusive too-few-votes" },
  { votes: "degraded degraded degraded none none", look: 1, says: "inconclusive too-few-votes" },
  { votes: "none none none", look: 1, says: "inconclusive no-votes" },
  { votes: "none none none", look: 2, says: "inconclusive no-votes" },
  { votes: "pass", look: 1, says: "inconclusive single-location" },
  { votes: "pass", look: 2, says: "inconclusive single-location" },
  { votes: "degraded", look: 1, says: "inconclusive single-location" },
  { votes: "degraded degraded pass", look: 1, says: "degraded slow" },
  { votes: "degraded degraded degraded", look: 2, says: "degraded slow" },
  { votes: "pass pass pass", look: 1, says: "not-reproduced all-pass" },
  { votes: "pass pass none", look: 1, says: "not-reproduced all-pass" },
  { votes: "pass pass pass pass none", look: 1, says: "not-reproduced all-pass" },
  { votes: "degraded pass pass", look: 1, says: "not-reproduced all-pass" },
  { votes: "pass pass pass", look: 2, says: "not-reproduced second-look-clean" },
];
for (const { votes: cast, look, confirm = 2, says } of rules) {
  test(`look ${look}, confirm: ${confirm}, [${cast}]: ${says}`, () => {
    assert.equal(say(rule(tallyOf(votes(cast)), confirm, look)), says);
  });
}

test("one location that is flaky twice confirms: one vote is all that is needed there", () => {
  const ruling = rule(tallyOf(["flaky"]), 2, 2);
  assert(ruling !== "second-look");
  assert.equal(ruling.outcome, "confirmed");
});

test("one location without a vote is inconclusive", () => {
  const ruling = rule(tallyOf(["none"]), 2, 1);
  assert(ruling !== "second-look");
  assert.equal(ruling.outcome, "inconclusive");
});

const twoLooks: { name: string; first: string; second: string; says: string; votes: string }[] = [
  {
    name: "a clean second look clears the first",
    first: "fail pass flaky",
    second: "pass pass pass",
    says: "not-reproduced second-look-clean",
    votes: "pass pass pass",
  },
  {
    name: "what fails twice stands",
    first: "fail pass pass",
    second: "fail pass pass",
    says: "regional some-domains-fail",
    votes: "fail pass pass",
  },
  {
    name: "what fails only in the second look counts too",
    first: "fail pass pass",
    second: "pass flaky pass",
    says: "regional some-domains-flaky",
    votes: "pass flaky pass",
  },
  {
    name: "a failing location that cannot tell in the second look keeps its first vote",
    first: "fail pass pass",
    second: "none pass pass",
    says: "regional some-domains-fail",
    votes: "fail pass pass",
  },
  {
    name: "a flaky location that is silent in the second look keeps its first vote",
    first: "flaky pass pass",
    second: "- pass pass",
    says: "regional some-domains-flaky",
    votes: "flaky pass pass",
  },
  {
    name: "an old and a new failure are two",
    first: "fail pass pass",
    second: "- fail pass",
    says: "confirmed enough-domains-fail",
    votes: "fail fail pass",
  },
];
for (const { name, first, second, says, votes: cast } of twoLooks) {
  test(`two looks: ${name}`, () => {
    const judged = judgeCheck(ballotOf(inOwnDomains(three)), { first: seen(first), second: seen(second) }, 2);
    assert.equal(say(judged.ruling), says);
    assert.deepEqual(judged.verdict.domains.map(({ vote }) => vote).join(" "), cast);
  });
}

test("a bad first vote stands location by location: a neighbour's pass does not clear it", () => {
  const ballot = ballotOf(domainsOf([...apac, dublin]));
  const evidence = {
    first: [fail("tokyo"), pass("osaka"), pass("dublin")],
    second: [error("tokyo"), pass("osaka"), pass("dublin")],
  };
  assert.equal(say(judgeCheck(ballot, evidence, 2).ruling), "regional some-domains-flaky");
});

test("a pass of the first look proves nothing about the second", () => {
  const judged = judgeCheck(
    ballotOf(inOwnDomains(five)),
    { first: seen("flaky pass pass pass pass", five), second: seen("pass pass pass - -", five) },
    2,
  );
  assert.equal(say(judged.ruling), "inconclusive too-few-votes");
});

test("a second look that nobody answered leaves the failure standing, and pages", () => {
  const judged = judgeCheck(ballotOf(inOwnDomains(three)), { first: seen("fail flaky pass"), second: [] }, 2);
  assert.equal(say(judged.ruling), "confirmed intermittent");
});

test("the votes are counted with what it took", () => {
  const judged = judgeCheck(
    ballotOf(inOwnDomains(five)),
    { first: seen("fail flaky degraded pass none", five) },
    "majority",
  );
  assert.equal(judged.verdict.check, "storefront");
  assert.deepEqual(judged.verdict.votes, {
    fail: 1,
    flaky: 1,
    degraded: 1,
    pass: 1,
    none: 1,
    needed: 3,
    toSpare: 4,
  });
});

const allVotes: readonly Vote[] = ["pass", "flaky", "fail", "degraded", "none"];
const confirms: readonly Confirm[] = [1, 2, 3, 4, "majority", "all"];

/** Votes of 1 to 8 domains; some draws leave kinds of votes out, so that every outcome is met often. */
function drawVotes(random: Random): Vote[] {
  const kinds = allVotes.filter(() => random.next() < 0.6);
  return Array.from({ length: random.whole(1, 8) }, () => random.pick(kinds.length === 0 ? allVotes : kinds));
}

test("property: sparing takes `spare` votes and not one that is bad; confirming takes `need` bad ones", () => {
  const random = new Random(1);
  const met = new Set<string>();
  for (let round = 0; round < 5000; round++) {
    const cast = drawVotes(random);
    const confirm = random.pick(confirms);
    const look = random.whole(1, 2);
    const tally = tallyOf(cast);
    const voting = cast.length - tally.none;
    const ruling = rule(tally, confirm, look);
    const outcome = ruling === "second-look" ? ruling : ruling.outcome;
    met.add(outcome);
    const of = `${cast.join(" ")}, confirm ${confirm}, look ${look}: ${outcome}`;
    if (outcome === "not-reproduced") {
      assert.equal(tally.fail + tally.flaky, 0, of);
      assert(voting >= 2 && voting * 3 >= cast.length * 2, of);
    }
    if (outcome === "confirmed") {
      const bad = tally.fail + (look === 2 ? tally.flaky : 0);
      assert(bad >= (cast.length === 1 ? 1 : 2), of);
      if (confirm === "majority") assert(bad * 2 > voting, of);
      if (confirm === "all") assert.equal(bad, voting, of);
      if (typeof confirm === "number") assert(bad >= Math.min(confirm, voting), of);
    }
    if (look === 2) assert.notEqual(outcome, "second-look", of);
  }
  assert.equal(met.size, 6, "every outcome is met");
});

const worse: Readonly<Record<Vote, readonly Vote[]>> = {
  pass: ["flaky", "fail"],
  degraded: ["flaky", "fail"],
  flaky: ["fail"],
  none: ["fail", "flaky"],
  fail: [],
};

test("property: one more bad vote never makes a milder outcome", () => {
  const random = new Random(2);
  for (let round = 0; round < 5000; round++) {
    const cast = drawVotes(random);
    const confirm = random.pick(confirms);
    const place = random.whole(0, cast.length - 1);
    const was = cast[place] ?? "none";
    const [now] = random.shuffled(worse[was]);
    if (now === undefined) continue;
    const before = rule(tallyOf(cast), confirm, 2);
    const after = rule(tallyOf(cast.with(place, now)), confirm, 2);
    assert(before !== "second-look" && after !== "second-look");
    const of = `${cast.join(" ")}, confirm ${confirm}: vote ${place} ${was} -> ${now}`;
    assert(
      outcomeRank(after.outcome) <= outcomeRank(before.outcome),
      `${of}: ${say(before)} -> ${say(after)}`,
    );
  }
});

test("property: at the first look one more failure never takes a confirmation back", () => {
  const random = new Random(3);
  for (let round = 0; round < 5000; round++) {
    const cast = drawVotes(random);
    const confirm = random.pick(confirms);
    const place = random.whole(0, cast.length - 1);
    const before = rule(tallyOf(cast), confirm, 1);
    const after = rule(tallyOf(cast.with(place, "fail")), confirm, 1);
    if (before !== "second-look" && before.outcome === "confirmed")
      assert.equal(say(after), say(before), `${cast.join(" ")}, confirm ${confirm}, ${place}`);
  }
});
