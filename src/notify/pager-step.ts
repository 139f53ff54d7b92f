import { gatheredFlag, unroutedRoute } from "../model/incident.ts";
import type { Message } from "../model/message.ts";
import { isGroupOver, ownKey } from "./dedup-key.ts";

/** What a message is to a pager: a reason to ring, the end of the ringing, or nothing. */
export type PagerStep = "ring" | "end" | "none";

/** The key that a message is told under, where it comes from, and what the incident's first message left. */
export interface PagerKey {
  readonly key: string;
  /** The setting `dedup-key`. */
  readonly written: string | undefined;
  readonly thread: string | null;
}

/**
 * An incident ends under a key that others may use too only if something of it was taken under that key: whoever else has
 * rung there knows when it is over. On a route that checks nothing it is over when the sender says so.
 */
export function pagerStep(message: Message, { key, written, thread }: PagerKey): PagerStep {
  // Nobody is woken to read a summary, whoever it is passed on to.
  if (message.event === "digest") return "none";
  const isOwn = key === ownKey(message);
  if (message.event === "recovered") return isOwn || thread !== null ? "end" : "none";
  if (!isPassedOnResolved(message)) return "ring";
  // Nobody rings under a key of this incident: the firing alert had one of its own.
  return !isOwn && isGroupOver(message, written) ? "end" : "none";
}

/** Of alerts that are told together only the last is here; one that nobody could route rings whatever it says. */
function isPassedOnResolved({ event, alert, incident }: Message): boolean {
  const isPassedOn = !incident.flags.includes(gatheredFlag) && incident.route !== unroutedRoute;
  return event === "trigger" && isPassedOn && alert?.status === "resolved";
}
