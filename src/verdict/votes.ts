import type { WrittenCheck } from "../model/check.ts";
import type { Observation } from "../model/observation.ts";
import type { PlannedLocation } from "../model/plan.ts";
import type { LookedObservation } from "../model/run.ts";
import type { DomainVote, LocationVote, Vote } from "../model/verdict.ts";
import type { Known } from "./baseline.ts";
import { domainVote, isBad } from "./judge.ts";
import type { Domain } from "./judge.ts";
import { readingOf } from "./vantage.ts";
import type { Reading } from "./vantage.ts";

/** What is voted on, by whom, and what was known of it before. */
export interface Ballot {
  readonly check: WrittenCheck;
  readonly domains: readonly Domain[];
  readonly known: Known;
}

/** The observations of one check, look by look. */
export interface CheckEvidence {
  readonly first: readonly Observation[];
  /** Absent while there has been no second look. */
  readonly second?: readonly Observation[] | undefined;
}

/** @param looks how many looks have begun. */
export function evidenceOf(check: string, all: readonly LookedObservation[], looks: number): CheckEvidence {
  const of = (look: number): Observation[] =>
    all.filter((one) => one.look === look && one.observation.check === check).map((one) => one.observation);
  return { first: of(1), ...(looks > 1 ? { second: of(2) } : {}) };
}

/** Each location's last word, by its name, before the others are asked about its excuses. */
export type Readings = ReadonlyMap<string, Reading>;

/**
 * Only a clean second look clears the first: where it brings no vote, or one that may yet be excused, a bad one of the
 * first look stands.
 */
export function standing({ check, domains, known }: Ballot, { first, second }: CheckEvidence): Readings {
  const places = domains.flatMap(({ locations }) => locations);
  const read = (observations: readonly Observation[], place: PlannedLocation) => {
    const observation = observations.find(({ location }) => location === place.name);
    return readingOf(observation, { place, check, known });
  };
  const lastWord = (place: PlannedLocation) => {
    const before = read(first, place);
    return second === undefined ? before : later(before, read(second, place));
  };
  return new Map(places.map((place) => [place.name, lastWord(place)]));
}

function later(before: Reading, now: Reading): Reading {
  const settled = now.vote !== "none" && now.plea === null;
  if (settled || !isBad(before.vote)) return now;
  // A first vote that may be excused itself stands only where there is nothing newer.
  return before.plea === null || now.vote === "none" ? before : now;
}

/**
 * Decides the pleas. `blocked` holds if a domain of another provider passes, by votes that need no excuse; `noisy` if
 * nobody sees trouble that has none. So a failure more anywhere takes excuses away and never gives one.
 */
export function decided({ domains }: Pick<Ballot, "domains">, readings: Readings): Readings {
  const passing = passingPlaces(domains, readings);
  const all = domains.flatMap(({ locations }) => locations);
  const asked = all.flatMap((place) => {
    const reading = readings.get(place.name);
    if (reading?.plea?.excuse !== "blocked") return reading ?? [];
    return isPassedElsewhere(place, passing) ? excused(reading) : { ...reading, plea: null };
  });
  const troubled = hasTrouble(asked);
  return new Map(
    asked.map((one) => [one.location, troubled || one.plea === null ? { ...one, plea: null } : excused(one)]),
  );
}

/** Where a whole domain passes and needs no excuse for it. */
export function passingPlaces(domains: readonly Domain[], readings: Readings): PlannedLocation[] {
  return domains.flatMap(({ locations }) => {
    const votes = locations.map(({ name }) => readings.get(name)?.vote ?? "none");
    return domainVote(votes) === "pass" ? locations.filter((_, index) => votes[index] === "pass") : [];
  });
}

export function isPassedElsewhere(
  { provider }: PlannedLocation,
  passing: readonly PlannedLocation[],
): boolean {
  return passing.some((place) => place.provider !== provider);
}

export function hasTrouble(readings: Iterable<Reading>): boolean {
  return [...readings].some(({ vote, plea }) => isBad(vote) && plea === null);
}

function excused(reading: Reading): Reading {
  return reading.plea === null ? reading : { ...reading, ...reading.plea, vote: "none", plea: null };
}

/** Every domain's vote, with those of its locations. */
export function domainVotes(domains: readonly Domain[], readings: Readings): DomainVote[] {
  return domains.map(({ name, locations }) => {
    const votes = locations.map((place) => locationVote(place, readings.get(place.name)));
    return { domain: name, vote: domainVote(votes.map(({ vote }) => vote)), locations: votes };
  });
}

function locationVote({ name }: PlannedLocation, reading: Reading | undefined): LocationVote {
  const { vote = "none", excuse = null, note = "" } = reading ?? {};
  return { location: name, vote, excuse, note };
}

/** What a domain says without the votes of locations that have been failing since before the alert. */
export function provenVote({ locations }: Pick<DomainVote, "locations">): Vote {
  return domainVote(locations.map(({ vote, excuse }) => (excuse === "no-baseline" ? "none" : vote)));
}

/** Whether one of them fails as it has failed since before the alert. */
export function isUnproven({ locations }: Pick<DomainVote, "locations">): boolean {
  return locations.some(({ excuse }) => excuse === "no-baseline");
}
