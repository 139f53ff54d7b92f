import assert from "node:assert/strict";
import { test } from "node:test";
import { five, placeOf, seen, three, voting } from "../../test/fixtures/observations.ts";
import { Random } from "../../test/fixtures/random.ts";
import type { Observation } from "../model/observation.ts";
import type { VerdictPolicy } from "../model/plan.ts";
import type { Vote } from "../model/verdict.ts";
import { nothingKnown } from "./baseline.ts";
import { judgeCheck } from "./judge-check.ts";
import { domainsOf } from "./judge.ts";
import type { Domain, Ruling } from "./judge.ts";
import { isSettled } from "./settled.ts";

type Confirm = VerdictPolicy["confirm"];

const inOwnDomains = (names: readonly string[]) => domainsOf(names.map((name) => placeOf(name)));

/** Whether a check without self-tests is settled. */
function settled(
  domains: readonly Domain[],
  {
    first,
    observations,
  }: { readonly first?: Observation[] | undefined; readonly observations: Observation[] },
  confirm: Confirm = 2,
): boolean {
  const evidence = first === undefined ? { first: observations } : { first, second: observations };
  return isSettled(ballotOf(domains), evidence, confirm);
}

const ballotOf = (domains: readonly Domain[]) => ({
  check: { name: "storefront", type: "http" },
  domains,
  known: nothingKnown,
});

const rows: { arrived: string; look: number; confirm?: Confirm; settled: boolean; why: string }[] = [
  { arrived: "fail fail -", look: 1, settled: true, why: "two failures confirm, whatever the third says" },
  { arrived: "fail fail - - -", look: 1, settled: true, why: "two failures confirm, whatever the rest says" },
  { arrived: "fail pass -", look: 1, settled: false, why: "one more failure would spare the second look" },
  { arrived: "flaky pass -", look: 1, settled: true, why: "only a second look can say" },
  { arrived: "pass pass -", look: 1, settled: false, why: "the third may be bad" },
  { arrived: "pass pass pass pass -", look: 1, settled: false, why: "a failure would ask for a second look" },
  { arrived: "- - -", look: 1, settled: false, why: "nobody has answered" },
  { arrived: "-", look: 1, settled: false, why: "nobody has answered" },
  { arrived: "pass pass pass", look: 1, settled: true, why: "everybody has answered" },
  {
    arrived: "none none none",
    look: 1,
    settled: true,
    why: "everybody has answered, though nobody can tell",
  },
  { arrived: "fail pass -", look: 2, settled: false, why: "regional or confirmed" },
  { arrived: "fail flaky -", look: 2, settled: true, why: "two bad ones confirm after the second look" },
  { arrived: "fail fail -", look: 1, confirm: "all", settled: false, why: "the third may pass" },
  { arrived: "fail pass pass -", look: 2, confirm: 3, settled: true, why: "a third bad one is out of reach" },
  {
    arrived: "fail pass pass - -",
    look: 2,
    confirm: 3,
    settled: false,
    why: "a third bad one is within reach",
  },
];
for (const { arrived, look, confirm = 2, settled: expected, why } of rows) {
  test(`look ${look}, confirm: ${confirm}, [${arrived}]: ${expected ? "settled" : "open"}: ${why}`, () => {
    const names = five.slice(0, arrived.split(" ").length);
    const observations = seen(arrived, names);
    assert.equal(settled(inOwnDomains(names), { observations, first: firstOf(look) }, confirm), expected);
  });
}

test("a domain is outstanding until all its locations have answered", () => {
  const domains = domainsOf([
    placeOf("eu", { domain: "aws/eu" }),
    placeOf("apac", { domain: "aws/eu" }),
    placeOf("na", { domain: "aws/na" }),
  ]);
  const observations = seen("fail - fail", three);
  assert.equal(settled(domains, { observations }), false, "the domain may yet be flaky");
  assert.equal(settled(domains, { observations: seen("fail fail fail", three) }), true);
});

/** Of a second look without anything that stands from the first. */
const firstOf = (look: number) => (look === 1 ? undefined : []);

const votes: readonly Vote[] = ["pass", "flaky", "fail", "degraded", "none"];

const outcomeOf = (ruling: Ruling) => (ruling === "second-look" ? ruling : ruling.outcome);
const wordsOf = (ruling: Ruling) =>
  ruling === "second-look" ? ruling : `${ruling.outcome} ${ruling.reason}`;

/** Every way in which the locations that have not answered could answer. */
function* completions(arrived: readonly Observation[], silent: readonly string[]): Generator<Observation[]> {
  const [next, ...rest] = silent;
  if (next === undefined) return yield [...arrived];
  for (const vote of votes) yield* completions([...arrived, voting(vote, next)], rest);
}

interface Draw {
  readonly domains: Domain[];
  readonly arrived: Observation[];
  readonly silent: string[];
  readonly confirm: Confirm;
  readonly look: number;
  readonly text: string;
}

/** Some locations of some domains have answered, up to three have not. */
function draw(random: Random, mostInADomain: number): Draw {
  const names = ["a", "b", "c", "d", "e", "f", "g"].slice(0, random.whole(1, 7));
  const places = names.map((name, index) => ({
    ...placeOf(name),
    domain: mostInADomain === 1 ? name : `d${Math.floor(index / random.whole(1, mostInADomain))}`,
  }));
  const silent = random.shuffled(names).slice(0, random.whole(0, Math.min(3, names.length)));
  const kinds = votes.filter(() => random.next() < 0.6);
  const cast = names.map((name) => ({ name, vote: random.pick(kinds.length === 0 ? votes : kinds) }));
  const arrived = cast
    .filter(({ name }) => !silent.includes(name))
    .map(({ name, vote }) => voting(vote, name));
  const confirm = random.pick<Confirm>([1, 2, 3, 4, "majority", "all"]);
  const look = random.whole(1, 2);
  const said = cast.map(({ name, vote }, index) => {
    return `${places[index]?.domain}/${name}=${silent.includes(name) ? "-" : vote}`;
  });
  const text = `${said.join(" ")}, confirm ${confirm}, look ${look}`;
  return { domains: domainsOf(places), arrived, silent, confirm, look, text };
}

function rulings({ domains, arrived, silent, confirm, look }: Draw): Ruling[] {
  return [...completions(arrived, silent)].map(
    (observations) =>
      judgeCheck(
        ballotOf(domains),
        look === 1 ? { first: observations } : { first: [], second: observations },
        confirm,
      ).ruling,
  );
}

test("property: once settled, no answer changes the outcome", () => {
  const random = new Random(11);
  let early = 0;
  for (let round = 0; round < 2000; round++) {
    const drawn = draw(random, 3);
    const { domains, arrived: observations, confirm, look } = drawn;
    if (!settled(domains, { observations, first: firstOf(look) }, confirm)) continue;
    if (drawn.silent.length > 0) early += 1;
    const outcomes = new Set(rulings(drawn).map(outcomeOf));
    assert.equal(outcomes.size, 1, `${drawn.text}: ${[...outcomes].join(", ")}`);
  }
  assert(early > 100, `settled early ${early} times`);
});

test("property: where each location is its own domain, what no answer can change is settled", () => {
  const random = new Random(12);
  for (let round = 0; round < 2000; round++) {
    const drawn = draw(random, 1);
    const { domains, arrived: observations, confirm, look } = drawn;
    const words = new Set(rulings(drawn).map(wordsOf));
    if (words.size === 1)
      assert.equal(settled(domains, { observations, first: firstOf(look) }, confirm), true, drawn.text);
  }
});

test("property: the order of arrival does not matter", () => {
  const random = new Random(13);
  for (let round = 0; round < 2000; round++) {
    const { domains, arrived, confirm, look, text } = draw(random, 3);
    const first = firstOf(look);
    const shuffled = random.shuffled(arrived);
    assert.equal(
      settled(domains, { observations: shuffled, first }, confirm),
      settled(domains, { observations: arrived, first }, confirm),
      text,
    );
  }
});

test("a second look is open while a first vote that stands and the last answer can still confirm together", () => {
  const first = seen("fail fail pass pass pass", five);
  const domains = inOwnDomains(five);
  const arrived = seen("none fail pass pass -", five);
  const said = ["pass", "fail"].map((last) => {
    const second = [...arrived, ...seen(`- - - - ${last}`, five)];
    return outcomeOf(judgeCheck(ballotOf(domains), { first, second }, 3).ruling);
  });
  assert.deepEqual(said, ["regional", "confirmed"]);
  assert.equal(settled(domains, { first, observations: arrived }, 3), false);
});

/** verdict.md §2: "given as soon as no outstanding answer can change it", judged as judgeCheck judges both looks. */
test("property: a settled second look stays what it is, though first votes stand in for votes that it lacks", () => {
  const random = new Random(14);
  for (let round = 0; round < 2000; round++) {
    const { domains, arrived, silent, confirm, text } = draw(random, 1);
    const firstVotes = domains.flatMap(({ locations }) =>
      locations.map(({ name }) => ({ name, vote: random.pick(votes) })),
    );
    const first = firstVotes.map(({ name, vote }) => voting(vote, name));
    if (!settled(domains, { first, observations: arrived }, confirm)) continue;
    const outcomes = new Set(
      [...completions(arrived, silent)].map((second) =>
        outcomeOf(judgeCheck(ballotOf(domains), { first, second }, confirm).ruling),
      ),
    );
    const before = firstVotes.map(({ name, vote }) => `${name}=${vote}`).join(" ");
    assert.equal(outcomes.size, 1, `first ${before}; second ${text}: ${[...outcomes].join(", ")}`);
  }
});
