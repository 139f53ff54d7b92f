import assert from "node:assert/strict";
import { test } from "node:test";
import { checkVerdictOf, noon, planOf, verdictOf } from "../../test/fixtures/observations.ts";
import type { CheckVerdict, Verdict } from "../model/verdict.ts";
import {
  take,
  by,
  confirmed,
  regional,
  clean,
  silentNa,
  silentApac,
  unsure,
  opened,
  toldConfirmed,
  toldRegional,
  recovering,
  tellStories,
  plain,
  play,
} from "./stories.fixture.ts";

tellStories([
  {
    name: "recovered after three clean runs, all who were told hear it",
    steps: [
      opened,
      toldConfirmed,
      recovering,
      { at: 130, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      {
        at: 220,
        on: ["recheck", clean],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
        next: null,
      },
    ],
  },
  {
    name: "three clean runs in less than three minutes are not enough",
    steps: [
      opened,
      toldConfirmed,
      recovering,
      { at: 60, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      { at: 80, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      { at: 219, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      {
        at: 221,
        on: ["recheck", clean],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
      },
    ],
  },
  {
    name: "without a list for it, recovery is told to all who were told",
    plan: { actions: ["email"], notify: { regional: ["slack"], confirmed: ["pagerduty"] } },
    steps: [
      { ...opened, tells: ["trigger: email"] },
      { ...toldRegional, tells: ["verdict: slack"] },
      {
        at: 35,
        on: ["recheck", confirmed],
        reason: "told-worse",
        state: "open",
        tells: ["change: pagerduty"],
      },
      recovering,
      { at: 130, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      {
        at: 220,
        on: ["recheck", clean],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: email pagerduty slack"],
      },
    ],
  },
  {
    name: "a pager rung at arrival is resolved with the rest",
    plan: { actions: ["opsgenie"] },
    steps: [
      { ...opened, tells: ["trigger: opsgenie"] },
      toldConfirmed,
      recovering,
      { at: 130, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      {
        at: 220,
        on: ["recheck", clean],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: opsgenie pagerduty slack"],
      },
    ],
  },
  {
    name: "anything else ends recovery without a word",
    steps: [
      opened,
      toldConfirmed,
      recovering,
      { at: 130, on: ["recheck", unsure], reason: "still-open", state: "open" },
      { at: 150, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      { at: 240, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      {
        at: 330,
        on: ["recheck", clean],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
      },
    ],
  },
  {
    name: "worse than told ends recovery and is told at once",
    steps: [
      opened,
      toldRegional,
      recovering,
      {
        at: 130,
        on: ["recheck", confirmed],
        reason: "told-worse",
        state: "open",
        tells: ["change: pagerduty slack"],
      },
    ],
  },
  {
    name: "the silence of a domain that failed does not begin recovery",
    steps: [
      opened,
      toldConfirmed,
      { at: 40, on: ["recheck", silentApac], reason: "still-open", state: "open" },
      { at: 100, on: ["recheck", silentNa], reason: "recovering", state: "recovering" },
    ],
  },
  {
    name: "the silence of a domain that failed ends recovery",
    steps: [
      opened,
      toldConfirmed,
      recovering,
      { at: 130, on: ["recheck", silentApac], reason: "still-open", state: "open" },
    ],
  },
  {
    name: "a domain that failed while the incident was open counts as well",
    steps: [
      opened,
      { ...toldConfirmed, on: ["alert", verdictOf("confirmed", by("fail pass fail"))] },
      { at: 35, on: ["recheck", regional], reason: "still-open", state: "open" },
      { at: 95, on: ["recheck", silentApac], reason: "still-open", state: "open" },
    ],
  },
  {
    name: "an alert that joins an incident that recovers asks for fresh proof: the row of clean runs begins anew",
    steps: [
      opened,
      toldConfirmed,
      recovering,
      { at: 50, on: "fired", reason: "joined", state: "open", next: 50 },
      { at: 52, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      { at: 142, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      {
        at: 232,
        on: ["recheck", clean],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
      },
    ],
  },
]);

/** A verdict of several checks, of which one at most is not healthy. */
function verdictOfAll(checks: readonly CheckVerdict[]): Verdict {
  const worst = checks.find(({ outcome }) => outcome !== "not-reproduced");
  return verdictOf(worst?.outcome ?? "not-reproduced", {}, { checks: [...checks] });
}

/** What comes of a recheck, where the first run saw something else. */
function recheckedAs(seen: readonly CheckVerdict[], now: readonly CheckVerdict[]): string {
  const open = play([0, "fired"], [5, ["alert", verdictOfAll(seen)]]);
  return take(open, ["recheck", verdictOfAll(now)], noon + 40_000, plain).reason;
}

const api = { check: "api" };
const storefrontPasses = checkVerdictOf("not-reproduced", by("pass pass pass"));

test("a domain that failed on one check must pass on that check", () => {
  const seen = [storefrontPasses, checkVerdictOf("regional", by("pass fail pass"), api)];
  const silent = checkVerdictOf("not-reproduced", by("pass none pass"), api);
  assert.equal(recheckedAs(seen, [storefrontPasses, silent]), "still-open");
});

test("a check that is gone does not count as one that passes again", () => {
  const seen = [storefrontPasses, checkVerdictOf("regional", by("pass fail pass"), api)];
  assert.equal(recheckedAs(seen, [storefrontPasses]), "still-open");
});

test("a domain that failed need not pass where it does not look: functions run from places of their own", () => {
  const functions = checkVerdictOf(
    "not-reproduced",
    { lambda: "pass", other: "pass" },
    { check: "functions" },
  );
  const seen = [checkVerdictOf("regional", by("pass fail pass")), functions];
  assert.equal(recheckedAs(seen, [storefrontPasses, functions]), "recovering");
  const silent = checkVerdictOf("not-reproduced", { lambda: "pass" }, { check: "functions" });
  const failed = checkVerdictOf("regional", { lambda: "pass", other: "fail" }, { check: "functions" });
  assert.equal(recheckedAs([storefrontPasses, failed], [storefrontPasses, silent]), "still-open");
});

for (const random of [0, 0.25, 0.75, 1]) {
  test(`recovery takes three runs over at least three minutes, with random ${random}`, () => {
    const policy = { plan: planOf(), random };
    let incident = play([0, "fired"], [5, ["alert", confirmed]]);
    const first = incident.nextRunAt ?? 0;
    let runs = 0;
    let last = first;
    while (incident.state !== "closed" && runs < 10) {
      last = incident.nextRunAt ?? 0;
      incident = take(incident, ["recheck", clean], last, policy).incident;
      runs += 1;
    }
    assert.equal(runs, 3);
    assert(last - first >= 180_000 && last - first <= 200_000, `${last - first} ms`);
  });
}
