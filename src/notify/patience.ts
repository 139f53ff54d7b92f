import type { ActionKind } from "../model/action.ts";

interface Patience {
  /** How long a delivery is retried. */
  readonly retryMs: number;
  /** The longest pause between two tries. */
  readonly pauseMs: number;
}

const hourMs = 3_600_000;
const usual: Patience = { retryMs: hourMs, pauseMs: 60_000 };

/** How long we go on, and how long we wait between two tries. */
export const patience: Readonly<Record<ActionKind, Patience>> = {
  pager: { retryMs: 24 * hourMs, pauseMs: 15_000 },
  message: usual,
  ticket: usual,
  effect: usual,
};

const firstPauseMs = 1000;
/** A pager that asks us to wait longer than this is asked again all the same. */
const longestPagerWaitMs = 60_000;

/** The longest that a receiver may ask a whole action to wait, in ms. */
export function longestAskedMs(kind: ActionKind): number {
  return kind === "pager" ? longestPagerWaitMs : patience[kind].retryMs;
}

/** 1, 2, 4 s … up to the longest pause; between half and the whole of it, so that many do not come back at once. */
export function pauseMs(kind: ActionKind, attempts: number, random: number): number {
  const pause = Math.min(firstPauseMs * 2 ** (attempts - 1), patience[kind].pauseMs);
  return Math.round(pause * (0.5 + random / 2));
}
