import type { Incident } from "../model/incident.ts";
import type { CheckVerdict, DomainVote, Verdict } from "../model/verdict.ts";
import { believedAt, insists, noteSpare } from "./insist.ts";
import { isBad } from "./judge.ts";
import { afterOpen } from "./open-step.ts";
import { nextLook } from "./schedule.ts";
import { closed, heard, isFlapping, recovered, telling } from "./step.ts";
import type { GivenVerdict, Policy, Step, Telling } from "./step.ts";
import { rungPagers, toldVerdict } from "./telling.ts";
import { opened, toldAnyway, toldNow } from "./told.ts";
import { provenVote } from "./votes.ts";

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

function afterVerdict(incident: Incident, given: GivenVerdict, now: number, policy: Policy): Step {
  switch (incident.state) {
    case "checking":
      return afterChecking(incident, given, now, policy);
    case "watching":
      return afterWatching(incident, given, now, policy);
    default:
      return afterOpen(incident, given, now, policy);
  }
}

/** The incident with the verdict's outcome, and with what our own checks have seen of its trouble so far, and from where. */
function noteVerdict(incident: Incident, verdict: Verdict): Incident {
  const { progress } = incident;
  const seen = verdict.checks
    .map((one) => ({ check: one.check, domains: one.domains.filter((domain) => isSeenBy(domain, one)) }))
    .filter(({ domains }) => domains.length > 0);
  const domains = seen.flatMap((one) => one.domains.map(({ domain }) => domain));
  const checks = seen.map(({ check }) => check);
  return {
    ...incident,
    outcome: verdict.outcome,
    reason: verdict.reason,
    progress: {
      ...progress,
      failedDomains: [...new Set([...progress.failedDomains, ...domains])],
      failedChecks: [...new Set([...progress.failedChecks, ...checks])],
    },
  };
}

/** What has been failing since long before the alert shows nothing of it; slowness does where it is the trouble. */
function isSeenBy(domain: DomainVote, { outcome }: CheckVerdict): boolean {
  return isBad(provenVote(domain)) || (outcome === "degraded" && domain.vote === "degraded");
}

function afterChecking(incident: Incident, given: GivenVerdict, now: number, policy: Policy): Step {
  const { verdict, cause, startedAt } = given;
  const clean = verdict.outcome === "not-reproduced";
  const { senderResolved, checkingSince } = incident.progress;
  // A run that was under way when the alert came says nothing about that alert.
  const isFresh = cause === "alert" && (startedAt ?? now) >= checkingSince;
  const next = clean && isFresh ? noteSpare(incident, now, verdict, policy.plan.policy) : incident;
  if (senderResolved && !isProof(verdict) && !isFlapping(next))
    return recovered(next, now, policy, "the sender says resolved");
  if (!clean) return opened(next, verdict, now, policy);
  if (!isFresh) return { incident: { ...next, nextRunAt: now }, tell: [], reason: "awaiting-fresh-run" };
  const believed = believedAt(next, given.senderResolves === true, policy.plan.policy);
  if (isFlapping(next) || insists(next, now, believed, policy.plan.policy))
    return toldAnyway(next, verdict, now, policy);
  return spared(next, { verdict, believed, now }, policy);
}

interface Spare {
  readonly verdict: Verdict;
  readonly believed: number | null;
  readonly now: number;
}

function spared(incident: Incident, { verdict, believed, now }: Spare, policy: Policy): Step {
  const tell = telling("verdict", toldVerdict(policy.plan, verdict));
  const told = toldNow(incident, { verdict, tell, now });
  const progress = { ...incident.progress, unsureRuns: 0 };
  const watching: Incident = { ...incident, state: "watching", told, watchStep: 0, progress };
  const watched = watchFurther(watching, now, believed, policy);
  return { incident: watched, tell: [...tell, ...endOfWatch(watched, policy)], reason: "spared" };
}

function afterWatching(incident: Incident, given: GivenVerdict, now: number, policy: Policy): Step {
  const { verdict } = given;
  const { unsureRuns, senderResolved } = incident.progress;
  if (senderResolved && !isProof(verdict)) return watchOver(incident, now, policy);
  const believed = believedAt(incident, given.senderResolves === true, policy.plan.policy);
  const insisting = insists(incident, now, believed, policy.plan.policy);
  const mayWait = !insisting && incident.watchStep < policy.plan.policy.recheckMs.length;
  if (verdict.outcome === "inconclusive" && unsureRuns === 0 && mayWait) {
    const progress = { ...incident.progress, unsureRuns: 1 };
    const unsure = watchFurther({ ...incident, progress }, now, believed, policy);
    return { incident: unsure, tell: [], reason: "spared-unsure" };
  }
  if (verdict.outcome !== "not-reproduced") return opened(incident, verdict, now, policy);
  if (insisting) return toldAnyway(incident, verdict, now, policy);
  const progress = { ...incident.progress, unsureRuns: 0 };
  const next: Incident = { ...incident, watchStep: incident.watchStep + 1, progress };
  const further = watchFurther(next, now, believed, policy);
  return further.state === "closed"
    ? watchOver(next, now, policy)
    : { incident: further, tell: [], reason: "spared-still" };
}

function watchOver(incident: Incident, now: number, policy: Policy): Step {
  const over = closed(incident, now);
  return { incident: over, tell: endOfWatch(over, policy), reason: "watch-over" };
}

/** Pagers that were rung when the alert came in stop once its watch is over; nobody else needs to hear of it. */
function endOfWatch(incident: Incident, { plan }: Policy): Telling[] {
  return incident.state === "closed" ? telling("recovered", rungPagers(plan, heard(incident))) : [];
}

/** The next look at what is spared; one falls on the time by which its sender should have said that it is over. */
function watchFurther(incident: Incident, now: number, believed: number | null, policy: Policy): Incident {
  const pause = policy.plan.policy.recheckMs[incident.watchStep];
  const next = pause === undefined ? believed : nextLook(now, pause, policy.random);
  if (next === null) return closed(incident, now);
  const nextRunAt = believed === null || believed <= now ? next : Math.min(next, believed);
  return { ...incident, nextRunAt };
}

/** Our own sight of trouble, which the sender's word does not outweigh. */
export function isProof({ outcome }: Verdict): boolean {
  return outcome === "confirmed" || outcome === "regional";
}
