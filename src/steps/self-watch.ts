import type { Observation } from "../model/observation.ts";

/** How often within a time something happened, by key; it forgets what is older. */
export class RecentCount {
  readonly #windowMs: number;
  readonly #times = new Map<string, number[]>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Counts one more; gives how many there were within the window, this one included. */
  add(key: string, now: number): number {
    const recent = (this.#times.get(key) ?? []).filter((time) => now - time < this.#windowMs);
    this.#times.set(key, [...recent.slice(-99), now]);
    return recent.length + 1;
  }
}

/** Of a location's own making; `not-awaited` is ours, a refused target the configuration's. */
const notItsFault: ReadonlySet<string | null> = new Set(["location.not-awaited", "location.blocked-target"]);

/** Whether the location could not do its work. One that ran out of time with attempts to show was looking at a slow target. */
export function isOutOfOrder({ outcome, errorClass, attempts }: Observation): boolean {
  const slowTarget = errorClass === "location.timeout" && attempts.length > 0;
  return outcome === "error" && !slowTarget && !notItsFault.has(errorClass);
}

/** A location that nobody has asked for this long may have worked in between. */
const forgetMs = 600_000;

/** Since when a location has not been able to do its work, run after run. */
export class LocationHealth {
  readonly #failing = new Map<string, { readonly since: number; readonly last: number }>();

  /** How long the location has been failing without a break, in ms; 0 when it works. */
  note(observation: Observation, now: number): number {
    const { location, outcome } = observation;
    if (outcome !== "error") this.#failing.delete(location);
    if (!isOutOfOrder(observation)) return 0;
    const before = this.#failing.get(location);
    const since = before === undefined || now - before.last > forgetMs ? now : before.since;
    this.#failing.set(location, { since, last: now });
    return now - since;
  }
}
