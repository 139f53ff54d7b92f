import type { Observation } from "../model/observation.ts";
import type { SelfTest } from "../model/self-test.ts";
import type { CheckVerdict, Evidence } from "../model/verdict.ts";
import { changesSince } from "./evidence-changes.ts";
import { commandFor } from "./evidence-command.ts";
import { isBad } from "./judge.ts";
import type { ScopeQuestion } from "./scope-rows.ts";

/** For more locations nobody looks, and rows have to stay small. */
const maxEvidence = 40;

/**
 * How to see for oneself what each location saw that a check fails or is slow from, the worst first; and what is different
 * there from when all was well. Excused locations have none: there is nothing to see from elsewhere.
 */
export function evidenceFor(question: ScopeQuestion, selfTests: readonly SelfTest[]): Evidence[] {
  const { plan, checks, observations } = question;
  return checks
    .flatMap((verdict) => badLocations(verdict).map((location) => ({ check: verdict.check, location })))
    .slice(0, maxEvidence)
    .flatMap(({ check, location }) => {
      const planned = plan.checks.find((one) => one.check.name === check);
      const seen = observations.find((one) => one.check === check && one.location === location);
      if (planned === undefined || seen === undefined) return [];
      const test = selfTests.find((one) => one.check === check && one.location === location);
      const good = test?.good ?? null;
      return [{ check, location, command: commandFor(planned.check, seen), changes: changes(good, seen) }];
    });
}

function badLocations({ domains, outcome }: CheckVerdict): string[] {
  const votes = domains.flatMap(({ locations }) => locations);
  const failing = votes.filter(({ vote }) => isBad(vote));
  const slow = outcome === "degraded" ? votes.filter(({ vote }) => vote === "degraded") : [];
  return [...failing, ...slow].map(({ location }) => location);
}

/** When it last passed is news even where nothing else is. */
function changes(good: Observation | null, seen: Observation): string[] {
  if (good === null) return [];
  const passed = `last passed ${dayAndTime(good.startedAt)}`;
  const changed = changesSince(good, seen);
  return changed.length === 0
    ? [`${passed}, and nothing that can be compared has changed since`]
    : [passed, ...changed];
}

/** `2026-11-22 03:02Z` */
function dayAndTime(time: number): string {
  const [day = "", hour = ""] = new Date(time).toISOString().split("T");
  return `${day} ${hour.slice(0, 5)}Z`;
}
