import type { Message } from "../model/message.ts";
import type { VerdictOutcome } from "../model/verdict.ts";

/** PagerDuty's words, from worst to mildest. */
export const severities = ["critical", "error", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

const ofOutcome = {
  confirmed: "critical",
  // What nobody could check is taken for true.
  inconclusive: "critical",
  regional: "error",
  // Who is told of health all the same has not asked to be spared: it must not ring softer than it would without us.
  "not-reproduced": "error",
  degraded: "warning",
} satisfies Record<VerdictOutcome, Severity>;

/** How bad a message is to a pager that grades. */
export function severityOf({ event, verdict }: Message): Severity {
  switch (event) {
    case "test":
    case "digest":
    case "recovered":
      return "info";
    case "trouble":
      return "error";
    case "trigger":
    case "verdict":
    case "change":
      return ofOutcome[verdict?.outcome ?? "inconclusive"];
  }
}
