import type { CountedIncident, CountedRun, Sums } from "../model/report.ts";
import type { Fate } from "./classify.ts";
import { Spread } from "./spread.ts";

type Outcomes = Sums["outcomes"];

/** Incidents that are counted together: a route's, a sender's, or all. */
export class Group {
  readonly #fates: Record<Fate, number> = { page: 0, spared: 0, "would-be-spared": 0, neither: 0 };
  readonly #outcomes: Outcomes = {
    confirmed: 0,
    regional: 0,
    degraded: 0,
    "not-reproduced": 0,
    inconclusive: 0,
    none: 0,
  };
  readonly #marked = { rightPages: 0, falsePages: 0, missedPages: 0, rightlySpared: 0 };
  readonly #toVerdict = new Spread();
  #alerts = 0;
  #runs = 0;
  #disagreements = 0;

  add(incident: CountedIncident, fate: Fate): void {
    const { alerts, told, openedAt, runs } = incident;
    this.#alerts += alerts;
    this.#fates[fate] += 1;
    this.#outcomes[told?.outcome ?? "none"] += 1;
    this.#noteMark(incident, fate);
    const [first] = runs;
    if (first !== undefined) this.#toVerdict.add(first.endedAt - openedAt);
    this.#runs += runs.length;
    this.#disagreements += runs.filter(isDisputed).length;
  }

  sums(): Sums {
    const { page, spared, neither } = this.#fates;
    const wouldBeSpared = this.#fates["would-be-spared"];
    const { rightPages, falsePages, missedPages, rightlySpared } = this.#marked;
    const [real, notReal] = [rightPages + missedPages, falsePages + rightlySpared];
    return {
      alerts: this.#alerts,
      incidents: page + wouldBeSpared + spared + neither,
      pages: page + wouldBeSpared,
      spared,
      wouldBeSpared,
      neither,
      outcomes: { ...this.#outcomes },
      runs: this.#runs,
      disagreements: this.#disagreements,
      timeToVerdictMs: { p50: this.#toVerdict.quantile(0.5), p95: this.#toVerdict.quantile(0.95) },
      marks: {
        real,
        notReal,
        unmarked: page + wouldBeSpared + spared - real - notReal,
        missedPages,
        falsePages,
        precision: shareOf(rightPages, rightPages + falsePages),
        recall: shareOf(rightPages, real),
      },
    };
  }

  /** A mark on what was neither paged nor spared says nothing about us. */
  #noteMark({ mark }: CountedIncident, fate: Fate): void {
    if (mark === null || fate === "neither") return;
    if (fate === "page") this.#marked[mark === "real" ? "rightPages" : "falsePages"] += 1;
    else this.#marked[mark === "real" ? "missedPages" : "rightlySpared"] += 1;
  }
}

/** One place fails a check that another one passes. */
function isDisputed({ checks }: CountedRun): boolean {
  return checks.some(({ locations }) => {
    const votes = locations.map(([, vote]) => vote);
    return votes.includes("fail") && votes.includes("pass");
  });
}

function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
