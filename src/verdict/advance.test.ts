import assert from "node:assert/strict";
import { test } from "node:test";
import { incidentOf, noon, planOf } from "../../test/fixtures/observations.ts";
import type { Incident } from "../model/incident.ts";
import { verdictGiven } from "./advance.ts";
import {
  take,
  confirmed,
  slow,
  clean,
  unsure,
  overdue,
  opened,
  toldConfirmed,
  toldRegional,
  toldUnsure,
  seconds,
  tellStories,
  plain,
  play,
} from "./stories.fixture.ts";
import type { Event } from "./stories.fixture.ts";

tellStories([
  {
    name: "a verdict opens, by the list of its outcome",
    steps: [opened, toldConfirmed],
  },
  { name: "regional has its own list", steps: [opened, toldRegional] },
  { name: "inconclusive has its own list", steps: [opened, toldUnsure] },
  {
    name: "degraded is told as regional",
    steps: [opened, { ...toldRegional, on: ["alert", slow] }],
  },
  {
    name: "an outcome with an explicit empty list opens without a word",
    plan: { notify: { confirmed: ["pagerduty"], degraded: [] } },
    steps: [opened, { ...toldConfirmed, on: ["alert", slow], tells: [] }],
  },
  { name: "the hold pages", steps: [opened, { ...toldUnsure, at: 60, on: ["hold", overdue], next: 90 }] },
  {
    name: "annotate tells messages only",
    plan: { mode: "annotate", actions: ["slack", "pagerduty"] },
    steps: [opened, { ...toldConfirmed, tells: ["verdict: slack"] }],
  },
  {
    name: "without notify messages and pagers are told twice, tickets and effects once",
    plan: { notify: {}, actions: ["slack", "pagerduty", "jira", "restart"] },
    steps: [
      { ...opened, tells: ["trigger: jira pagerduty restart slack"] },
      { ...toldConfirmed, tells: ["verdict: pagerduty slack"] },
    ],
  },
  {
    name: "alerts join a run",
    steps: [
      opened,
      { at: 2, on: "fired", reason: "joined", state: "checking" },
      { at: 3, on: "fired", reason: "joined", state: "checking" },
      toldConfirmed,
    ],
  },
]);

/**
 * The table of architecture §3: "any open one, firing alert: same, count + 1, told -, now if watching"; but that a spared
 * incident is `checking` again, since the alert that joined has no verdict yet (docs/decisions/0004).
 */
test("an alert joins an incident in the state that it has, but a spared one is checked afresh", () => {
  const states: [Incident, nextRun: number, after: Incident["state"]][] = [
    [play([0, "fired"]), 0, "checking"],
    [play([0, "fired"], [5, ["alert", clean]]), 30, "checking"],
    [play([0, "fired"], [5, ["alert", confirmed]]), 35, "open"],
  ];
  for (const [before, nextRun, after] of states) {
    const { incident, tell } = take(before, "fired", noon + 30_000, plain);
    assert.equal(incident.state, after);
    assert.equal(seconds(incident.nextRunAt), nextRun);
    assert.deepEqual(tell, []);
  }
});

test("without notify, tickets and effects are told of the arrival and of nothing else", () => {
  const policy = {
    plan: planOf({ notify: {}, actions: ["slack", "pagerduty", "jira", "restart"] }),
    random: 0.5,
  };
  const events: Event[] = ["resolved", ["alert", unsure]];
  let { incident } = take(incidentOf(), "fired", noon, policy);
  for (const [index, event] of events.entries()) {
    const step = take(incident, event, noon + 1000 + index, policy);
    incident = step.incident;
    const told = step.tell.flatMap(({ actions }) => actions);
    assert(!told.includes("restart") && !told.includes("jira"), `${step.reason}: ${told.join(" ")}`);
  }
  assert.equal(incident.state, "closed");
});

test("what is told is remembered: outcome, failing domains, when, and who", () => {
  const { told, outcome, reason } = play([0, "fired"], [5, ["alert", confirmed]]);
  assert.equal(outcome, "confirmed");
  assert.equal(reason, "enough-domains-fail");
  assert.partialDeepStrictEqual(told, { outcome: "confirmed", failing: 2, at: noon + 5000 });
  assert(told?.actions.includes("pagerduty"));
});

test("the incident has the last verdict's outcome, told or not", () => {
  assert.equal(
    play([0, "fired"], [5, ["alert", confirmed]], [35, ["recheck", unsure]]).outcome,
    "inconclusive",
  );
});

test("a run that began before the last alert proves nothing about it", () => {
  const told = play([0, "fired"], [5, ["alert", confirmed]], [40, ["recheck", clean]]);
  const joined = take(told, "fired", noon + 50_000, plain).incident;
  const given = { verdict: clean, cause: "recheck", startedAt: noon + 49_000 } as const;
  const { incident, reason } = verdictGiven(joined, given, noon + 51_000, plain);
  assert.equal(reason, "still-open");
  assert.equal(incident.progress.cleanRuns, 0);
  assert.equal(seconds(incident.nextRunAt), 50, "the run that the alert asked for is still due");
});

test("a run that began before an incident was reopened does not spare the alert that reopened it", () => {
  const closed = play([0, "fired"], [5, ["alert", unsure]], [20, "resolved"]);
  const reopened = take(closed, "fired", noon + 30_000, plain).incident;
  for (const cause of ["recheck", "alert", "watch"] as const) {
    const given = { verdict: clean, cause, startedAt: noon + 19_000 };
    const { incident, tell, reason } = verdictGiven(reopened, given, noon + 31_000, plain);
    assert.equal(reason, "awaiting-fresh-run");
    assert.equal(incident.state, "checking");
    assert.deepEqual(tell, []);
  }
});

test("with nothing to ask an incident is over once it has been told", () => {
  const policy = { ...plain, plan: { ...plain.plan, checks: [], faults: ["storefront cannot be built"] } };
  const fired = take(incidentOf(), "fired", noon, policy).incident;
  const { incident, reason } = take(fired, ["alert", unsure], noon + 1000, policy);
  assert.equal(reason, "told");
  assert.equal(incident.nextRunAt, null);
});
