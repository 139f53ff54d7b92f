import { incidentOf, noon, planOf } from "../../test/fixtures/observations.ts";
import { Random } from "../../test/fixtures/random.ts";
import type { Incident, IncidentState } from "../model/incident.ts";
import type { Verdict } from "../model/verdict.ts";
import { mutedStep } from "./mute.ts";
import type { Step } from "./step.ts";
import {
  allDown,
  clean,
  confirmed,
  notTaken,
  overdue,
  regional,
  silentApac,
  silentNa,
  slow,
  take,
  unsure,
} from "./stories.fixture.ts";
import type { Cause, Circumstances, Event } from "./stories.fixture.ts";

const plans = [
  planOf(),
  planOf({ actions: ["slack", "opsgenie"] }),
  planOf({ actions: ["slack", "pagerduty", "jira", "restart"], notify: {} }),
  planOf({ notify: { confirmed: ["pagerduty", "slack"] } }),
  planOf({
    notify: { confirmed: ["pagerduty", "slack"], "not-reproduced": [], degraded: [], recovered: [] },
  }),
  planOf({ actions: [], notify: { confirmed: ["pagerduty"], "not-reproduced": [], recovered: ["slack"] } }),
  planOf({ mode: "annotate", actions: ["slack", "pagerduty"] }),
  planOf({ spare: false }),
  planOf({ checks: [], faults: ["storefront cannot be built"] }),
];
const outcomes: readonly Verdict[] = [
  confirmed,
  allDown,
  regional,
  slow,
  clean,
  clean,
  clean,
  { ...clean, reason: "second-look-clean", looks: 2 },
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

export interface Mute {
  readonly until: number;
  readonly reason: string;
}

export interface Turn {
  readonly before: Incident;
  readonly event: Event;
  readonly now: number;
  readonly step: Step;
  readonly where: Circumstances & { readonly mute: Mute | null };
  /** The story so far. */
  readonly text: string;
}

/** Stories at random, mutes among them; what `look` returns sees every turn of one, from its first alert on. */
export function roam(seed: number, look: () => (turn: Turn) => void) {
  const random = new Random(seed);
  for (let story = 0; story < 3000; story++) tellStory(random, look());
}

function tellStory(random: Random, see: (turn: Turn) => void) {
  const plan = random.pick(plans);
  const senderResolves = random.next() < 0.5;
  const said: string[] = [];
  const heard = new Set<string>();
  let incident = incidentOf();
  let mute: Mute | null = null;
  let now = noon;
  for (let turn = 0; turn < 30; turn++) {
    const event = turn === 0 ? "fired" : drawEvent(random, incident, plan.spare);
    if (mute === null && random.next() < 0.05) mute = { until: now + 600_000, reason: "deploy" };
    if (mute !== null && mute.until <= now) mute = null;
    const where = { plan, random: random.next(), senderResolves, mute };
    const step = mutedStep(incident, take(incident, event, now, where), { mute, heard: [...heard] });
    const what = typeof event === "string" ? event : `${event[0]}/${event[1].outcome}`;
    said.push(`${mute === null ? "" : "(muted) "}${what}=${step.reason}`);
    see({ before: incident, event, now, step, where, text: said.join(", ") });
    for (const { actions } of step.tell) for (const action of actions) heard.add(action);
    incident = step.incident;
    if (incident.state === "closed") heard.clear();
    const due = random.next() < 0.6 ? incident.nextRunAt : null;
    now = Math.max(now + 1, due ?? now + random.pick([1000, 20_000, 200_000, 4_000_000]));
  }
}

function drawEvent(random: Random, { state }: Incident, maySpare: boolean): Event {
  const kind = random.next();
  if (kind < 0.13) return "fired";
  if (kind < 0.16) return "other fired";
  if (kind < 0.22) return "resolved";
  if (kind < 0.24) return "other resolved";
  const cause = random.pick(causes[state]);
  if (cause === "hold") return [cause, overdue];
  const verdict = random.pick(outcomes);
  const isTaken = verdict.outcome !== "not-reproduced" || maySpare;
  return [cause, isTaken ? verdict : { ...notTaken, checks: verdict.checks }];
}
