import type { Incident, Told } from "../model/incident.ts";
import type { RunCause } from "../model/run.ts";
import { outcomeRank } from "../model/verdict.ts";
import type { Verdict } from "../model/verdict.ts";
import { isOldNews } from "./alert-step.ts";
import { isBad } from "./judge.ts";
import { nextLook, openSchedule } from "./schedule.ts";
import { closed, recovered, telling } from "./step.ts";
import type { Policy, Step, Telling } from "./step.ts";
import { rungPagers, toldAtArrival, toldVerdict } from "./telling.ts";

/** A run's verdict, or the one that the hold gives when none has come (architecture §3, the table). */
export function verdictGiven(before: Incident, given: GivenVerdict, now: number, policy: Policy): Step {
  if (before.state === "closed") return { incident: before, tell: [], reason: "no-incident" };
  const step = afterVerdict(noteVerdict(before, given.verdict), given, now, policy);
  const { nextRunAt } = before;
  // Somebody asked for a run after this one had begun: an alert, a person, a sender that says resolved.
  const asked = nextRunAt !== null && given.startedAt !== undefined && nextRunAt > given.startedAt;
  if (!asked || step.incident.nextRunAt === null) return step;
  return { ...step, incident: { ...step.incident, nextRunAt: Math.min(step.incident.nextRunAt, nextRunAt) } };
}

/** A verdict with what it is of. */
export interface GivenVerdict {
  readonly verdict: Verdict;
  readonly cause: RunCause | "hold";
  /** When its run began; absent for the hold's, which has none. */
  readonly startedAt?: number | undefined;
}

function afterVerdict(incident: Incident, given: GivenVerdict, now: number, policy: Policy): Step {
  switch (incident.state) {
    case "checking":
      return afterChecking(incident, given, now, policy);
    case "watching":
      return afterWatching(incident, given.verdict, now, policy);
    default:
      return afterOpen(incident, given, now, policy);
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
  { verdict, cause, startedAt }: GivenVerdict,
  now: number,
  policy: Policy,
): Step {
  const { senderResolved } = incident.progress;
  if (senderResolved && verdict.outcome !== "confirmed" && verdict.outcome !== "regional") {
    return recovered(incident, now, policy, "the sender says resolved");
  }
  if (verdict.outcome !== "not-reproduced") return opened(incident, verdict, now, policy);
  // A run that was under way when the alert came says nothing about that alert.
  if (cause !== "alert" || (startedAt ?? now) < incident.progress.checkingSince)
    return { incident: { ...incident, nextRunAt: now }, tell: [], reason: "awaiting-fresh-run" };
  const tell = telling("verdict", toldVerdict(policy.plan, verdict));
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

function afterOpen(
  incident: Incident,
  { verdict, startedAt }: GivenVerdict,
  now: number,
  policy: Policy,
): Step {
  const clean = verdict.healthy && passesEverywhere(verdict, incident.progress.failedDomains);
  // Proof that is older than the last alert is none.
  if (clean && (startedAt ?? now) >= incident.lastAlertAt) return recovering(incident, now, policy);
  const unclean = { ...incident.progress, cleanRuns: 0, cleanSince: null };
  const open: Incident = { ...incident, state: "open", progress: unclean, watchStep: incident.watchStep + 1 };
  const worse = incident.told === null || isWorse(verdict, incident.told);
  if (!worse && (clean || !isOldNews(incident)))
    return { incident: scheduled(open, now, policy), tell: [], reason: "still-open" };
  const tell = telling("change", toldVerdict(policy.plan, verdict), worse ? null : "alerted again");
  const told = toldNow(incident, { verdict, tell, now }, policy);
  const next = scheduled({ ...open, told, watchStep: 0 }, now, policy);
  return { incident: next, tell, reason: worse ? "told-worse" : "told-again" };
}

/** When it is looked at again. With nothing to ask it is over once it has been told: only a new alert can say more. */
function scheduled(incident: Incident, now: number, { plan, random }: Policy): Incident {
  const nothingToAsk = plan.checks.length === 0;
  return { ...incident, nextRunAt: nothingToAsk ? null : openSchedule(incident, now, plan.policy, random) };
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

function opened(incident: Incident, verdict: Verdict, now: number, policy: Policy): Step {
  const note = incident.progress.senderResolved ? "the sender says resolved" : null;
  const event = incident.told === null ? "verdict" : "change";
  const tell = telling(event, toldVerdict(policy.plan, verdict), note);
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
