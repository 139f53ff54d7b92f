import assert from "node:assert/strict";
import { test } from "node:test";
import type { CountedIncident } from "../model/report.ts";
import type { Vote } from "../model/verdict.ts";
import { audience, counted, countedRun } from "./counted.fixture.ts";
import { Trials } from "./suggest.ts";

type Votes = Readonly<Record<string, Vote>>;
const twoOfFive: Votes = { eu: "fail", na: "fail", apac: "pass", sa: "pass", office: "pass" };
const allOfFive: Votes = { eu: "fail", na: "fail", apac: "fail", sa: "fail", office: "fail" };

function incidents(count: number, votes: Votes, more: Partial<CountedIncident>): CountedIncident[] {
  const one = counted("confirmed", ["pagerduty"], { runs: [countedRun("confirmed", votes)], ...more });
  return Array.from({ length: count }, () => one);
}

function trialsOf(...groups: CountedIncident[][]): Trials {
  const trials = new Trials();
  for (const incident of groups.flat()) trials.add(incident);
  return trials;
}

test("too few marks suggest nothing, and say how many it takes", () => {
  const trials = trialsOf(incidents(9, allOfFive, { mark: "real" }), incidents(50, allOfFive, {}));
  const { confirm, reason } = trials.suggestion();
  assert.equal(confirm, null);
  assert.match(reason, /^9 marked incidents with votes, and it takes 10/);
});

test("where two failing places were never real and all of them were, majority fits", () => {
  const trials = trialsOf(
    incidents(8, twoOfFive, { mark: "not-real" }),
    incidents(4, allOfFive, { mark: "real" }),
  );
  const { confirm, reason } = trials.suggestion();
  assert.equal(confirm, "majority");
  assert.match(
    reason,
    /leaves 0 real ones unconfirmed and confirms 0 that were not real; 2, as it is, .*confirms 8/,
  );
});

test("one missed outage outweighs nineteen false pages", () => {
  const trials = trialsOf(
    incidents(19, twoOfFive, { mark: "not-real" }),
    incidents(1, twoOfFive, { mark: "real" }),
  );
  assert.equal(trials.suggestion().confirm, 2);
});

test("what makes no difference stays as it is", () => {
  const majority = { ...audience, confirm: "majority" as const };
  const { confirm, reason } = trialsOf(
    incidents(12, allOfFive, { mark: "real", audience: majority }),
  ).suggestion();
  assert.equal(confirm, "majority");
  assert.match(reason, /^keep it/);
});

test("votes of a first look that ask for a second one prove nothing against a setting", () => {
  const runs = [countedRun("confirmed", twoOfFive, { looks: 1 })];
  const trials = trialsOf(incidents(10, twoOfFive, { mark: "real", runs }));
  assert.deepEqual(trials.rejudged(), [
    { confirm: 2, confirmed: 10, regional: 0, other: 0, unclear: 0 },
    { confirm: "majority", confirmed: 0, regional: 0, other: 0, unclear: 10 },
    { confirm: "all", confirmed: 0, regional: 0, other: 0, unclear: 10 },
  ]);
  assert.equal(trials.suggestion().confirm, 2);
});

test("what has been failing since before the alert confirms nothing under any setting", () => {
  const [run] = counted("inconclusive", []).runs;
  const checks = [countedRun("inconclusive", allOfFive)].flatMap((one) =>
    one.checks.map((check) => ({
      ...check,
      locations: check.locations.map(([location, vote]) => [location, vote, "no-baseline"] as const),
    })),
  );
  assert(run !== undefined);
  const trials = trialsOf(incidents(10, allOfFive, { mark: "not-real", runs: [{ ...run, checks }] }));
  for (const { confirmed, other } of trials.rejudged()) assert.deepEqual([confirmed, other], [0, 10]);
});
