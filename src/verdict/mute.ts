import { mutedFlag } from "../model/incident.ts";
import type { Incident, Told } from "../model/incident.ts";
import type { Step, Telling } from "./step.ts";

/** What stands between a step and those whom it tells. */
export interface Muting {
  /** Absent: nobody mutes the incident now. */
  readonly mute: { readonly until: number; readonly reason: string } | null;
  /** The actions that have heard anything of the incident. */
  readonly heard: readonly string[];
}

/**
 * What is left of a step while its incident is muted (verdict.md §6): it is recorded, and told to nobody but the end to
 * those who have heard of it. What was not told does not count as told, so that the look at the mute's end tells it; that
 * look is the next one at the latest. An arrival is due all the same: its delivery waits for the mute's end.
 */
export function mutedStep(before: Incident, step: Step, muting: Muting): Step {
  return muting.mute === null
    ? unmutedStep(before, step, muting.heard)
    : silenced(before, step, { mute: muting.mute, heard: muting.heard });
}

function silenced(
  before: Incident,
  { incident, tell, reason }: Step,
  { mute: { until, reason: why }, heard }: Muting & { readonly mute: object },
): Step {
  const isKept = tell.some(isNews);
  const { progress } = incident;
  const held = isKept ? { ...progress, muted: { until, reason: why } } : progress;
  return {
    incident: {
      ...incident,
      flags: [...new Set([...incident.flags, mutedFlag])],
      told: isKept ? toldBefore(before, incident, heard) : incident.told,
      progress: held,
      nextRunAt: incident.state === "closed" ? null : Math.min(incident.nextRunAt ?? until, until),
    },
    tell: tell.filter((one) => !isNews(one)).flatMap((one) => toThoseWho(heard, one)),
    reason: isKept ? "muted" : reason,
  };
}

/** The first word after a mute says that there was one; the end is told to those who have heard of the beginning. */
function unmutedStep(before: Incident, { incident, tell, reason }: Step, heard: readonly string[]): Step {
  const flags = incident.flags.filter((flag) => flag !== mutedFlag);
  const { muted } = before.progress;
  if (muted === null) return { incident: { ...incident, flags }, tell, reason };
  const isOver = tell.some(isNews) || incident.state === "closed";
  return {
    incident: { ...incident, flags, progress: { ...incident.progress, muted: isOver ? null : muted } },
    tell: tell.flatMap((one) => (isNews(one) ? [saying(one, noteOf(muted))] : toThoseWho(heard, one))),
    reason,
  };
}

/** `muted until now (deploy), checked again`; the mute may have ended before its time. */
function noteOf({ reason }: { readonly reason: string }): string {
  return `muted until now (${reason}), checked again`;
}

function saying(telling: Telling, note: string): Telling {
  return { ...telling, note: telling.note === null ? note : `${telling.note}; ${note}` };
}

function isNews({ event }: Telling): boolean {
  return event === "verdict" || event === "change";
}

function toThoseWho(heard: readonly string[], telling: Telling): Telling[] {
  if (telling.event !== "recovered") return [telling];
  const actions = telling.actions.filter((action) => heard.includes(action));
  return actions.length === 0 ? [] : [{ ...telling, actions }];
}

/** Health that nobody was told of is remembered, for the watch that follows it; its end is owed to those who have heard. */
function toldBefore(before: Incident, { told }: Incident, heard: readonly string[]): Told | null {
  if (told === null || told.outcome !== "not-reproduced") return before.told;
  return { ...told, actions: before.told?.actions ?? [...heard] };
}
