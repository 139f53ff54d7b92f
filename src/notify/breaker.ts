import type { ActionKind } from "../model/action.ts";
import type { DeliveryError } from "../model/errors.ts";
import { longestAskedMs, pauseMs } from "./patience.ts";

/**
 * Whether an action is tried at all. After some failures in a row, each of which may pass, or when its receiver asks for
 * patience, it is left alone for a while; then one message is tried, and what becomes of it decides for the others.
 */
export interface Breaker {
  /** In a row, while it is closed. */
  readonly failures: number;
  /** In a row; 0: it is closed, and messages go out. */
  readonly pauses: number;
  /** ms since 1970: the end of the pause. */
  readonly until: number;
  /** The one try after a pause is under way. */
  readonly isTrying: boolean;
}

export const closedBreaker: Breaker = { failures: 0, pauses: 0, until: 0, isTrying: false };

const enoughFailures = 5;
/** While one message is tried the others look again after this time, or when it has been taken. */
const tryingMs = 5000;

/** Until when (ms) nothing may be sent; null: now is as good as any time. */
export function closedUntil({ pauses, until, isTrying }: Breaker, now: number): number | null {
  if (pauses === 0) return null;
  if (now < until) return until;
  return isTrying ? now + tryingMs : null;
}

/** One try that has ended. */
export interface Tried {
  /** Null: the receiver has taken the message. */
  readonly error: DeliveryError | null;
  /** It was the one after a pause. */
  readonly isTrial: boolean;
  readonly kind: ActionKind;
  /** ms since 1970 */
  readonly now: number;
  /** 0 to 1, for the jitter */
  readonly random: number;
}

/** What a try makes of it. A refusal for good is about the message: whoever says so is there. */
export function afterTry(breaker: Breaker, { error, isTrial, kind, now, random }: Tried): Breaker {
  const isOpen = breaker.pauses > 0;
  if (error === null || error.permanent) return isOpen && !isTrial ? breaker : closedBreaker;
  const askedMs = Math.min(error.retryAfterMs ?? 0, longestAskedMs(kind));
  // What was under way when it opened says nothing new, unless it is asked for more patience.
  if (isOpen && !isTrial) return { ...breaker, until: Math.max(breaker.until, now + askedMs) };
  const failures = breaker.failures + 1;
  if (!isTrial && askedMs === 0 && failures < enoughFailures) return { ...breaker, failures };
  const pauses = breaker.pauses + 1;
  const waitMs = askedMs > 0 ? askedMs : pauseMs(kind, pauses, random);
  return { failures, pauses, until: now + waitMs, isTrying: false };
}
