import { flappingFlag } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import type { VerdictPolicy } from "../model/plan.ts";
import type { Verdict } from "../model/verdict.ts";
import { isOldNews } from "./alert-step.ts";
import { flagged, isFlapping, recent } from "./step.ts";

/** Why health that we see is told all the same. */
export const insistNote = "sender insists; not visible from outside";
export const flappingNote = "it fails again and again";

/**
 * A spare is counted, also one that the sender's own word makes moot. Spared too often where a first look saw it fail and
 * the second did not, an incident is flapping: it is there to be seen, but never for long.
 */
export function noteSpare(
  incident: Incident,
  now: number,
  verdict: Verdict,
  policy: VerdictPolicy,
): Incident {
  const { progress } = incident;
  const sparedAt = [...recent(progress.sparedAt, policy.insist.withinMs, now), now];
  const unresolvedSince = progress.senderResolved ? null : (progress.unresolvedSince ?? now);
  const spared: Incident = { ...incident, progress: { ...progress, sparedAt, unresolvedSince } };
  const wasSeen = verdict.reason === "second-look-clean";
  return wasSeen && sparedAt.length >= policy.insist.spares ? flagged(spared, flappingFlag) : spared;
}

/** When a sender that says when it is over, and has not, is believed (ms since 1970); null: it does not say so. */
export function believedAt(
  { progress }: Incident,
  senderResolves: boolean,
  { insist }: VerdictPolicy,
): number | null {
  if (!senderResolves || progress.unresolvedSince === null) return null;
  return progress.unresolvedSince + insist.unresolvedMs;
}

/**
 * Whether the senders of a spared incident are believed against what we see (verdict.md §6): spared too often, told by two
 * that are independent of each other, or by one that would have said that it is over.
 * @param believed `believedAt` of the incident.
 */
export function insists(
  { progress }: Incident,
  now: number,
  believed: number | null,
  { insist }: VerdictPolicy,
): boolean {
  if (progress.senderResolved) return false;
  const spares = recent(progress.sparedAt, insist.withinMs, now).length;
  return spares >= insist.spares || progress.sources.length > 1 || (believed !== null && now >= believed);
}

/** Whether clean looks are no proof that it is over: what they do not see is what the sender says. */
export function isUnseen(incident: Incident, verdict: Verdict): boolean {
  const { progress, told } = incident;
  return (progress.insisted && told?.outcome === "inconclusive") || isInvisible(incident, verdict);
}

/** None of our checks has ever seen it fail, and what they see now proves nothing of what the alert says. */
export function isInvisible({ progress }: Incident, { outcome }: Verdict): boolean {
  if (progress.insisted || progress.senderResolved) return false;
  return progress.failedDomains.length === 0 && outcome !== "not-reproduced";
}

/**
 * Health that must be told all the same: that the sender insists, or that it is flapping, has not been told because of a
 * mute, or so long ago that an alert must be told again.
 */
export function owesInsistence(incident: Incident): boolean {
  const { progress, told } = incident;
  if (isFlapping(incident)) return isUntold(incident) || isOldNews(incident);
  if (!progress.insisted || progress.senderResolved) return false;
  return isUntold(incident) || (told?.outcome === "inconclusive" && isOldNews(incident));
}

/** Nobody has been told of trouble: a mute has kept it back. */
function isUntold({ told }: Incident): boolean {
  return told === null || told.outcome === "not-reproduced";
}
