import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "../../test/fixtures/observations.ts";
import { Random } from "../../test/fixtures/random.ts";
import type { LookedObservation } from "../model/run.ts";
import { outcomeRank } from "../model/verdict.ts";
import { judgeRun } from "./combine.ts";
import type { Judgement } from "./combine.ts";
import { isBad } from "./judge.ts";
import {
  allSights,
  answersOf,
  drawRun,
  firmlyBad,
  knownOfRun,
  planOfRun,
  sights,
  textOfRun,
} from "./random-runs.fixture.ts";
import type { RandomRun, Seat, Sight } from "./random-runs.fixture.ts";
import { isRunSettled } from "./settled.ts";

const rounds = 1500;

function judge(run: RandomRun, looks: number, answers = answersOf(run, looks)): Judgement {
  return judgeRun(planOfRun(run), answers, looks, knownOfRun(run));
}

const outcomeOf = (judgement: Judgement) => (judgement === "second-look" ? judgement : judgement.outcome);

const brings: ReadonlySet<Sight> = new Set(["pass", "cached", "fresh", "degraded"]);
const domainsWhere = ({ seats }: RandomRun, holds: (seat: Seat) => boolean) =>
  new Set(seats.filter(holds).map(({ place }) => place.domain)).size;

/** What a location says in the end: a bad first word stands where the second look brings none. */
const isFirmlyBad = ({ first, second }: Seat, looks: number) =>
  firmlyBad.has(looks === 1 ? first : second) || (looks === 2 && firmlyBad.has(first) && !brings.has(second));

test("property: spared only with enough clean domains and nobody bad; confirmed only by enough that fail", () => {
  const random = new Random(51);
  const met = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    const run = drawRun(random);
    const looks = random.whole(1, 2);
    const judgement = judge(run, looks);
    const outcome = outcomeOf(judgement);
    met.add(outcome);
    const of = `${textOfRun(run)}, looks ${looks}: ${outcome}`;
    const selected = domainsWhere(run, () => true);
    if (judgement !== "second-look" && (judgement.healthy || outcome === "not-reproduced"))
      assert(!run.seats.some((seat) => isFirmlyBad(seat, looks)), of);
    if (outcome === "not-reproduced") {
      const clean = domainsWhere(run, ({ first, second }) => brings.has(looks === 1 ? first : second));
      assert(clean >= Math.max(2, Math.ceil((selected * 2) / 3)), of);
      assert(run.spare || run.covered?.covered === true, of);
      assert.notEqual(run.covered?.covered, false, of);
    }
    if (judgement !== "second-look" && outcome === "confirmed") {
      const [check] = judgement.checks;
      const proven = (check?.domains ?? []).map(({ locations }) =>
        locations.filter(({ vote, excuse }) => vote !== "none" && excuse === null),
      );
      const voting = proven.filter((locations) => locations.length > 0).length;
      const bad = proven.filter((locations) => locations.some(({ vote }) => isBad(vote))).length;
      assert(bad >= (selected === 1 ? 1 : 2), of);
      if (typeof run.confirm === "number") assert(bad >= Math.min(run.confirm, voting), of);
      if (run.confirm === "majority") assert(bad * 2 > voting, of);
      if (run.confirm === "all") assert.equal(bad, voting, of);
    }
    if (looks === 2) assert.notEqual(outcome, "second-look", of);
  }
  assert.equal(met.size, 6, [...met].join(", "));
});

test("property: a location that is cut off changes nothing, or makes it inconclusive", () => {
  const random = new Random(52);
  for (let round = 0; round < rounds; round++) {
    const run = drawRun(random);
    const domain = random.pick(["new", ...run.seats.map(({ place }) => place.domain)]);
    const cutOff: Seat = {
      place: placeOf("cut-off", { domain, provider: random.pick(["aws", null]) }),
      first: "impaired",
      second: "impaired",
      old: random.next() < 0.2,
    };
    const seats = [...run.seats];
    seats.splice(random.whole(0, seats.length), 0, cutOff);
    const before = outcomeOf(judge(run, 2));
    const after = outcomeOf(judge({ ...run, seats }, 2));
    assert([before, "inconclusive"].includes(after), `${textOfRun(run)} + ${domain}: ${before} -> ${after}`);
  }
});

test("property: the order of answers does not matter", () => {
  const random = new Random(53);
  for (let round = 0; round < rounds; round++) {
    const run = drawRun(random);
    const looks = random.whole(1, 2);
    assert.deepEqual(
      judge(run, looks, random.shuffled(answersOf(run, looks))),
      judge(run, looks),
      textOfRun(run),
    );
  }
});

/**
 * What is more evidence of failure than what: an answer that an excuse may yet explain (`noisy`, `blocked`) only in place of
 * a whole pass or of none.
 */
const worse: Readonly<Record<Sight, readonly Sight[]>> = {
  pass: ["noisy", "blocked", "flaky", "fail", "unreachable"],
  cached: ["noisy", "blocked", "flaky", "fail", "unreachable"],
  fresh: ["noisy", "blocked", "flaky", "fail", "unreachable"],
  degraded: ["flaky", "fail", "unreachable"],
  noisy: ["flaky", "fail", "unreachable"],
  blocked: ["fail", "unreachable"],
  flaky: ["fail", "unreachable"],
  impaired: ["flaky", "fail", "unreachable"],
  error: ["noisy", "blocked", "flaky", "fail"],
  silent: ["noisy", "blocked", "flaky", "fail"],
  fail: [],
  unreachable: [],
};

test("property: more evidence of failure never makes a milder outcome", () => {
  const random = new Random(54);
  let changed = 0;
  for (let round = 0; round < rounds * 3; round++) {
    const run = drawRun(random);
    const place = random.whole(0, run.seats.length - 1);
    const look = random.pick(["first", "second"] as const);
    const seat = run.seats[place];
    assert(seat);
    const [now] = random.shuffled(worse[seat[look]]);
    // What fails where it has always failed is evidence of nothing.
    if (now === undefined || seat.old) continue;
    const before = outcomeOf(judge(run, 2));
    const after = outcomeOf(judge({ ...run, seats: run.seats.with(place, { ...seat, [look]: now }) }, 2));
    assert(before !== "second-look" && after !== "second-look");
    if (before !== after) changed += 1;
    assert(
      outcomeRank(after) <= outcomeRank(before),
      `${textOfRun(run)}: ${look} of ${place} ${seat[look]} -> ${now}: ${before} -> ${after}`,
    );
  }
  assert(changed > 500, `it made a difference ${changed} times`);
});

test("property: a verdict given early is the verdict at the end, whatever arrives", () => {
  const random = new Random(55);
  let early = 0;
  for (let round = 0; round < rounds * 3; round++) {
    const run = drawRun(random);
    const looks = random.whole(1, 2);
    const late = random.shuffled(run.seats.map(({ place }) => place.name)).slice(0, random.whole(1, 3));
    const arrived = answersOf(run, looks).filter(
      ({ look, observation }) => look < looks || !late.includes(observation.location),
    );
    if (!isRunSettled(planOfRun(run), arrived, looks, knownOfRun(run))) continue;
    early += 1;
    const given = outcomeOf(judge(run, looks, arrived));
    for (let ending = 0; ending < 10; ending++) {
      const rest: LookedObservation[] = late.flatMap((name) => {
        const observation = sights[random.pick(allSights)](name);
        return observation === null ? [] : [{ look: looks, observation }];
      });
      const said = rest.map(({ observation }) => `${observation.location} ${observation.errorClass}`);
      assert.equal(
        outcomeOf(judge(run, looks, [...arrived, ...rest])),
        given,
        `${textOfRun(run)}, look ${looks}, late: ${late.join(" ")}; then ${said.join(", ")}`,
      );
    }
  }
  assert(early > 300, `settled early ${early} times`);
});
