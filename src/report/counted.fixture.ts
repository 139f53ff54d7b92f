import { checkVerdictOf, noon, planOf } from "../../test/fixtures/observations.ts";
import type { CountedAudience, CountedIncident, CountedRun } from "../model/report.ts";
import type { VerdictOutcome, Vote } from "../model/verdict.ts";

const { mode, actions, kinds, notify, faults, policy } = planOf();

/** The worked example: confirmed rings pagerduty, health tells slack, and slack hears of each arrival. */
export const audience: CountedAudience = { mode, actions, kinds, notify, faults, confirm: policy.confirm };

/** A run of one check, from what each place votes. */
export function countedRun(
  outcome: VerdictOutcome,
  votes: Readonly<Record<string, Vote>>,
  more: Partial<CountedRun> = {},
): CountedRun {
  const check = checkVerdictOf(outcome, votes);
  const locations = check.domains.flatMap((domain) =>
    domain.locations.map(({ location, vote, excuse }) => [location, vote, excuse] as const),
  );
  return { endedAt: noon + 4000, looks: 2, checks: [{ outcome, votes: check.votes, locations }], ...more };
}

/** An incident that was told an outcome, and to whom. */
export function counted(
  outcome: VerdictOutcome,
  told: readonly string[],
  more: Partial<CountedIncident> = {},
): CountedIncident {
  return {
    id: "01980000-0000-7000-8000-000000000001",
    route: "confirm-page",
    subject: "https://shop.example",
    sender: "alertmanager",
    openedAt: noon,
    alerts: 1,
    flags: [],
    told: { outcome, failing: 0, at: noon + 4000, actions: [...told] },
    mark: null,
    audience,
    toldActions: told,
    runs: [countedRun(outcome, votesOf[outcome])],
    ...more,
  };
}

const votesOf: Readonly<Record<VerdictOutcome, Readonly<Record<string, Vote>>>> = {
  confirmed: { eu: "fail", apac: "fail", na: "pass" },
  regional: { eu: "pass", apac: "fail", na: "pass" },
  degraded: { eu: "degraded", apac: "degraded", na: "pass" },
  "not-reproduced": { eu: "pass", apac: "pass", na: "pass" },
  inconclusive: { eu: "pass", apac: "none", na: "none" },
};
