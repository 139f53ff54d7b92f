import type { Assertion } from "../../model/assertion.ts";
import { evaluate, type Judged } from "../assertions.ts";
import type { Evidence } from "../evidence.ts";
import { failed } from "../failure.ts";
import type { Finding } from "../probe-type.ts";
import type { Hide } from "../../model/hide.ts";

/** What is wrong with an answer: its class, and what people are told. */
export type Fault = Pick<Judged, "errorClass" | "message">;

/** An answer that came. */
export interface Answered {
  readonly evidence: Evidence;
  /** Where it came from, for people. */
  readonly place: string;
  readonly hide?: Hide;
  /** What is wrong with it whatever the assertions say; stands first. */
  readonly faults?: readonly Fault[];
}

type Conclusion = Pick<
  Finding,
  "outcome" | "failureSource" | "layer" | "errorClass" | "message" | "assertions"
>;

/**
 * What an answer means for the check: the first thing that does not hold is the class, the message has all. Soft
 * assertions (`degraded`): the response time makes the target degraded, the others only add to the message.
 */
export function conclude(
  assertions: readonly Assertion[],
  { evidence, place, hide, faults = [] }: Answered,
): Conclusion {
  const judged = evaluate(assertions, evidence, hide);
  const results = judged.map(({ result }) => result);
  const unmet = judged.filter(({ result }) => !result.passed);
  const hard = [...faults, ...unmet.filter(({ result }) => result.degraded !== true)];
  const soft = unmet.filter(({ result }) => result.degraded === true);
  const message = (list: readonly Fault[]) => `${inWords(list)} at ${place}`;
  const [first] = hard;
  if (first !== undefined) return { ...failed({ ...first, message: message(hard) }), assertions: results };
  const slow = soft.some(({ result }) => result.source === "response-time");
  return {
    outcome: slow ? "degraded" : "pass",
    failureSource: null,
    layer: null,
    errorClass: null,
    message: soft.length === 0 ? "" : message(soft),
    assertions: results,
  };
}

function inWords(faults: readonly Fault[]): string {
  const shown = faults.slice(0, 3).map(({ message }) => message);
  const more = faults.length - shown.length;
  return shown.join("; ") + (more > 0 ? `; and ${more} more` : "");
}
