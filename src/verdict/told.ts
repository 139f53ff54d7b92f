import type { Incident, Told } from "../model/incident.ts";
import { outcomeRank } from "../model/verdict.ts";
import type { Verdict } from "../model/verdict.ts";
import { isFlapping, heard, scheduled, telling } from "./step.ts";
import { flappingNote, insistNote } from "./insist.ts";
import { isBad } from "./judge.ts";
import type { Policy, Step, Telling } from "./step.ts";
import { toldOutcome, toldVerdict } from "./telling.ts";

/** A verdict that is told, and opens what it is about. */
export function opened(incident: Incident, verdict: Verdict, now: number, policy: Policy): Step {
  const note = incident.progress.senderResolved ? "the sender says resolved" : null;
  const tell = telling(eventOf(incident), toldVerdict(policy.plan, verdict), note);
  const told = toldNow(incident, { verdict, tell, now });
  const open: Incident = { ...incident, state: "open", told, watchStep: 0 };
  return { incident: scheduled(open, now, policy), tell, reason: "told" };
}

/**
 * Health that is told as trouble, because the sender insists or because it never lasts. What the operator has then been
 * told is that nobody can tell from outside.
 */
export function toldAnyway(incident: Incident, verdict: Verdict, now: number, policy: Policy): Step {
  const flapping = isFlapping(incident);
  const confirmed = toldOutcome(policy.plan, "confirmed");
  const tell = telling(eventOf(incident), confirmed, flapping ? flappingNote : insistNote);
  const told: Told = { ...toldNow(incident, { verdict, tell, now }), outcome: "inconclusive" };
  const progress = { ...incident.progress, insisted: !flapping, cleanRuns: 0, cleanSince: null };
  const open: Incident = { ...incident, state: "open", told, progress, watchStep: 0 };
  return { incident: scheduled(open, now, policy), tell, reason: flapping ? "flapping" : "insisted" };
}

/** The first that is told of an incident is its verdict; what comes after changes it. */
export function eventOf({ told }: Incident): "verdict" | "change" {
  return told === null ? "verdict" : "change";
}

/** All who have been told something in this incident, its arrival included; recovery owes them the end of the story. */
export function toldNow(
  incident: Incident,
  news: { readonly verdict: Verdict; readonly tell: readonly Telling[]; readonly now: number },
): Told {
  const { verdict, tell, now } = news;
  const actions = new Set([...heard(incident), ...tell.flatMap((one) => one.actions)]);
  return { outcome: verdict.outcome, failing: badDomains(verdict), at: now, actions: [...actions] };
}

/** A worse outcome than the one told, or one domain more. */
export function isWorse(verdict: Verdict, { told, progress }: Incident): boolean {
  if (told === null) return false;
  // Whoever was told that nothing is visible from outside is told what is.
  const shows = progress.insisted && told.outcome === "inconclusive" && verdict.outcome === "degraded";
  const difference = outcomeRank(verdict.outcome) - outcomeRank(told.outcome);
  if (difference !== 0) return shows || difference < 0;
  return badDomains(verdict) > told.failing;
}

/** Bad domains, each as often as a check finds it bad. */
function badDomains(verdict: Verdict): number {
  return verdict.checks.flatMap((check) => check.domains).filter(({ vote }) => isBad(vote)).length;
}
