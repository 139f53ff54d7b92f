import type { Incident, Told } from "../model/incident.ts";
import type { Verdict } from "../model/verdict.ts";
import { isOldNews } from "./alert-step.ts";
import { isInvisible, isUnseen, owesInsistence } from "./insist.ts";
import { isFlapping, recovered, scheduled, telling } from "./step.ts";
import type { GivenVerdict, Policy, Step, Telling } from "./step.ts";
import { toldOutcome, toldVerdict } from "./telling.ts";
import { eventOf, isWorse, toldAnyway, toldNow } from "./told.ts";

/** A recheck of what is open: worse than told is told, and clean runs in a row end it. */
export function afterOpen(incident: Incident, given: GivenVerdict, now: number, policy: Policy): Step {
  const { verdict, startedAt } = given;
  // Health that proves nothing of what the alert says spares its repetition no more than trouble does.
  const isToldAgain = isOldNews(incident) && isInvisible(incident, verdict);
  const clean = verdict.healthy && passesWhereItFailed(verdict, incident) && !isToldAgain;
  const owed = isOwed(incident, verdict);
  // Proof that is older than the last alert is none.
  if (clean && !owed && (startedAt ?? now) >= incident.lastAlertAt) {
    if (owesInsistence(incident)) return toldAnyway(incident, verdict, now, policy);
    if (!awaitsSender(incident, given)) return recovering(incident, verdict, now, policy);
  }
  const unclean = { ...incident.progress, cleanRuns: 0, cleanSince: null };
  const open: Incident = { ...incident, state: "open", progress: unclean, watchStep: incident.watchStep + 1 };
  const worse = owed || (!clean && isWorse(verdict, incident));
  if (!worse && (clean || !isOldNews(incident))) return unchanged(open, now, policy);
  const { told, tell } = news(incident, verdict, now, { policy, note: noteOf(incident, worse) });
  // What a mute keeps back is found anew at each look, which must not bring the next one forward each time.
  const watchStep = owed ? open.watchStep : 0;
  const next = scheduled({ ...open, told, watchStep }, now, policy);
  return { incident: next, tell, reason: worse ? "told-worse" : "told-again" };
}

/** Where nothing can be asked and the sender has taken back what a mute kept from everybody, nothing is left to do. */
function unchanged(incident: Incident, now: number, policy: Policy): Step {
  if (incident.told === null && policy.plan.checks.length === 0)
    return recovered(incident, now, policy, "the sender says resolved");
  return { incident: scheduled(incident, now, policy), tell: [], reason: "still-open" };
}

/** While a domain that has failed is silent, health elsewhere is told as what nobody can tell: it spares nobody. */
function news(
  incident: Incident,
  verdict: Verdict,
  now: number,
  { policy, note }: { readonly policy: Policy; readonly note: string | null },
): { readonly told: Told; readonly tell: readonly Telling[] } {
  const unproven = verdict.outcome === "not-reproduced";
  const actions = unproven ? toldOutcome(policy.plan, "inconclusive") : toldVerdict(policy.plan, verdict);
  const tell = telling(eventOf(incident), actions, note);
  const told = toldNow(incident, { verdict, tell, now });
  return { tell, told: unproven ? { ...told, outcome: "inconclusive" } : told };
}

/**
 * A mute has kept back what would have been the first word. Health is none; and what the sender has taken back since is
 * told on our own proof only.
 */
function isOwed({ told, progress }: Incident, { outcome }: Verdict): boolean {
  if (told !== null || outcome === "not-reproduced") return false;
  return !progress.senderResolved || outcome === "confirmed" || outcome === "regional";
}

function noteOf({ told, progress }: Incident, worse: boolean): string | null {
  if (!worse) return "alerted again";
  return told === null && progress.senderResolved ? "the sender says resolved" : null;
}

/** What we cannot see from outside is over when the sender says so, if it is one that does. */
function awaitsSender(incident: Incident, { verdict, senderResolves }: GivenVerdict): boolean {
  return isUnseen(incident, verdict) && senderResolves === true && !incident.progress.senderResolved;
}

function recovering(incident: Incident, verdict: Verdict, now: number, policy: Policy): Step {
  const { recovery, flapping } = policy.plan.policy;
  const { progress } = incident;
  const isFirst = progress.cleanSince === null;
  const cleanSince = progress.cleanSince ?? now;
  const cleanRuns = isFirst ? 1 : progress.cleanRuns + 1;
  const cleanUnseen = (!isFirst && progress.cleanUnseen) || isUnseen(incident, verdict);
  const takesLong = isFlapping(incident) || cleanUnseen;
  const overMs = takesLong ? Math.max(recovery.overMs, flapping.cleanMs) : recovery.overMs;
  const next: Incident = { ...incident, progress: { ...progress, cleanRuns, cleanSince, cleanUnseen } };
  if (cleanRuns >= recovery.runs && now - cleanSince >= overMs) return recovered(next, now, policy, null);
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

/**
 * Silence of a domain that failed never closes an incident, nor does a reload that takes away who saw it fail. A domain
 * has to pass on every check that runs from it: functions run from nowhere else.
 */
function passesWhereItFailed({ checks }: Verdict, { progress }: Incident): boolean {
  const { failedDomains, failedChecks } = progress;
  if (!failedChecks.every((failed) => checks.some(({ check }) => check === failed))) return false;
  return failedDomains.every((failed) => {
    const votes = checks.flatMap(({ domains }) => domains.filter(({ domain }) => domain === failed));
    return votes.length > 0 && votes.every(({ vote }) => vote === "pass");
  });
}
