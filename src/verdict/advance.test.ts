import assert from "node:assert/strict";
import { test } from "node:test";
import { checkVerdictOf, incidentOf, noon, planOf, verdictOf } from "../../test/fixtures/observations.ts";
import { Random } from "../../test/fixtures/random.ts";
import type { Incident, IncidentState } from "../model/incident.ts";
import type { Plan } from "../model/plan.ts";
import type { RunCause } from "../model/run.ts";
import { outcomeRank } from "../model/verdict.ts";
import type { Verdict, VerdictOutcome, Vote } from "../model/verdict.ts";
import { verdictGiven } from "./advance.ts";
import { alertFired, alertResolved, reopenWithinMs, retellAfterMs } from "./alert-step.ts";
import type { Step, StepReason } from "./step.ts";
import { withoutRun } from "./combine.ts";

type Cause = RunCause | "hold";
type Event = "fired" | "resolved" | readonly [cause: Cause, verdict: Verdict];

function take(incident: Incident, event: Event, now: number, policy: { plan: Plan; random: number }): Step {
  if (event === "fired") return alertFired(incident, now, policy);
  if (event === "resolved") return alertResolved(incident, now, policy);
  const [cause, verdict] = event;
  return verdictGiven(incident, { verdict, cause }, now, policy);
}

const by = (votes: string): Record<string, Vote> => {
  const [eu, apac, na] = votes.split(" ") as [Vote, Vote, Vote];
  return { eu, apac, na };
};
const confirmed = verdictOf("confirmed", by("fail fail pass"));
const allDown = verdictOf("confirmed", by("fail fail fail"));
const regional = verdictOf("regional", by("pass fail pass"));
const slow = verdictOf("degraded", by("degraded degraded pass"));
const clean = verdictOf("not-reproduced", by("pass pass pass"));
const silentNa = verdictOf("not-reproduced", by("pass pass none"));
const silentApac = verdictOf("not-reproduced", by("pass none pass"));
const unsure = verdictOf("inconclusive", by("pass none none"));
const notTaken = verdictOf("inconclusive", by("pass pass pass"), {
  reason: "not-visible-from-outside",
  healthy: true,
});
const overdue = withoutRun({ reason: "overdue", summary: "No verdict within 60 s." });

/** One step of a story; times are seconds since its first alert. */
interface Scene {
  readonly at: number;
  readonly on: Event;
  readonly reason: StepReason;
  /** Not looked at unless given. */
  readonly state?: IncidentState;
  /** `verdict: pagerduty slack`, one line a telling; none unless given. */
  readonly tells?: readonly string[];
  /** When the next run is due; `null`: never; not looked at unless given. */
  readonly next?: number | null;
}

interface Story {
  readonly name: string;
  readonly plan?: Parameters<typeof planOf>[0];
  readonly steps: readonly Scene[];
}

const opened: Scene = {
  at: 0,
  on: "fired",
  reason: "opened",
  state: "checking",
  tells: ["trigger: slack"],
  next: 0,
};
const spared: Scene = {
  at: 5,
  on: ["alert", clean],
  reason: "spared",
  state: "watching",
  tells: ["verdict: slack"],
  next: 65,
};
const toldConfirmed: Scene = {
  at: 5,
  on: ["alert", confirmed],
  reason: "told",
  state: "open",
  tells: ["verdict: pagerduty slack"],
  next: 35,
};
const toldRegional: Scene = {
  ...toldConfirmed,
  on: ["alert", regional],
  tells: ["verdict: email pagerduty"],
};
const toldUnsure: Scene = { ...toldConfirmed, on: ["alert", unsure], tells: ["verdict: pagerduty"] };
const recovering: Scene = { at: 40, on: ["recheck", clean], reason: "recovering", state: "recovering" };

const stories: Story[] = [
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
    name: "what is spared is watched and closed after the last recheck",
    steps: [
      opened,
      spared,
      { at: 70, on: ["watch", clean], reason: "spared-still", state: "watching", next: 250 },
      { at: 255, on: ["watch", clean], reason: "spared-still", state: "watching", next: 855 },
      { at: 860, on: ["watch", clean], reason: "watch-over", state: "closed", next: null },
    ],
  },
  {
    name: "turning bad releases what was spared",
    steps: [
      opened,
      spared,
      {
        at: 70,
        on: ["watch", regional],
        reason: "told",
        state: "open",
        tells: ["*: email pagerduty"],
        next: 100,
      },
    ],
  },
  {
    name: "turning slow releases what was spared",
    steps: [
      opened,
      spared,
      {
        at: 70,
        on: ["watch", slow],
        reason: "told",
        state: "open",
        tells: ["*: email pagerduty"],
        next: 100,
      },
    ],
  },
  {
    name: "two inconclusive rechecks in a row page",
    steps: [
      opened,
      spared,
      { at: 70, on: ["watch", unsure], reason: "spared-unsure", state: "watching" },
      { at: 255, on: ["watch", unsure], reason: "told", state: "open", tells: ["*: pagerduty"], next: 285 },
    ],
  },
  {
    name: "inconclusive rechecks that are not in a row do not",
    steps: [
      opened,
      spared,
      { at: 70, on: ["watch", unsure], reason: "spared-unsure", state: "watching" },
      { at: 255, on: ["watch", clean], reason: "spared-still", state: "watching" },
      { at: 860, on: ["watch", unsure], reason: "spared-unsure", state: "watching" },
      { at: 1500, on: ["watch", unsure], reason: "told", state: "open", tells: ["*: pagerduty"] },
    ],
  },
  {
    name: "an inconclusive recheck before a fresh spare and one after it are not two in a row",
    steps: [
      opened,
      spared,
      { at: 70, on: ["watch", unsure], reason: "spared-unsure", state: "watching" },
      { at: 90, on: "fired", reason: "joined-spared", next: 90 },
      { at: 100, on: ["alert", clean], reason: "spared", state: "watching", tells: ["*: slack"] },
      { at: 170, on: ["watch", unsure], reason: "spared-unsure", state: "watching" },
    ],
  },
  {
    name: "an alert that joins a spared incident pages at once when nobody can tell",
    steps: [
      opened,
      spared,
      { at: 30, on: "fired", reason: "joined-spared", next: 30 },
      { at: 50, on: ["alert", unsure], reason: "told", state: "open", tells: ["*: pagerduty"] },
    ],
  },
  {
    name: "the hold of an alert that joined a spared incident pages",
    steps: [
      opened,
      spared,
      { at: 30, on: "fired", reason: "joined-spared", next: 30 },
      { at: 90, on: ["hold", overdue], reason: "told", state: "open", tells: ["*: pagerduty"] },
    ],
  },
  {
    name: "a watch run under way does not answer the alert that joins",
    steps: [
      opened,
      spared,
      { at: 66, on: "fired", reason: "joined-spared", next: 66 },
      { at: 80, on: ["watch", clean], reason: "awaiting-fresh-run" },
      { at: 95, on: ["alert", confirmed], reason: "told", state: "open", tells: ["*: pagerduty slack"] },
    ],
  },
  {
    name: "a watch run under way that turns bad is told at once",
    steps: [
      opened,
      spared,
      { at: 66, on: "fired", reason: "joined-spared", next: 66 },
      { at: 80, on: ["watch", confirmed], reason: "told", state: "open", tells: ["*: pagerduty slack"] },
    ],
  },
  {
    name: "the last watch run does not close what an alert has just joined",
    steps: [
      opened,
      spared,
      { at: 70, on: ["watch", clean], reason: "spared-still", state: "watching" },
      { at: 255, on: ["watch", clean], reason: "spared-still", state: "watching", next: 855 },
      { at: 858, on: "fired", reason: "joined-spared", next: 858 },
      { at: 860, on: ["watch", clean], reason: "awaiting-fresh-run" },
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
  {
    name: "open is rechecked by its schedule, and the same or milder is not told",
    steps: [
      opened,
      toldConfirmed,
      { at: 35, on: ["recheck", confirmed], reason: "still-open", state: "open", next: 95 },
      { at: 95, on: ["recheck", regional], reason: "still-open", state: "open", next: 215 },
      { at: 215, on: ["recheck", unsure], reason: "still-open", state: "open", next: 515 },
      { at: 515, on: ["recheck", slow], reason: "still-open", state: "open", next: 815 },
    ],
  },
  {
    name: "regional to confirmed is told at once",
    steps: [
      opened,
      toldRegional,
      {
        at: 35,
        on: ["recheck", confirmed],
        reason: "told-worse",
        state: "open",
        tells: ["change: pagerduty slack"],
      },
      { at: 95, on: ["recheck", confirmed], reason: "still-open", state: "open" },
      { at: 155, on: ["recheck", regional], reason: "still-open", state: "open" },
      { at: 300, on: ["recheck", confirmed], reason: "still-open", state: "open" },
    ],
  },
  {
    name: "one domain more is told at once",
    steps: [
      opened,
      toldConfirmed,
      {
        at: 35,
        on: ["recheck", allDown],
        reason: "told-worse",
        state: "open",
        tells: ["change: pagerduty slack"],
      },
      { at: 95, on: ["recheck", allDown], reason: "still-open", state: "open" },
    ],
  },
  {
    name: "our own proof is worse than having been unable to tell",
    steps: [
      opened,
      toldUnsure,
      {
        at: 35,
        on: ["recheck", regional],
        reason: "told-worse",
        state: "open",
        tells: ["change: email pagerduty"],
      },
    ],
  },
  {
    name: "a verdict after the hold's is told when it is worse",
    steps: [
      opened,
      { ...toldUnsure, at: 60, on: ["hold", overdue], next: 90 },
      {
        at: 62,
        on: ["alert", confirmed],
        reason: "told-worse",
        state: "open",
        tells: ["change: pagerduty slack"],
      },
    ],
  },
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
    name: "health that does not spare a page still ends an incident",
    plan: { spare: false },
    steps: [
      opened,
      { ...toldUnsure, on: ["alert", notTaken] },
      { ...recovering, on: ["recheck", notTaken] },
      { at: 130, on: ["recheck", notTaken], reason: "recovering", state: "recovering" },
      {
        at: 220,
        on: ["recheck", notTaken],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
      },
    ],
  },
  {
    name: "an alert that joins an incident told more than an hour ago has its verdict told again, once",
    steps: [
      opened,
      toldConfirmed,
      { at: 3606, on: "fired", reason: "joined", state: "open" },
      {
        at: 3660,
        on: ["recheck", regional],
        reason: "told-again",
        state: "open",
        tells: ["*: email pagerduty"],
      },
      { at: 3960, on: ["recheck", regional], reason: "still-open", state: "open" },
    ],
  },
  {
    name: "an alert that joins an incident told an hour ago, no more, is old news",
    steps: [
      opened,
      toldConfirmed,
      { at: 3605, on: "fired", reason: "joined", state: "open" },
      { at: 7500, on: ["recheck", confirmed], reason: "still-open", state: "open" },
    ],
  },
  {
    name: "the hold of an alert that joined an incident told more than an hour ago pages again",
    steps: [
      opened,
      toldConfirmed,
      { at: 3700, on: "fired", reason: "joined", state: "open" },
      { at: 3760, on: ["hold", overdue], reason: "told-again", state: "open", tells: ["*: pagerduty"] },
    ],
  },
  {
    name: "health is not told again",
    steps: [
      opened,
      toldConfirmed,
      { at: 3700, on: "fired", reason: "joined", state: "open" },
      { at: 3760, on: ["recheck", clean], reason: "recovering", state: "recovering" },
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
  {
    name: "an alert soon after recovery reopens, and its verdict is told",
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
      },
      { at: 500, on: "fired", reason: "reopened", state: "checking", tells: ["trigger: slack"], next: 500 },
      {
        at: 510,
        on: ["alert", confirmed],
        reason: "told",
        state: "open",
        tells: ["verdict: pagerduty slack"],
        next: 540,
      },
      { at: 550, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      { at: 640, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      {
        at: 730,
        on: ["recheck", clean],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
      },
    ],
  },
  {
    name: "the sender says resolved before the verdict: our own proof pages",
    steps: [opened, { at: 3, on: "resolved", reason: "sender-resolved", state: "checking" }, toldConfirmed],
  },
  {
    name: "the sender says resolved and then fires again: inconclusive pages",
    steps: [
      opened,
      { at: 3, on: "resolved", reason: "sender-resolved", state: "checking" },
      { at: 4, on: "fired", reason: "joined", state: "checking" },
      toldUnsure,
    ],
  },
  {
    name: "the sender says resolved after an inconclusive verdict: closed, and resolved in the pager",
    steps: [
      opened,
      toldUnsure,
      {
        at: 20,
        on: "resolved",
        reason: "sender-resolved",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
        next: null,
      },
      { at: 30, on: "resolved", reason: "no-incident", state: "closed", next: null },
    ],
  },
  {
    name: "the sender says resolved after our own proof: the next recheck is now, recovery decides",
    steps: [
      opened,
      toldConfirmed,
      { at: 20, on: "resolved", reason: "sender-resolved", state: "open", next: 20 },
      { at: 25, on: ["recheck", confirmed], reason: "still-open", state: "open" },
      { ...recovering, at: 100 },
      { at: 190, on: ["recheck", clean], reason: "recovering", state: "recovering" },
      {
        at: 280,
        on: ["recheck", clean],
        reason: "recovered",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
      },
    ],
  },
  {
    name: "degraded is our own proof too",
    steps: [
      opened,
      { ...toldRegional, on: ["alert", slow] },
      { at: 20, on: "resolved", reason: "sender-resolved", state: "open", next: 20 },
    ],
  },
  {
    name: "what was told as inconclusive and then proven waits for recovery",
    steps: [
      opened,
      toldUnsure,
      {
        at: 35,
        on: ["recheck", regional],
        reason: "told-worse",
        state: "open",
        tells: ["change: email pagerduty"],
      },
      { at: 50, on: "resolved", reason: "sender-resolved", state: "open", next: 50 },
    ],
  },
  {
    name: "a verdict that comes after the end changes nothing",
    steps: [
      opened,
      toldUnsure,
      {
        at: 20,
        on: "resolved",
        reason: "sender-resolved",
        state: "closed",
        tells: ["recovered: pagerduty slack"],
        next: null,
      },
      { at: 25, on: ["recheck", unsure], reason: "no-incident", state: "closed", next: null },
    ],
  },
];

const seconds = (time: number | null) => (time === null ? null : (time - noon) / 1000);

for (const { name, plan, steps } of stories) {
  test(name, () => {
    const policy = { plan: planOf(plan), random: 0.5 };
    let incident = incidentOf();
    for (const { at, on, reason, state, tells = [], next } of steps) {
      const step = take(incident, on, noon + at * 1000, policy);
      const where = `at ${at} s`;
      const became = state === undefined ? step.reason : `${step.reason} -> ${step.incident.state}`;
      assert.equal(became, state === undefined ? reason : `${reason} -> ${state}`, where);
      const lines = step.tell
        .filter(({ actions }) => actions.length > 0)
        .map(({ event, actions }) => `${event}: ${actions.toSorted().join(" ")}`);
      const expected = tells.map((line, index) => {
        return line.startsWith("*") ? line.replace("*", step.tell[index]?.event ?? "*") : line;
      });
      assert.deepEqual(lines, expected, where);
      if (next !== undefined) assert.equal(seconds(step.incident.nextRunAt), next, `${where}: next run`);
      incident = step.incident;
    }
  });
}

test("the numbers of the contract", () => {
  assert.equal(retellAfterMs, 60 * 60_000);
  assert.equal(reopenWithinMs, 15 * 60_000);
});

const plain = { plan: planOf(), random: 0.5 };
const play = (...events: [at: number, event: Event][]) =>
  events.reduce(
    (incident, [at, event]) => take(incident, event, noon + at * 1000, plain).incident,
    incidentOf(),
  );

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

test("a page in spite of the sender's resolve says so", () => {
  const resolved = play([0, "fired"], [3, "resolved"]);
  for (const verdict of [confirmed, regional]) {
    const { tell } = take(resolved, ["alert", verdict], noon + 5000, plain);
    assert.match(tell[0]?.note ?? "", /sender.*resolved/v);
  }
});

for (const [name, verdict] of Object.entries({ unsure, slow, clean, overdue })) {
  test(`resolved before the verdict: ${name} pages nobody, and whoever was rung at arrival hears the end`, () => {
    const policy = { plan: planOf({ actions: ["opsgenie"] }), random: 0.5 };
    const resolved = take(
      take(incidentOf(), "fired", noon, policy).incident,
      "resolved",
      noon + 3000,
      policy,
    );
    const { incident, tell } = take(resolved.incident, ["alert", verdict], noon + 5000, policy);
    const rung = tell.filter(({ event }) => event !== "recovered").flatMap(({ actions }) => actions);
    assert(!rung.includes("pagerduty") && !rung.includes("opsgenie"), rung.join(" "));
    if (incident.state === "closed") {
      const heard = tell.filter(({ event }) => event === "recovered").flatMap(({ actions }) => actions);
      assert(heard.includes("opsgenie"), heard.join(" "));
    } else {
      assert.equal(incident.state, "watching");
    }
  });
}

test("a domain that failed on one check must pass on that check", () => {
  const checks = (api: string) => ({
    checks: [
      checkVerdictOf("not-reproduced", by("pass pass pass")),
      checkVerdictOf("regional", by(api), { check: "api" }),
    ],
  });
  const failed = verdictOf("regional", by("pass fail pass"), checks("pass fail pass"));
  const silent = verdictOf("not-reproduced", by("pass none pass"), checks("pass none pass"));
  const open = play([0, "fired"], [5, ["alert", failed]]);
  assert.equal(take(open, ["recheck", silent], noon + 40_000, plain).reason, "still-open");
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

const plans = [
  planOf(),
  planOf({ actions: ["slack", "opsgenie"] }),
  planOf({ actions: ["slack", "pagerduty", "jira", "restart"], notify: {} }),
  planOf({ notify: { confirmed: ["pagerduty", "slack"] } }),
  planOf({
    notify: { confirmed: ["pagerduty", "slack"], "not-reproduced": [], degraded: [], recovered: [] },
  }),
  planOf({ mode: "annotate", actions: ["slack", "pagerduty"] }),
  planOf({ spare: false }),
];
const outcomes: readonly Verdict[] = [
  confirmed,
  allDown,
  regional,
  slow,
  clean,
  clean,
  silentNa,
  silentApac,
  unsure,
];
const causes: Record<IncidentState, readonly Cause[]> = {
  checking: ["alert", "alert", "watch", "hold", "recheck"],
  watching: ["watch", "alert", "hold", "recheck"],
  open: ["recheck", "alert", "hold", "recheck"],
  recovering: ["recheck", "alert", "hold", "recheck"],
  closed: ["recheck", "watch", "hold", "recheck"],
};

interface Turn {
  readonly before: Incident;
  readonly event: Event;
  readonly now: number;
  readonly step: Step;
  readonly plan: Plan;
  readonly text: string;
}

/** Stories at random; `look` sees every turn of each, from its first alert on. */
function roam(seed: number, stories: number, look: () => (turn: Turn) => void) {
  const random = new Random(seed);
  for (let story = 0; story < stories; story++) {
    const see = look();
    const plan = random.pick(plans);
    let incident = incidentOf();
    let now = noon;
    const said: string[] = [];
    for (let turn = 0; turn < 25; turn++) {
      const event = turn === 0 ? "fired" : drawEvent(random, incident, plan);
      const step = take(incident, event, now, { plan, random: random.next() });
      said.push(`${typeof event === "string" ? event : `${event[0]}/${event[1].outcome}`}=${step.reason}`);
      see({ before: incident, event, now, step, plan, text: said.join(", ") });
      incident = step.incident;
      const due = random.next() < 0.6 ? incident.nextRunAt : null;
      now = Math.max(now + 1, due ?? now + random.pick([1000, 20_000, 200_000, 4_000_000]));
    }
  }
}

function drawEvent(random: Random, { state }: Incident, plan: Plan): Event {
  const kind = random.next();
  if (kind < 0.15) return "fired";
  if (kind < 0.22) return "resolved";
  const cause = random.pick(causes[state]);
  if (cause === "hold") return [cause, overdue];
  const verdict = random.pick(outcomes);
  return [
    cause,
    verdict.outcome === "not-reproduced" && !plan.spare ? { ...notTaken, checks: verdict.checks } : verdict,
  ];
}

test("property: every state and event keeps an incident whole", () => {
  const met = new Set<string>();
  const reasons = new Set<StepReason>();
  roam(41, 3000, () => ({ before, event, now, step, text }) => {
    const { incident, reason } = step;
    met.add(`${before.state} ${typeof event === "string" ? event : event[1].outcome}`);
    reasons.add(reason);
    assert.equal(incident.state === "closed", incident.closedAt !== null, `${text}: closedAt`);
    if (incident.state === "closed") assert.equal(incident.nextRunAt, null, `${text}: nextRunAt`);
    else if (incident.state !== "checking") assert(Number.isFinite(incident.nextRunAt), `${text}: nextRunAt`);
    assert.equal(incident.alertCount, before.alertCount + (event === "fired" ? 1 : 0), `${text}: alertCount`);
    if (event === "fired") assert.equal(incident.lastAlertAt, now, `${text}: lastAlertAt`);
    for (const key of ["id", "route", "subject", "openedAt"] as const)
      assert.equal(incident[key], before[key], `${text}: ${key}`);
    if (before.state === "closed" && event !== "fired")
      assert.deepEqual([incident, step.tell, reason], [before, [], "no-incident"], text);
  });
  assert.equal(met.size, 5 * 7, "every state meets every event");
  assert.equal(reasons.size, 17, [...reasons].join(", "));
});

/** What an alert is waiting for is told whatever was told before it. */
test("property: what is told only grows worse, or is told again", () => {
  roam(42, 3000, () => ({ before, step: { incident, reason }, text }) => {
    const was = before.told;
    const is = incident.told;
    if (was === null || is === null || reason === "told-again" || before.state === "checking") return;
    const worse = outcomeRank(is.outcome) < outcomeRank(was.outcome) || is.failing > was.failing;
    if (is.at !== was.at || is.outcome !== was.outcome || is.failing !== was.failing) assert(worse, text);
  });
});

test("property: proof of trouble always reaches those who are told of it, and nobody twice in a step", () => {
  roam(43, 3000, () => ({ before, event, step, plan, text }) => {
    for (const { actions } of step.tell) {
      assert.equal(new Set(actions).size, actions.length, text);
      for (const action of actions) assert(plan.kinds[action] !== undefined, text);
      if (plan.mode === "annotate")
        assert(
          actions.every((action) => plan.kinds[action] === "message"),
          text,
        );
    }
    const waiting = before.state === "checking" || before.state === "watching";
    if (typeof event === "string" || !waiting) return;
    const proof: readonly VerdictOutcome[] = ["confirmed", "regional"];
    if (!proof.includes(event[1].outcome)) return;
    const told = step.tell.flatMap(({ actions }) => actions);
    for (const action of plan.notify[event[1].outcome] ?? plan.notify.confirmed ?? [])
      if (plan.mode === "gate" || plan.kinds[action] === "message") assert(told.includes(action), text);
  });
});

test("property: a pager that we rang is resolved at the end, and no other", () => {
  roam(44, 3000, () => {
    const rung = new Set<string>();
    return ({ before, step: { incident, tell }, plan, text }) => {
      const pagers = (recovered: boolean) =>
        tell
          .filter(({ event }) => (event === "recovered") === recovered)
          .flatMap(({ actions }) => actions.filter((action) => plan.kinds[action] === "pager"));
      for (const pager of pagers(false)) rung.add(pager);
      for (const pager of pagers(true)) assert(rung.has(pager), `${text}: ${pager} was not rung`);
      if (before.state === "closed" || incident.state !== "closed") return;
      assert.deepEqual(pagers(true).toSorted(), [...rung].toSorted(), `${text}: resolved`);
      rung.clear();
    };
  });
});

test("property: recovered only after three clean runs in a row over three minutes, failed domains passing", () => {
  roam(45, 3000, () => {
    const failed = new Set<string>();
    let cleanRuns: number[] = [];
    return ({ event, now, step: { reason }, text }) => {
      if (reason === "reopened" || reason === "opened") failed.clear();
      if (typeof event !== "string") {
        const [, verdict] = event;
        const votes = verdict.checks.flatMap(({ domains }) => domains);
        for (const { domain, vote } of votes) if (vote === "fail" || vote === "flaky") failed.add(domain);
        const passing = votes.filter(({ vote }) => vote === "pass").map(({ domain }) => domain);
        const good = verdict.healthy && [...failed].every((domain) => passing.includes(domain));
        if (event[0] !== "hold") cleanRuns = good ? [...cleanRuns, now] : [];
      }
      if (reason !== "recovered") return;
      assert(cleanRuns.length >= 3, text);
      assert(now - (cleanRuns[0] ?? now) >= 180_000, text);
    };
  });
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
