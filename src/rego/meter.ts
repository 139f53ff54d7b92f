import { RegoError } from "./error.ts";

/**
 * The step budget of the evaluation that runs now. Evaluation is synchronous, so one meter for the whole module is
 * enough, and comparing, printing and hashing of values can be charged without handing a context to each of them.
 */
let left = Infinity;
/** Steps until the signal is looked at again. */
let untilPoll = Infinity;
let watched: AbortSignal | undefined;
/** Zero until the clock is first looked at. */
let deadline = 0;

const POLL_EVERY = 4096;

/** The default budget: about a second of plain work. */
export const DEFAULT_BUDGET = 1_000_000;

/** Steps are not all alike (a regular expression over a long text), so the clock is looked at too. */
export const MAX_TIME_MS = 2000;

/** No builtin makes a longer text (UTF-16 units). */
export const MAX_TEXT = 1 << 23;

/** Takes `steps` from the budget; throws when there is none left or the caller has given up. */
export function spend(steps: number): void {
  untilPoll -= steps;
  if (untilPoll < 0) poll();
}

function poll(): void {
  left += untilPoll;
  if (watched?.aborted === true) throw cancelled(watched);
  if (left < 0) throw new RegoError("eval_budget_error", "evaluation took more steps than its budget allows");
  const now = performance.now();
  // Most evaluations are over before the clock is looked at for the first time.
  if (deadline === 0) deadline = now + MAX_TIME_MS;
  if (now > deadline) throw new RegoError("eval_budget_error", `evaluation took more than ${MAX_TIME_MS} ms`);
  untilPoll = Math.min(left, POLL_EVERY);
  left -= untilPoll;
}

function cancelled({ reason }: AbortSignal): RegoError {
  return new RegoError("eval_cancel_error", "caller cancelled query execution", undefined, { cause: reason });
}

/** Charges for a text about to be made (a step for each 64 units) and refuses one that is absurdly long. */
export function spendText(length: number): void {
  if (length > MAX_TEXT) {
    throw new RegoError(
      "eval_budget_error",
      `a text of ${length} characters is longer than the limit ${MAX_TEXT}`,
    );
  }
  spend(1 + (length >>> 6));
}

/** Runs `work` under its own budget, then puts the outer one back (a host's builtin may evaluate another policy). */
export function metered<T>(budget: number, signal: AbortSignal | undefined, work: () => T): T {
  const outer = { left, untilPoll, watched, deadline };
  if (signal?.aborted === true) throw cancelled(signal);
  untilPoll = Math.min(budget, POLL_EVERY);
  left = budget - untilPoll;
  watched = signal;
  deadline = 0;
  try {
    return work();
  } catch (error) {
    if (error instanceof RangeError) {
      // The stack (or an array's length) ran out: data nested absurdly deep. The host must see a RegoError.
      throw new RegoError("eval_budget_error", `evaluation went too deep: ${error.message}`, undefined, {
        cause: error,
      });
    }
    throw error;
  } finally {
    left = outer.left;
    untilPoll = outer.untilPoll;
    watched = outer.watched;
    deadline = outer.deadline;
  }
}
