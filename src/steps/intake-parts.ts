import type { Alert } from "../model/alert.ts";
import type { Spool } from "../spool/spool.ts";

/** What takes an alert, in this order. */
export interface IntakeParts {
  /** Stores alerts durably; an alert that is there already is no error. */
  readonly store: (alerts: readonly Alert[]) => Promise<void>;
  /** Rejects while the database stores no alert at all, with what it says. It leaves nothing behind. */
  readonly probe: () => Promise<void>;
  /** Null: there is none, and the emergency is next. */
  readonly spool: Spool | null;
  /** Tells an alert unchecked; whether somebody has taken it. Never rejects. */
  readonly tell: (alert: Alert) => Promise<boolean>;
}

export interface IntakeTimes {
  /** What the database, and after it the disk, has to take an alert. */
  readonly storeMs: number;
  /** How long the database may be away until what waits is told unchecked. */
  readonly awayMs: number;
  /** Between two tries to reach it. */
  readonly pauseMs: number;
}

export const usualTimes: IntakeTimes = { storeMs: 2000, awayMs: 15_000, pauseMs: 500 };
