import assert from "node:assert/strict";
import { test } from "node:test";
import { incidentOf, noon, planOf, verdictOf } from "../../test/fixtures/observations.ts";
import type { Incident, IncidentState } from "../model/incident.ts";
import type { Plan } from "../model/plan.ts";
import type { RunCause } from "../model/run.ts";
import type { Verdict, Vote } from "../model/verdict.ts";
import { verdictGiven } from "./advance.ts";
import { alertFired, alertResolved } from "./alert-step.ts";
import { withoutRun } from "./combine.ts";
import type { Step, StepReason } from "./step.ts";

export type Cause = RunCause | "hold";

/** What happens to an incident: alerts of one sender or of another one, and verdicts. */
export type Event =
  | "fired"
  | "resolved"
  | "other fired"
  | "other resolved"
  | readonly [cause: Cause, verdict: Verdict];

export interface Circumstances {
  readonly plan: Plan;
  readonly random: number;
  /** Its senders are known to say when it is over. */
  readonly senderResolves?: boolean;
}

export function take(incident: Incident, event: Event, now: number, where: Circumstances): Step {
  switch (event) {
    case "fired":
      return alertFired(incident, now, where, { source: "monitor", receivedAt: now });
    case "other fired":
      return alertFired(incident, now, where, { source: "other-monitor", receivedAt: now });
    case "resolved":
      return alertResolved(incident, now, where, "monitor");
    case "other resolved":
      return alertResolved(incident, now, where, "other-monitor");
    default: {
      const [cause, verdict] = event;
      const { senderResolves = false } = where;
      return verdictGiven(incident, { verdict, cause, senderResolves }, now, where);
    }
  }
}

/** What eu, apac and na vote. */
export const by = (votes: string): Record<string, Vote> => {
  const [eu, apac, na] = votes.split(" ") as [Vote, Vote, Vote];
  return { eu, apac, na };
};
export const confirmed = verdictOf("confirmed", by("fail fail pass"));
export const allDown = verdictOf("confirmed", by("fail fail fail"));
export const regional = verdictOf("regional", by("pass fail pass"));
export const slow = verdictOf("degraded", by("degraded degraded pass"));
export const clean = verdictOf("not-reproduced", by("pass pass pass"));
export const silentNa = verdictOf("not-reproduced", by("pass pass none"));
export const silentApac = verdictOf("not-reproduced", by("pass none pass"));
export const unsure = verdictOf("inconclusive", by("pass none none"));
export const notTaken = verdictOf("inconclusive", by("pass pass pass"), {
  reason: "not-visible-from-outside",
  healthy: true,
});
export const overdue = withoutRun({ reason: "overdue", summary: "No verdict within 60 s." });

/** One step of a story; times are seconds since its first alert. */
export interface Scene {
  readonly at: number;
  readonly on: Event;
  readonly reason: StepReason;
  /** Not looked at unless given. */
  readonly state?: IncidentState;
  /** `verdict: pagerduty slack`, one line a telling; none unless given. */
  readonly tells?: readonly string[];
  /** When the next run is due; `null`: never; not looked at unless given. */
  readonly next?: number | null;
  /** Why it is told now; not looked at unless given. */
  readonly note?: string | null;
  readonly flags?: readonly string[];
}

export interface Story {
  readonly name: string;
  readonly plan?: Parameters<typeof planOf>[0];
  readonly senderResolves?: boolean;
  readonly steps: readonly Scene[];
}

export const opened: Scene = {
  at: 0,
  on: "fired",
  reason: "opened",
  state: "checking",
  tells: ["trigger: slack"],
  next: 0,
};
export const spared: Scene = {
  at: 5,
  on: ["alert", clean],
  reason: "spared",
  state: "watching",
  tells: ["verdict: slack"],
  next: 65,
};
export const toldConfirmed: Scene = {
  at: 5,
  on: ["alert", confirmed],
  reason: "told",
  state: "open",
  tells: ["verdict: pagerduty slack"],
  next: 35,
};
export const toldRegional: Scene = {
  ...toldConfirmed,
  on: ["alert", regional],
  tells: ["verdict: email pagerduty"],
};
export const toldUnsure: Scene = { ...toldConfirmed, on: ["alert", unsure], tells: ["verdict: pagerduty"] };
export const recovering: Scene = {
  at: 40,
  on: ["recheck", clean],
  reason: "recovering",
  state: "recovering",
};

export const seconds = (time: number | null) => (time === null ? null : (time - noon) / 1000);

/** A test of each story. */
export function tellStories(stories: readonly Story[]) {
  for (const { name, plan, senderResolves = false, steps } of stories) {
    void test(name, () => {
      const where = { plan: planOf(plan), random: 0.5, senderResolves };
      let incident = incidentOf();
      for (const scene of steps) {
        const step = take(incident, scene.on, noon + scene.at * 1000, where);
        checkScene(scene, step);
        incident = step.incident;
      }
    });
  }
}

function checkScene(scene: Scene, { incident, tell, reason }: Step) {
  const { at, state = incident.state, tells = [], next, note, flags } = scene;
  const where = `at ${at} s`;
  assert.equal(`${reason} -> ${incident.state}`, `${scene.reason} -> ${state}`, where);
  const lines = tell
    .filter(({ actions }) => actions.length > 0)
    .map(({ event, actions }) => `${event}: ${actions.toSorted().join(" ")}`);
  const expected = tells.map((line, index) =>
    line.startsWith("*") ? line.replace("*", tell[index]?.event ?? "*") : line,
  );
  assert.deepEqual(lines, expected, where);
  if (next !== undefined) assert.equal(seconds(incident.nextRunAt), next, `${where}: next run`);
  if (note !== undefined) assert.equal(tell[0]?.note, note, `${where}: note`);
  if (flags !== undefined) assert.deepEqual(incident.flags, flags, `${where}: flags`);
}

export const plain: Circumstances = { plan: planOf(), random: 0.5 };

/** The incident after some events, in seconds since noon. */
export const play = (...events: [at: number, event: Event][]): Incident =>
  events.reduce(
    (incident, [at, event]) => take(incident, event, noon + at * 1000, plain).incident,
    incidentOf(),
  );
