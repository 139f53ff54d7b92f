import {
  answered,
  blocked,
  defaultPolicy,
  degraded,
  error,
  fail,
  flaky,
  impaired,
  noisy,
  pass,
  placeOf,
  planOf,
  selfTestOf,
  unreachable,
} from "../../test/fixtures/observations.ts";
import type { Random } from "../../test/fixtures/random.ts";
import type { Observation } from "../model/observation.ts";
import type { Plan, PlannedLocation, VerdictPolicy } from "../model/plan.ts";
import type { LookedObservation } from "../model/run.ts";
import { noon } from "../../test/fixtures/observations.ts";
import type { Known } from "./baseline.ts";

/** What a location can see; `silent` has not answered. */
export const sights = {
  pass,
  cached: (name: string) => answered(name, { age: "300" }),
  fresh: (name: string) => answered(name, { age: "0" }),
  degraded,
  flaky,
  noisy,
  fail,
  unreachable,
  impaired,
  blocked,
  error,
  silent: () => null,
} satisfies Record<string, (name: string) => Observation | null>;
export type Sight = keyof typeof sights;
export const allSights = Object.keys(sights) as Sight[];

/** Bad, and nothing that could excuse it but how long it has been so. */
export const firmlyBad: ReadonlySet<Sight> = new Set(["flaky", "fail", "unreachable"]);

export interface Seat {
  readonly place: PlannedLocation;
  readonly first: Sight;
  readonly second: Sight;
  /** Its self-test fails, since long before the alert. */
  readonly old: boolean;
}

/** A run that can be changed and judged again. */
export interface RandomRun {
  readonly seats: readonly Seat[];
  readonly confirm: VerdictPolicy["confirm"];
  readonly spare: boolean;
  readonly covered: Plan["checks"][number]["covered"];
  readonly claim: Plan["claim"];
}

/** Some draws leave kinds of sights out, so that every outcome is met often. */
export function drawRun(random: Random): RandomRun {
  const kinds = allSights.filter(() => random.next() < 0.4);
  const sight = () => random.pick(kinds.length === 0 ? allSights : kinds);
  const perDomain = random.whole(1, 2);
  const oldOnes = random.next() < 0.3;
  const seats = Array.from({ length: random.whole(1, 6) }, (_, index) => ({
    place: placeOf(`l${index}`, {
      domain: `d${Math.floor(index / perDomain)}`,
      provider: random.pick(["aws", "gcp", null]),
    }),
    first: sight(),
    second: sight(),
    old: oldOnes && random.next() < 0.3,
  }));
  const covered = random.pick([null, { covered: true, why: "" }, { covered: false, why: "not its matter" }]);
  const latency = { kinds: ["latency" as const], ipVersions: [], regions: [] };
  const claim = random.pick([planOf().claim, latency, { ...latency, kinds: [], ipVersions: [6 as const] }]);
  const confirm = random.pick<RandomRun["confirm"]>([2, 3, "majority", "all"]);
  return { seats, confirm, spare: random.next() < 0.8, covered: random.next() < 0.7 ? null : covered, claim };
}

export function planOfRun({ seats, confirm, spare, covered, claim }: RandomRun): Plan {
  const plan = planOf({ spare, claim, locations: seats.map(({ place }) => place) });
  return {
    ...plan,
    checks: plan.checks.map((check) => ({ ...check, covered })),
    policy: { ...defaultPolicy, confirm },
  };
}

export function knownOfRun({ seats }: RandomRun): Known {
  const old = seats.filter((seat) => seat.old);
  return {
    alertedAt: noon,
    selfTests: old.map(({ place }) => selfTestOf(blocked(place.name), 7_200_000)),
  };
}

/** Everybody's answers, look by look. */
export function answersOf({ seats }: RandomRun, looks: number): LookedObservation[] {
  return seats.flatMap(({ place, first, second }) =>
    [first, second].slice(0, looks).flatMap((sight, index) => {
      const observation = sights[sight](place.name);
      return observation === null ? [] : [{ look: index + 1, observation }];
    }),
  );
}

export function textOfRun({ seats, confirm, spare, covered }: RandomRun): string {
  const said = seats.map(({ place, first, second, old }) => {
    const where = `${place.domain}/${place.provider ?? "-"}`;
    return `${where}=${first}/${second}${old ? " (old)" : ""}`;
  });
  return `${said.join(", ")}; confirm ${confirm}, spare ${spare}, covered ${covered?.covered ?? "-"}`;
}
