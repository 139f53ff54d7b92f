import { describeError } from "../model/errors.ts";

/** What decides about an alert failed on it: trying again will not help. */
export class PoisonousAlert extends Error {
  override name = "PoisonousAlert";
}

/** The result of a pure step; what it throws is the alert's fault. */
export function orPoisonous<T>(decide: () => T): T {
  try {
    return decide();
  } catch (error) {
    throw new PoisonousAlert(describeError(error), { cause: error });
  }
}
