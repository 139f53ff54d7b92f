import { pointOfPresence } from "../model/cdn.ts";
import type { Attempt, Observation } from "../model/observation.ts";
import type { Plan } from "../model/plan.ts";
import type { CheckVerdict, LocationVote, ScopeAttribute } from "../model/verdict.ts";
import { isBad } from "./judge.ts";

/** What one try, or one location's whole vote, has to say about where the trouble is. */
export interface Row {
  readonly failing: boolean;
  /** Every vote weighs one: its failing tries share that, so that retries do not drown the others; its passing ones too. */
  readonly weight: number;
  readonly values: ReadonlyMap<ScopeAttribute, string>;
}

/** The votes that count, with what they go by. */
export interface ScopedVote {
  readonly bad: boolean;
  readonly observation: Observation;
}

export interface ScopeQuestion {
  readonly plan: Pick<Plan, "checks" | "locations">;
  readonly checks: readonly CheckVerdict[];
  /** The words that the votes go by, of all checks. */
  readonly observations: readonly Observation[];
}

/**
 * The votes that say something of the target: an excused one (impaired, blocked, noisy) does not. A location that has been
 * failing for long does: its failure is real, only not new.
 * @param slow what is slow counts as bad, because nothing fails.
 */
export function scopedVotes({ checks, observations }: ScopeQuestion, slow: boolean): ScopedVote[] {
  const isWrong = ({ vote }: LocationVote) => (slow ? vote === "degraded" : isBad(vote));
  return checks.flatMap(({ check, domains }) =>
    domains
      .flatMap(({ locations }) => locations)
      .filter(({ vote, excuse }) => vote !== "none" && (excuse === null || excuse === "no-baseline"))
      .flatMap((vote) => {
        const observation = observations.find((one) => one.check === check && one.location === vote.location);
        return observation === undefined ? [] : [{ bad: isWrong(vote), observation }];
      }),
  );
}

/** A row for every try that failed or got through. */
export function attemptRows(votes: readonly ScopedVote[], plan: ScopeQuestion["plan"], slow: boolean): Row[] {
  return votes.flatMap(({ bad, observation }) => {
    const tries: readonly Omit<Attempt, "sample" | "number" | "startedAt">[] =
      observation.attempts.length > 0 ? observation.attempts : [observation];
    const failed = tries.filter(({ outcome }) => outcome === (slow ? "degraded" : "fail"));
    const through = tries.filter(({ outcome }) => outcome === "pass" || (!slow && outcome === "degraded"));
    // A bad vote is bad whatever its tries say of themselves.
    const wrong = bad && failed.length === 0 ? [observation] : bad ? failed : [];
    const row = (failing: boolean, among: number) => (one: Finding) => ({
      failing,
      weight: 1 / among,
      values: valuesOf(one, observation, plan),
    });
    return [
      ...wrong.map(row(true, wrong.length)),
      ...(bad && failed.length === 0 ? [] : through.map(row(false, through.length))),
    ];
  });
}

/** A row for every vote, with what is the same for all its tries. */
export function voteRows(votes: readonly ScopedVote[], plan: ScopeQuestion["plan"]): Row[] {
  return votes.map(({ bad, observation }) => ({
    failing: bad,
    weight: 1,
    values: known(placeValues(observation, plan)),
  }));
}

type Finding = Pick<Attempt, "remoteAddress" | "ipVersion" | "http" | "dns">;
type Values = Partial<Record<ScopeAttribute, string | null | undefined>>;

function valuesOf(
  { remoteAddress, ipVersion, http, dns }: Finding,
  observation: Observation,
  plan: ScopeQuestion["plan"],
): ReadonlyMap<ScopeAttribute, string> {
  const place = placeValues(observation, plan);
  return known({
    ...place,
    resolver: dns?.resolver ?? place.resolver,
    "ip-family": ipVersion === null ? null : `IPv${ipVersion}`,
    "remote-address": remoteAddress,
    pop: http === undefined ? null : pointOfPresence(http.headers),
    "http-version": http === undefined ? null : `HTTP/${http.version}`,
  });
}

function placeValues(
  { check, location, resolver }: Observation,
  { locations }: ScopeQuestion["plan"],
): Values {
  const place = locations.find(({ name }) => name === location);
  // Each location has a system of its own: two of them are not the same resolver.
  const named = resolver === "system" ? null : resolver;
  return { check, location, region: place?.region, provider: place?.provider, resolver: named };
}

function known(values: Values): ReadonlyMap<ScopeAttribute, string> {
  return new Map(
    Object.entries(values).flatMap(([attribute, value]): [ScopeAttribute, string][] =>
      value === null || value === undefined || value === "" ? [] : [[attribute as ScopeAttribute, value]],
    ),
  );
}
