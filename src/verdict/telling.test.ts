import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, verdictOf } from "../../test/fixtures/observations.ts";
import type { Mode, NotifyLists } from "../model/action.ts";
import type { VerdictOutcome } from "../model/verdict.ts";
import { toldAtArrival, toldInEarnest, toldOutcome, toldRecovery, toldVerdict } from "./telling.ts";

const everyKind = ["slack", "pagerduty", "jira", "restart"];

const words = (names: readonly string[]) => names.toSorted().join(" ");

const arrivals: { name: string; mode: Mode; notify: NotifyLists; told: string }[] = [
  { name: "gate, without notify", mode: "gate", notify: {}, told: "jira pagerduty restart slack" },
  {
    name: "gate, with notify",
    mode: "gate",
    notify: { confirmed: ["email"] },
    told: "jira pagerduty restart slack",
  },
  { name: "annotate tells messages only", mode: "annotate", notify: {}, told: "slack" },
  { name: "annotate, with notify", mode: "annotate", notify: { confirmed: everyKind }, told: "slack" },
];
for (const { name, mode, notify, told } of arrivals) {
  test(`at arrival: ${name}: ${told}`, () => {
    assert.equal(words(toldAtArrival(planOf({ mode, notify, actions: everyKind }))), told);
  });
}

test("in shadow a verdict has those whom gate would have told; any other route means what it does", () => {
  const spared = verdictOf("not-reproduced", { eu: "pass", apac: "pass", na: "pass" });
  const shadow = planOf({ mode: "shadow", notify: everyList });
  assert.deepEqual(toldInEarnest(shadow, spared), ["slack"]);
  assert.deepEqual(toldInEarnest({ ...shadow, faults: ["no target"] }, spared), ["slack", "restart"]);
  assert.equal(toldInEarnest(planOf(), spared), null);
});

test("a route without actions tells nobody at arrival", () => {
  assert.deepEqual(toldAtArrival(planOf({ actions: [] })), []);
});

const everyList: NotifyLists = {
  confirmed: ["pagerduty", "jira"],
  regional: ["opsgenie"],
  degraded: ["email"],
  "not-reproduced": ["slack"],
  inconclusive: ["restart"],
};
const outcomes: {
  name: string;
  notify: NotifyLists;
  outcome: VerdictOutcome;
  told: string;
  mode?: Mode;
  actions?: string[];
}[] = [
  { name: "its own list", notify: everyList, outcome: "confirmed", told: "jira pagerduty" },
  { name: "its own list", notify: everyList, outcome: "regional", told: "opsgenie" },
  { name: "its own list", notify: everyList, outcome: "degraded", told: "email" },
  { name: "its own list", notify: everyList, outcome: "not-reproduced", told: "slack" },
  { name: "its own list", notify: everyList, outcome: "inconclusive", told: "restart" },
  {
    name: "missing: as confirmed",
    notify: { confirmed: ["pagerduty"] },
    outcome: "regional",
    told: "pagerduty",
  },
  {
    name: "missing: as confirmed",
    notify: { confirmed: ["pagerduty"] },
    outcome: "not-reproduced",
    told: "pagerduty",
  },
  {
    name: "missing: as confirmed",
    notify: { confirmed: ["pagerduty"] },
    outcome: "inconclusive",
    told: "pagerduty",
  },
  {
    name: "nothing else listed: as confirmed",
    notify: { confirmed: ["pagerduty"] },
    outcome: "degraded",
    told: "pagerduty",
  },
  {
    name: "missing: as regional",
    notify: { confirmed: ["pagerduty"], regional: ["email"] },
    outcome: "degraded",
    told: "email",
  },
  {
    name: "regional spares explicitly, and degraded with it",
    notify: { confirmed: ["pagerduty"], regional: [] },
    outcome: "degraded",
    told: "",
  },
  {
    name: "an empty list spares",
    notify: { confirmed: ["pagerduty"], "not-reproduced": [] },
    outcome: "not-reproduced",
    told: "",
  },
  {
    name: "the list of recovery is no outcome's",
    notify: { confirmed: ["jira"], recovered: [] },
    outcome: "regional",
    told: "jira",
  },
  { name: "no lists: messages and pagers again", notify: {}, outcome: "confirmed", told: "pagerduty slack" },
  { name: "no lists: messages and pagers again", notify: {}, outcome: "degraded", told: "pagerduty slack" },
  {
    name: "no lists: messages and pagers again",
    notify: {},
    outcome: "not-reproduced",
    told: "pagerduty slack",
  },
  {
    name: "no lists: messages and pagers again",
    notify: {},
    outcome: "inconclusive",
    told: "pagerduty slack",
  },
  {
    name: "annotate: messages only",
    notify: { confirmed: [...everyKind, "email"] },
    mode: "annotate",
    outcome: "confirmed",
    told: "email slack",
  },
  {
    name: "annotate, missing: as confirmed, messages only",
    notify: { confirmed: everyKind },
    mode: "annotate",
    outcome: "inconclusive",
    told: "slack",
  },
  { name: "as inconclusive", notify: everyList, mode: "shadow", outcome: "not-reproduced", told: "restart" },
  { name: "as inconclusive", notify: everyList, mode: "shadow", outcome: "confirmed", told: "restart" },
  {
    name: "as inconclusive, which is as confirmed",
    notify: { confirmed: ["pagerduty"], "not-reproduced": ["slack"], regional: [] },
    mode: "shadow",
    outcome: "not-reproduced",
    told: "pagerduty",
  },
  {
    name: "annotate, no lists: messages only",
    notify: {},
    mode: "annotate",
    outcome: "confirmed",
    told: "slack",
  },
];
for (const { name, notify, mode = "gate", outcome, told, actions = everyKind } of outcomes) {
  test(`${mode}, ${outcome}: ${name}: ${told || "nobody"}`, () => {
    assert.equal(words(toldOutcome(planOf({ mode, notify, actions }), outcome)), told);
  });
}

test("without a list for confirmed, what is not listed falls to the route's actions, never to nobody", () => {
  const plan = planOf({ notify: { "not-reproduced": [] }, actions: everyKind });
  assert.equal(words(toldOutcome(plan, "confirmed")), "pagerduty slack");
  assert.equal(words(toldOutcome(plan, "inconclusive")), "pagerduty slack");
});

const recoveries: { name: string; notify: NotifyLists; told: string[]; mode?: Mode; tells: string }[] = [
  { name: "its list", notify: { recovered: ["slack"] }, told: ["slack"], tells: "slack" },
  {
    name: "its list, and the pager that we rang",
    notify: { recovered: ["slack"] },
    told: ["pagerduty"],
    tells: "pagerduty slack",
  },
  {
    name: "no list: all who were told",
    notify: { confirmed: ["email"] },
    told: ["slack", "pagerduty"],
    tells: "pagerduty slack",
  },
  {
    name: "an empty list: the pager that we rang",
    notify: { recovered: [] },
    told: ["slack", "pagerduty"],
    tells: "pagerduty",
  },
  {
    name: "each only once",
    notify: { recovered: ["slack", "pagerduty"] },
    told: ["pagerduty", "slack"],
    tells: "pagerduty slack",
  },
  { name: "nobody was told", notify: {}, told: [], tells: "" },
  {
    name: "a pager that we did not ring is left alone",
    notify: { recovered: ["slack", "opsgenie"] },
    told: ["slack"],
    tells: "slack",
  },
  {
    name: "annotate leaves pagers alone",
    notify: { recovered: ["slack", "pagerduty"] },
    told: ["slack"],
    mode: "annotate",
    tells: "slack",
  },
];
for (const { name, notify, told, mode = "gate", tells } of recoveries) {
  test(`${mode}, recovered: ${name}: ${tells || "nobody"}`, () => {
    assert.equal(words(toldRecovery(planOf({ notify, mode, actions: everyKind }), told)), tells);
  });
}

test("several checks tell the union of their outcomes", () => {
  const plan = planOf({ notify: everyList, actions: [] });
  const regional = verdictOf("regional", { eu: "fail", apac: "pass", na: "pass" });
  const unsure = verdictOf("inconclusive", { eu: "pass", apac: "none", na: "none" });
  const both = { ...regional, checks: [...regional.checks, ...unsure.checks] };
  assert.equal(words(toldVerdict(plan, both)), "opsgenie restart");
});

test("a check that could not be built is told as inconclusive is, whatever the others say", () => {
  const plan = { ...planOf({ notify: everyList, actions: [] }), faults: ["login cannot be built"] };
  const regional = verdictOf("regional", { eu: "fail", apac: "pass", na: "pass" });
  assert.equal(words(toldVerdict(plan, regional)), "opsgenie restart");
});
