import type { CountedIncident, LocationSums } from "../model/report.ts";

type Counts = Pick<LocationSums, "votes" | "excuses"> & { unsure: number; all: number };

/** How far each location's word can be relied on. */
export class LocationVotes {
  readonly #locations = new Map<string, Counts>();

  add({ runs }: CountedIncident): void {
    for (const [location, vote, excuse] of runs.flatMap(({ checks }) =>
      checks.flatMap((one) => one.locations),
    )) {
      const counts = this.#of(location);
      counts.all += 1;
      counts.votes[vote] += 1;
      if (excuse !== null) counts.excuses[excuse] += 1;
      if (vote === "flaky" || vote === "none" || excuse !== null) counts.unsure += 1;
    }
  }

  sums(): LocationSums[] {
    return Array.from(this.#locations, ([location, { votes, excuses, unsure, all }]) => ({
      location,
      votes,
      excuses,
      unsure: unsure / all,
    })).toSorted((a, b) => b.unsure - a.unsure || a.location.localeCompare(b.location));
  }

  #of(location: string): Counts {
    const known = this.#locations.get(location);
    if (known !== undefined) return known;
    const counts: Counts = {
      votes: { pass: 0, flaky: 0, fail: 0, degraded: 0, none: 0 },
      excuses: { impaired: 0, noisy: 0, blocked: 0, "no-baseline": 0 },
      unsure: 0,
      all: 0,
    };
    this.#locations.set(location, counts);
    return counts;
  }
}
