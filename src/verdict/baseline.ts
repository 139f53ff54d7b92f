import type { SelfTest } from "../model/self-test.ts";

/** What was known before anybody looked. */
export interface Known {
  /** The last self-test of each check at each location. */
  readonly selfTests: readonly SelfTest[];
  /**
   * When the incident's first alert arrived, in ms since 1970. Not the last: by a sender's repetition hours later an outage
   * would be its own baseline.
   */
  readonly alertedAt: number;
}

export const nothingKnown: Known = { selfTests: [], alertedAt: 0 };

/** A self-test may see an outage minutes before its alert comes; an hour before, the sender would have told of it then. */
const longMs = 3_600_000;

/**
 * The self-test of a check that is no proof of anything new when it fails at this location: it has never passed there, or
 * has been failing for an hour before the alert. Undefined where a failure is news, or nobody has looked.
 */
export function oldFailure(
  { selfTests, alertedAt }: Known,
  check: string,
  location: string,
): (SelfTest & { readonly failingSince: number }) | undefined {
  const known = selfTests.find((one) => one.check === check && one.location === location);
  if (known === undefined || known.failingSince === null) return undefined;
  const { failingSince, good } = known;
  if (good !== null && alertedAt - failingSince < longMs) return undefined;
  return { ...known, failingSince };
}
