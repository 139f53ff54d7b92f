import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultPolicy, noon, placeOf, planOf, selfTestOf, fail } from "../../test/fixtures/observations.ts";
import { Random } from "../../test/fixtures/random.ts";
import { isFunctionCheck, plannedFunctionCheck } from "../model/function-check.ts";
import type { Plan } from "../model/plan.ts";
import type { LookedObservation } from "../model/run.ts";
import { outcomeRank } from "../model/verdict.ts";
import type { Known } from "./baseline.ts";
import { judgeRun } from "./combine.ts";
import type { Judgement } from "./combine.ts";
import { allSights, sights } from "./random-runs.fixture.ts";
import type { Sight } from "./random-runs.fixture.ts";
import { isRunSettled } from "./settled.ts";
import { toldVerdict } from "./telling.ts";

const covers = { covered: true, why: "" };
const blind = { covered: false, why: "not its matter" };

/** Some checks, each from places of its own, functions among them; and what was known before. */
function drawPlan(random: Random): { readonly plan: Plan; readonly known: Known } {
  const places = Array.from({ length: random.whole(2, 5) }, (_, index) =>
    placeOf(`l${index}`, {
      domain: `d${random.whole(0, index)}`,
      provider: random.pick(["aws", "gcp", null]),
    }),
  );
  const functions = random.next() < 0.4 ? ["f0", "f1"].map((name) => placeOf(name)) : [];
  const plan = planOf({ spare: random.next() < 0.7, locations: [...places, ...functions] });
  const target = { from: "config" as const, allowPrivate: [] };
  const names = ["a", "b", "c"].slice(0, random.whole(1, 3));
  const checks = names.map((name) => {
    const from = places.filter(() => random.next() < 0.8).map((place) => place.name);
    return {
      check: { name, type: "http" },
      target,
      locations: from.length === 0 ? ["l0"] : from,
      covered: random.pick([null, covers, covers, blind]),
    };
  });
  const own = {
    check: plannedFunctionCheck,
    target,
    locations: functions.map(({ name }) => name),
    covered: null,
  };
  const confirm = random.pick<Plan["policy"]["confirm"]>([2, 3, "majority", "all"]);
  const old = places.filter(() => random.next() < 0.15);
  return {
    plan: {
      ...plan,
      checks: functions.length === 0 ? checks : [...checks, own],
      policy: { ...defaultPolicy, confirm },
    },
    known: {
      alertedAt: noon,
      selfTests: old.flatMap(({ name }) =>
        names.map((check) => selfTestOf(fail(name, { check }), 7_200_000)),
      ),
    },
  };
}

type Pair = readonly [check: string, location: string];

function pairsOf({ checks }: Plan): Pair[] {
  return checks.flatMap(({ check, locations = [] }) => locations.map((place): Pair => [check.name, place]));
}

function seenBy(
  random: Random,
  pairs: readonly Pair[],
  look: number,
  from: readonly Sight[],
): LookedObservation[] {
  return pairs.flatMap(([check, location]) => {
    const observation = sights[random.pick(from)](location);
    return observation === null ? [] : [{ look, observation: { ...observation, check } }];
  });
}

/** Some draws leave kinds of sights out, so that every outcome is met often. */
function drawSights(random: Random): readonly Sight[] {
  const some = allSights.filter(() => random.next() < 0.35);
  return some.length === 0 ? allSights : some;
}

function meaningOf(judgement: Judgement, plan: Plan): string {
  if (judgement === "second-look") return judgement;
  const each = judgement.checks.map(({ outcome }) => outcome);
  return `${judgement.outcome} (${each.join(", ")}), told to ${toldVerdict(plan, judgement).toSorted().join(" ")}`;
}

function textOf({ checks }: Plan, seen: readonly LookedObservation[]): string {
  const said = seen.map(
    ({ look, observation: one }) => `${look}/${one.check}/${one.location}: ${one.outcome} ${one.errorClass}`,
  );
  const asked = checks.map(({ check, locations, covered }) => [check.name, locations, covered?.covered]);
  return `${JSON.stringify(asked)}; ${said.join(", ")}`;
}

test("property: of several checks an early verdict is the one at the end, check by check, and told to the same", () => {
  const random = new Random(61);
  const met = new Map<string, number>();
  for (let round = 0; round < 3000; round++) {
    const { plan, known } = drawPlan(random);
    const kinds = drawSights(random);
    const pairs = random.shuffled(pairsOf(plan));
    const looks = random.whole(1, 2);
    const before = looks === 2 ? seenBy(random, pairs, 1, kinds) : [];
    const late = pairs.slice(0, random.whole(1, Math.min(3, pairs.length)));
    const arrived = [...before, ...seenBy(random, pairs.slice(late.length), looks, kinds)];
    if (!isRunSettled(plan, arrived, looks, known)) continue;
    const given = judgeRun(plan, arrived, looks, known);
    const key = given === "second-look" ? given : given.outcome;
    met.set(key, (met.get(key) ?? 0) + 1);
    for (let ending = 0; ending < 10; ending++) {
      const rest = seenBy(random, late, looks, allSights);
      const [early, end] = [given, judgeRun(plan, [...arrived, ...rest], looks, known)].map((one) =>
        meaningOf(one, plan),
      );
      if (early !== end) assert.equal(early, end, textOf(plan, [...arrived, ...rest]));
    }
  }
  for (const outcome of ["confirmed", "regional", "second-look"])
    assert((met.get(outcome) ?? 0) > 10, JSON.stringify([...met]));
});

test("property: no check's trouble is hidden by another's health, and only what could see it spares", () => {
  const random = new Random(62);
  const met = new Set<string>();
  for (let round = 0; round < 3000; round++) {
    const { plan, known } = drawPlan(random);
    const kinds = drawSights(random);
    const looks = random.whole(1, 2);
    const pairs = pairsOf(plan);
    const seen = Array.from({ length: looks }, (_, look) => seenBy(random, pairs, look + 1, kinds)).flat();
    const verdict = judgeRun(plan, seen, looks, known);
    if (verdict === "second-look") continue;
    met.add(verdict.outcome);
    const text = textOf(plan, seen);
    const worst = Math.min(...verdict.checks.map(({ outcome }) => outcomeRank(outcome)));
    assert.equal(outcomeRank(verdict.outcome), worst, text);
    if (verdict.outcome !== "not-reproduced") continue;
    assert(
      plan.checks.some(({ covered }) => covered?.covered ?? plan.spare),
      text,
    );
    assert(
      plan.spare || !plan.checks.some(({ check, covered }) => covered === null && !isFunctionCheck(check)),
      text,
    );
    for (const { domains } of verdict.checks)
      assert(!domains.some(({ vote }) => vote === "fail" || vote === "flaky"), text);
    assert.deepEqual(toldVerdict(plan, verdict), ["slack"], text);
  }
  assert.equal(met.size, 5, [...met].join(", "));
});
