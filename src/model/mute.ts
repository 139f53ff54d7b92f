import { digestRoute, stormRoute, troubleRoute, unroutedRoute } from "./incident.ts";

/** A route or a subject that nobody is told about for a while. Times are ms since 1970. */
export interface Mute {
  readonly id: string;
  /** null: every route. */
  readonly route: string | null;
  /** null: every subject. */
  readonly subject: string | null;
  readonly from: number;
  readonly until: number;
  readonly reason: string;
  /** Who muted it. */
  readonly actor: string;
}

/** The longest mute, in ms. */
export const longestMuteMs = 86_400_000;

/** What an incident is about, as far as mutes ask. */
export interface Muted {
  readonly route: string;
  readonly subject: string;
}

const unmutable: readonly string[] = [troubleRoute, stormRoute, digestRoute];

/**
 * The mute that an incident is under at a time (ms since 1970); of several the one that ends last, null: none. Crosscheck's
 * own health is never muted, nor is a storm's page, and what no route took only by its subject.
 */
export function muteOver(mutes: readonly Mute[], about: Muted, now: number): Mute | null {
  if (unmutable.includes(about.route)) return null;
  const matching = mutes.filter(
    ({ route, subject, from, until }) =>
      from <= now &&
      now < until &&
      (route === null || (route === about.route && route !== unroutedRoute)) &&
      (subject === null || subject === about.subject),
  );
  return matching.toSorted((one, other) => other.until - one.until)[0] ?? null;
}
