import type { DeliveryEvent } from "../model/delivery.ts";
import type { Incident, Told } from "../model/incident.ts";
import type { Plan } from "../model/plan.ts";
import type { RunCause } from "../model/run.ts";
import { outcomeRank } from "../model/verdict.ts";
import type { Verdict } from "../model/verdict.ts";
import { isBad } from "./judge.ts";
import { nextLook, openSchedule } from "./schedule.ts";
import { rungPagers, toldAtArrival, toldOutcome, toldRecovery } from "./telling.ts";

/** What is due to whom after a step. */
export interface Telling {
  readonly event: DeliveryEvent;
  readonly actions: readonly string[];
  /** One more sentence for the message: why now. */
  readonly note: string | null;
}

/** An incident after a step, what is told, and the step's name for log, metrics and tests. */
export interface Step {
  readonly incident: Incident;
  readonly tell: readonly Telling[];
  readonly reason: StepReason;
}

export type StepReason =
  | "opened"
  | "reopened"
  | "joined"
  | "joined-spared"
  | "told"
  | "told-worse"
  | "told-again"
  | "spared"
  | "spared-still"
  | "spared-unsure"
  | "watch-over"
  | "awaiting-fresh-run"
  | "still-open"
  | "recovering"
  | "recovered"
  | "sender-resolved"
  | "no-incident";

export interface Policy {
  readonly plan: Plan;
  /** 0 to 1: spreads rechecks by ± 10 %. */
  readonly random: number;
}

/** An alert that joins an incident told this long ago is not taken for the old news: its verdict is told again. */
export const retellAfterMs = 3_600_000;

/** How long after its recovery an incident is taken up again by a new alert. */
export const reopenWithinMs = 900_000;

/** A new alert, firing, on an incident that it opens, reopens or joins (verdict.md §6). */
export function alertFired(incident: Incident, now: number, { plan }: Policy): Step {
  const alertCount = incident.alertCount + 1;
  const progress = { ...incident.progress, senderResolved: false };
  const joined: Incident = { ...incident, alertCount, lastAlertAt: now, progress };
  if (incident.state === "closed" || incident.alertCount === 0) {
    const fresh = { ...progress, cleanRuns: 0, cleanSince: null, unsureRuns: 0 };
    const begun: Incident = {
      ...joined,
      state: "checking",
      closedAt: null,
      told: null,
      watchStep: 0,
      progress: fresh,
    };
    const reason = incident.state === "closed" ? "reopened" : "opened";
    return { incident: { ...begun, nextRunAt: now }, tell: telling("trigger", toldAtArrival(plan)), reason };
  }
  if (incident.state === "watching") {
    return { incident: { ...joined, state: "checking", nextRunAt: now }, tell: [], reason: "joined-spared" };
  }
  return { incident: isOldNews(joined) ? { ...joined, nextRunAt: now } : joined, tell: [], reason: "joined" };
}

/** It was told so long before its last alert that the alert must be told again. */
export function isOldNews({ told, lastAlertAt }: Incident): boolean {
  return told !== null && lastAlertAt - told.at > retellAfterMs;
}

/** The sender says that it is over (verdict.md §6: a resolved alert never starts an incident). */
export function alertResolved(incident: Incident, now: number, policy: Policy): Step {
  const resolved: Incident = { ...incident, progress: { ...incident.progress, senderResolved: true } };
  if (incident.state === "closed") return { incident, tell: [], reason: "no-incident" };
  if (incident.state === "checking") return { incident: resolved, tell: [], reason: "sender-resolved" };
  if (incident.told?.outcome === "inconclusive")
    return recovered(resolved, now, policy, "the sender says resolved");
  return { incident: { ...resolved, nextRunAt: now }, tell: [], reason: "sender-resolved" };
}

/** A run's verdict, or the one that the hold gives when none has come (architecture §3, the table). */
export function verdictGiven(
  before: Incident,
  given: { readonly verdict: Verdict; readonly cause: RunCause | "hold" },
  now: number,
  policy: Policy,
): Step {
  const { verdict } = given;
  const incident = noteVerdict(before, verdict);
  switch (incident.state) {
    case "checking":
      return afterChecking(incident, given, now, policy);
    case "watching":
      return afterWatching(incident, verdict, now, policy);
    case "open":
    case "recovering":
      return afterOpen(incident, verdict, now, policy);
    case "closed":
      return { incident: before, tell: [], reason: "no-incident" };
  }
}

/** The incident with the verdict's outcome, and with the domains that have failed in it so far. */
function noteVerdict(incident: Incident, verdict: Verdict): Incident {
  const bad = verdict.checks.flatMap((check) =>
    check.domains.filter(({ vote }) => isBad(vote)).map(({ domain }) => domain),
  );
  const failedDomains = [...new Set([...incident.progress.failedDomains, ...bad])];
  return {
    ...incident,
    outcome: verdict.outcome,
    reason: verdict.reason,
    progress: { ...incident.progress, failedDomains },
  };
}

function afterChecking(
  incident: Incident,
  { verdict, cause }: { readonly verdict: Verdict; readonly cause: RunCause | "hold" },
  now: number,
  policy: Policy,
): Step {
  const { senderResolved } = incident.progress;
  if (senderResolved && verdict.outcome !== "confirmed" && verdict.outcome !== "regional") {
    return recovered(incident, now, policy, "the sender says resolved");
  }
  if (verdict.outcome !== "not-reproduced") return opened(incident, verdict, now, policy);
  // A run that was under way when the alert joined a spared incident says nothing about that alert.
  if (cause === "watch")
    return { incident: { ...incident, nextRunAt: now }, tell: [], reason: "awaiting-fresh-run" };
  const tell = telling("verdict", toldOutcome(policy.plan, verdict.outcome));
  const told = toldNow(incident, { verdict, tell, now }, policy);
  const progress = { ...incident.progress, unsureRuns: 0 };
  const spared: Incident = { ...incident, state: "watching", told, watchStep: 0, progress };
  const watched = watchFurther(spared, now, policy);
  return { incident: watched, tell: [...tell, ...endOfWatch(watched, policy)], reason: "spared" };
}

function afterWatching(incident: Incident, verdict: Verdict, now: number, policy: Policy): Step {
  if (verdict.outcome === "inconclusive" && incident.progress.unsureRuns === 0) {
    const progress = { ...incident.progress, unsureRuns: 1 };
    return {
      incident: watchFurther({ ...incident, progress }, now, policy),
      tell: [],
      reason: "spared-unsure",
    };
  }
  if (verdict.outcome !== "not-reproduced") return opened(incident, verdict, now, policy);
  const next: Incident = {
    ...incident,
    watchStep: incident.watchStep + 1,
    progress: { ...incident.progress, unsureRuns: 0 },
  };
  const further = incident.progress.senderResolved ? closed(next, now) : watchFurther(next, now, policy);
  const reason = further.state === "closed" ? "watch-over" : "spared-still";
  return { incident: further, tell: endOfWatch(further, policy), reason };
}

/** Pagers that were rung when the alert came in stop once its watch is over; nobody else needs to hear of it. */
function endOfWatch(incident: Incident, { plan }: Policy): Telling[] {
  return incident.state === "closed"
    ? telling("recovered", rungPagers(plan, incident.told?.actions ?? []))
    : [];
}

function watchFurther(incident: Incident, now: number, policy: Policy): Incident {
  const pause = policy.plan.policy.recheckMs[incident.watchStep];
  return pause === undefined
    ? closed(incident, now)
    : { ...incident, nextRunAt: nextLook(now, pause, policy.random) };
}

function afterOpen(incident: Incident, verdict: Verdict, now: number, policy: Policy): Step {
  if (verdict.healthy && passesEverywhere(verdict, incident.progress.failedDomains)) {
    return recovering(incident, now, policy);
  }
  const unclean = { ...incident.progress, cleanRuns: 0, cleanSince: null };
  const open: Incident = { ...incident, state: "open", progress: unclean, watchStep: incident.watchStep + 1 };
  const worse = incident.told === null || isWorse(verdict, incident.told);
  if (!worse && !isOldNews(incident))
    return { incident: scheduled(open, now, policy), tell: [], reason: "still-open" };
  const tell = telling("change", toldOutcome(policy.plan, verdict.outcome), worse ? null : "alerted again");
  const told = toldNow(incident, { verdict, tell, now }, policy);
  const next = scheduled({ ...open, told, watchStep: 0 }, now, policy);
  return { incident: next, tell, reason: worse ? "told-worse" : "told-again" };
}

function scheduled(incident: Incident, now: number, { plan, random }: Policy): Incident {
  return { ...incident, nextRunAt: openSchedule(incident, now, plan.policy, random) };
}

function recovering(incident: Incident, now: number, policy: Policy): Step {
  const { runs, overMs } = policy.plan.policy.recovery;
  const cleanSince = incident.progress.cleanSince ?? now;
  const cleanRuns = incident.progress.cleanSince === null ? 1 : incident.progress.cleanRuns + 1;
  const next: Incident = { ...incident, progress: { ...incident.progress, cleanRuns, cleanSince } };
  if (cleanRuns >= runs && now - cleanSince >= overMs) return recovered(next, now, policy, null);
  return {
    incident: { ...next, state: "recovering", nextRunAt: soon(now, policy) },
    tell: [],
    reason: "recovering",
  };
}

/** Clean runs are spread over the time that recovery asks for; never less, or it would take one run more. */
function soon(now: number, { plan, random }: Policy): number {
  const { runs, overMs } = plan.policy.recovery;
  return now + Math.ceil((overMs / Math.max(1, runs - 1)) * (1 + 0.1 * random));
}

function recovered(incident: Incident, now: number, { plan }: Policy, note: string | null): Step {
  const told = incident.told?.actions ?? toldAtArrival(plan);
  const tell = telling("recovered", toldRecovery(plan, told), note);
  return { incident: closed(incident, now), tell, reason: note === null ? "recovered" : "sender-resolved" };
}

function opened(incident: Incident, verdict: Verdict, now: number, policy: Policy): Step {
  const note = incident.progress.senderResolved ? "the sender says resolved" : null;
  const event = incident.told === null ? "verdict" : "change";
  const tell = telling(event, toldOutcome(policy.plan, verdict.outcome), note);
  const told = toldNow(incident, { verdict, tell, now }, policy);
  const open: Incident = { ...incident, state: "open", told, watchStep: 0 };
  return { incident: scheduled(open, now, policy), tell, reason: "told" };
}

/** All who have been told something in this incident, its arrival included; recovery owes them the end of the story. */
function toldNow(
  incident: Incident,
  news: { readonly verdict: Verdict; readonly tell: readonly Telling[]; readonly now: number },
  { plan }: Policy,
): Told {
  const { verdict, tell, now } = news;
  const before = incident.told?.actions ?? toldAtArrival(plan);
  const actions = new Set([...before, ...tell.flatMap((one) => one.actions)]);
  return { outcome: verdict.outcome, failing: badDomains(verdict), at: now, actions: [...actions] };
}

/** Bad domains, each as often as a check finds it bad. */
function badDomains(verdict: Verdict): number {
  return verdict.checks.flatMap((check) => check.domains).filter(({ vote }) => isBad(vote)).length;
}

/** A worse outcome than the one told, or one domain more. */
function isWorse(verdict: Verdict, told: Told): boolean {
  const difference = outcomeRank(verdict.outcome) - outcomeRank(told.outcome);
  if (difference !== 0) return difference < 0;
  return badDomains(verdict) > told.failing;
}

/** Silence of a domain that failed never closes an incident. */
function passesEverywhere(verdict: Verdict, failedDomains: readonly string[]): boolean {
  return failedDomains.every((failed) =>
    verdict.checks.every((check) =>
      check.domains.some(({ domain, vote }) => domain === failed && vote === "pass"),
    ),
  );
}

function closed(incident: Incident, now: number): Incident {
  return { ...incident, state: "closed", closedAt: now, nextRunAt: null };
}

function telling(event: DeliveryEvent, actions: readonly string[], note: string | null = null): Telling[] {
  return actions.length === 0 ? [] : [{ event, actions, note }];
}
