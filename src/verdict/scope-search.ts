import type { Scope, ScopeAttribute } from "../model/verdict.ts";
import type { Row } from "./scope-rows.ts";

type Common = Scope["common"];
type Factor = Common[number];

/** Covers at least so much of the failures, and at most so much of the passes. */
const leastOfFailures = 0.8;
const mostOfPasses = 0.1;
const maxFactors = 3;
const maxValues = 3;

/**
 * Among explanations of one length the first in this order is told. What was asked comes first, since it narrows the target
 * whoever looks; then the order of blame, from us outwards: the place (the narrowest word for it first: one location proves
 * nothing about its region), its resolver, the network, the target's edge, and how it was talked to.
 */
export const blameOrder: readonly ScopeAttribute[] = [
  "check",
  "location",
  "region",
  "provider",
  "resolver",
  "ip-family",
  "remote-address",
  "pop",
  "http-version",
];

/** What differs between the tries of one location. */
const ofTries: readonly ScopeAttribute[] = ["ip-family", "remote-address", "pop", "http-version"];

/**
 * The smallest explanation: the fewest attributes that together cover nearly all failures and hardly any passes; empty when
 * there is none, or nothing passes to tell them from.
 *
 * 1. An attribute of tries, else of whole votes: a location that fails now and then is told apart by its vote, since some of
 *    its tries pass.
 * 2. Then two attributes, then three.
 * 3. One that holds for votes only is narrowed by what tells the failing tries of these locations from the passing ones.
 * 4. Else up to three values of one attribute: two of four addresses.
 */
export function searchCommon(tries: readonly Row[], votes: readonly Row[]): Common {
  for (let size = 1; size <= maxFactors; size += 1) {
    const ofEveryTry = explanation(tries, size, blameOrder);
    if (ofEveryTry !== undefined) return ofEveryTry;
    const ofVotes = explanation(votes, size, blameOrder);
    if (ofVotes === undefined) continue;
    const within = tries.filter((row) => matches(row, ofVotes));
    return [...ofVotes, ...(explanation(within, 1, ofTries) ?? [])];
  }
  return severalValues(tries);
}

/** Of places there are no such sets: the summary lists where it fails. */
const inSets: readonly ScopeAttribute[] = ["check", "resolver", "remote-address", "pop"];

/** The fewest values of one attribute that will do, those that fail most first. */
function severalValues(rows: readonly Row[]): Common {
  const failures = rows.filter(({ failing }) => failing);
  const passes = rows.filter(({ failing }) => !failing);
  if (failures.length === 0 || passes.length === 0) return [];
  const sets = inSets.flatMap((attribute) => {
    const values = new Set(failures.flatMap(({ values: own }) => own.get(attribute) ?? []));
    const factors = [...values]
      .map((value) => ({ attribute, value }))
      .toSorted((a, b) => shareOf(failures, [b]) - shareOf(failures, [a]) || a.value.localeCompare(b.value));
    return Array.from({ length: maxValues - 1 }, (_, index) => factors.slice(0, index + 2));
  });
  return sets.find((set) => explains(set, failures, passes)) ?? [];
}

function explanation(
  rows: readonly Row[],
  size: number,
  order: readonly ScopeAttribute[],
): Common | undefined {
  const failures = rows.filter(({ failing }) => failing);
  const passes = rows.filter(({ failing }) => !failing);
  if (failures.length === 0 || passes.length === 0) return undefined;
  // What covers most failures together with others does so alone: an attribute has one such value at most.
  const candidates = order.flatMap((attribute) => mostOf(failures, attribute));
  return combinations(candidates, size).find((common) => explains(common, failures, passes));
}

function explains(common: Common, failures: readonly Row[], passes: readonly Row[]): boolean {
  return shareOf(failures, common) >= leastOfFailures && shareOf(passes, common) <= mostOfPasses;
}

/** The value of an attribute that most failures have in common. */
function mostOf(failures: readonly Row[], attribute: ScopeAttribute): Factor[] {
  const values = new Set(failures.flatMap(({ values: own }) => own.get(attribute) ?? []));
  return [...values]
    .map((value) => ({ attribute, value }))
    .filter((factor) => shareOf(failures, [factor]) >= leastOfFailures);
}

function shareOf(rows: readonly Row[], common: Common): number {
  const covered = rows.filter((row) => matches(row, common));
  // Thirds do not add up to one.
  return Math.round((weightOf(covered) / weightOf(rows)) * 1e6) / 1e6;
}

function weightOf(rows: readonly Row[]): number {
  return rows.reduce((sum, { weight }) => sum + weight, 0);
}

/** Values of one attribute are alternatives. */
function matches({ values }: Row, common: Common): boolean {
  return common.every(({ attribute }) =>
    common.some((factor) => factor.attribute === attribute && factor.value === values.get(attribute)),
  );
}

/** All ways to take so many of them, the earlier ones first. */
function combinations(items: readonly Factor[], size: number): Factor[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, index) =>
    combinations(items.slice(index + 1), size - 1).map((rest) => [item, ...rest]),
  );
}
