import type { Observation } from "./observation.ts";

/** How a check looks from a location when nobody complains: its last self-test. Times are ms since 1970. */
export interface SelfTest {
  readonly check: string;
  readonly location: string;
  readonly testedAt: number;
  /** Since when every self-test has failed; null: the last one passed, or could not tell. */
  readonly failingSince: number | null;
  readonly last: Observation;
  /** The last that passed, by a self-test or in a run; null: it never has. */
  readonly good: Observation | null;
}
