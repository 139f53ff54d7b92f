import type { Incident } from "../model/incident.ts";
import { noClaim } from "../model/claim.ts";
import type { Plan } from "../model/plan.ts";
import type { Context } from "./context.ts";

/**
 * The plan for an incident whose route is gone before any run could keep its plan: nothing can be checked, and it is told
 * to whom unrouted alerts are told, else to whom our own troubles are.
 */
export function lastResort(context: Context, { route }: Incident): Plan {
  const { config, surroundings } = context.setup();
  const audience = config.unrouted.length > 0 ? config.unrouted : config.trouble;
  return {
    route,
    mode: "gate",
    spare: false,
    claim: noClaim,
    checks: [],
    faults: [`the route ${route} is not in the configuration any more`],
    locations: [],
    policy: {
      confirm: 2,
      sampling: { count: 1, intervalMs: 0 },
      deadlineMs: 0,
      secondLookMs: 0,
      secondLookDeadlineMs: 0,
      holdMs: 0,
      recheckMs: [],
      openRecheckMs: [0],
      recovery: { runs: 1, overMs: 0 },
      reopenWithinMs: 0,
      flapping: { reopenings: 1, withinMs: 0, cleanMs: 0 },
      insist: { spares: 1, withinMs: 0, unresolvedMs: 0 },
    },
    actions: [],
    notify: { confirmed: [...audience] },
    kinds: Object.fromEntries(surroundings.kinds),
    runbook: null,
  };
}
