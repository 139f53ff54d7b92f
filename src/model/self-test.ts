import { createHash } from "node:crypto";
import type { WrittenCheck } from "./check.ts";
import type { Observation } from "./observation.ts";

/** How a check looks from a location when nobody complains: its last self-test. Times are ms since 1970. */
export interface SelfTest {
  readonly check: string;
  readonly location: string;
  /** What was tested, as `definitionOf` says: of a check that is another one by now it says nothing. */
  readonly definition: string;
  readonly testedAt: number;
  /** Since when every self-test has failed; null: the last one passed, or could not tell. */
  readonly failingSince: number | null;
  readonly last: Observation;
  /** The last that passed, by a self-test or in a run; null: it never has. */
  readonly good: Observation | null;
}

/** What a check asks: SHA-256 of its settings, secrets as references; not what its pass proves, which nobody asks. */
export function definitionOf(check: WrittenCheck): string {
  return createHash("sha256")
    .update(JSON.stringify({ ...check, covers: undefined }))
    .digest("hex");
}
