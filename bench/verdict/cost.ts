import { noises, type Truth } from "./truth.ts";

/** How often each rule pages in one truth. */
export interface Cell {
  readonly truth: Truth;
  readonly places: number;
  /** By rule, from 0 to 1. */
  readonly pages: readonly number[];
}

/** What a rule does with a mix of pages. */
export interface Swept {
  readonly places: number;
  readonly noise: number;
  /** The share of incoming pages behind which there is no outage. */
  readonly falseShare: number;
  /** By rule: of the pages without an outage those that ring, of the others those that do not. */
  readonly falsePages: readonly number[];
  readonly missed: readonly number[];
  /** By rule, for an incoming page: a page for nothing costs 1, a missed outage `missCost`. */
  readonly cost: readonly number[];
}

/** verdict.md: a missed outage costs twenty false pages. */
export const missCost = 20;

/** Who is paged by a mix of pages of which so many are false. */
const falseShares = [0.5, 0.8, 0.9, 0.95, 0.98] as const;

/**
 * How often one location is cut off, or the cloud blocked, while a page is judged: once in twenty and in fifty runs. The
 * outages: one in two takes everything down, the others are spread over targets that fail now and then and regions.
 */
const weights = {
  healthy: 0.93,
  broken: 0.05,
  blocked: 0.02,
  down: 0.5,
  partly: 0.5,
} as const;

export function costs(cells: readonly Cell[], rules: readonly string[]): Swept[] {
  return [3, 5].flatMap((places) =>
    noises.flatMap((noise) => {
      const own = cells.filter((cell) => cell.places === places && cell.truth.noise === noise);
      const falsePages = rules.map((_, rule) => falsePageRate(own, rule));
      const missed = rules.map((_, rule) => missRate(own, rule));
      return falseShares.map((falseShare) => ({
        places,
        noise,
        falseShare,
        falsePages,
        missed,
        cost: rules.map(
          (_, rule) =>
            falseShare * (falsePages[rule] ?? 0) + (1 - falseShare) * (missed[rule] ?? 0) * missCost,
        ),
      }));
    }),
  );
}

function falsePageRate(cells: readonly Cell[], rule: number): number {
  const healthy = cells.filter(({ truth }) => !truth.isFault);
  const rate = (wanted: (truth: Truth) => boolean) =>
    mean(
      healthy.filter(({ truth }) => wanted(truth)),
      rule,
    );
  return (
    weights.healthy * rate(({ broken, blocked }) => broken + blocked === 0) +
    weights.broken * rate(({ broken }) => broken > 0) +
    weights.blocked * rate(({ blocked }) => blocked > 0)
  );
}

function missRate(cells: readonly Cell[], rule: number): number {
  const faults = cells.filter(({ truth }) => truth.isFault);
  const isDown = ({ truth }: Cell) => truth.targetFails === 1;
  const down = faults.filter(isDown);
  const partly = faults.filter((cell) => !isDown(cell));
  return 1 - (weights.down * mean(down, rule) + weights.partly * mean(partly, rule));
}

function mean(cells: readonly Cell[], rule: number): number {
  return cells.reduce((sum, { pages }) => sum + (pages[rule] ?? 0), 0) / cells.length;
}

/** The rules that page less for nothing than the first one, and miss less as well: there must be none. */
export function lowerInBoth(swept: readonly Swept[], rules: readonly string[]) {
  return swept.flatMap(({ falsePages, missed, ...mix }) =>
    rules.flatMap((name, rule) => {
      const isLower = (rates: readonly number[]) => (rates[rule] ?? 1) < (rates[0] ?? 0);
      return isLower(falsePages) && isLower(missed) ? [{ name, ...mix }] : [];
    }),
  );
}
