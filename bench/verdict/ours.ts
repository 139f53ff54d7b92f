import { alertFired } from "../../src/verdict/alert-step.ts";
import { verdictGiven } from "../../src/verdict/advance.ts";
import { judgeRun } from "../../src/verdict/combine.ts";
import { newIncident, type Incident } from "../../src/model/incident.ts";
import type { Plan } from "../../src/model/plan.ts";
import type { LookedObservation, RunCause } from "../../src/model/run.ts";
import type { Verdict } from "../../src/model/verdict.ts";
import { planOf } from "../../test/fixtures/observations.ts";
import { observe } from "./observe.ts";
import type { Rule } from "./peers.ts";
import type { Place, Situation } from "./truth.ts";

const start = 1_800_000_000_000;
const pager = "pagerduty";

/** The rules that ship: the verdict's, and what follows from it until somebody is paged or the watch is over. */
export const crosscheck: Rule = {
  name: "Crosscheck",
  pages(situation, places, random) {
    const plan = planOn(places);
    const policy = { plan, random: random.next() };
    let { incident, tell } = alertFired(
      newIncident({ route: plan.route, subject: "shop", now: start }),
      start,
      policy,
    );
    for (;;) {
      if (tell.some(({ actions }) => actions.includes(pager))) return true;
      const now = incident.nextRunAt;
      if (now === null || incident.state === "closed") return false;
      const verdict = judge(plan, situation, places);
      const given = { verdict, cause: causeOf(incident), startedAt: now };
      ({ incident, tell } = verdictGiven(incident, given, now, policy));
    }
  },
};

function planOn(places: readonly Place[]): Plan {
  const plan = planOf({ actions: [] });
  return {
    ...plan,
    locations: places.map(({ name, provider }) => ({
      name,
      domain: name,
      provider,
      region: null,
      egress: [],
    })),
    notify: { confirmed: [pager], "not-reproduced": ["slack"] },
  };
}

function causeOf({ state }: Incident): RunCause {
  return state === "checking" ? "alert" : "watch";
}

function judge(plan: Plan, situation: Situation, places: readonly Place[]): Verdict {
  const seen: LookedObservation[] = [];
  for (let look = 1; ; look += 1) {
    seen.push(...places.map((place) => ({ look, observation: observe(situation, place) })));
    const judgement = judgeRun(plan, seen, look);
    if (judgement !== "second-look") return judgement;
  }
}
