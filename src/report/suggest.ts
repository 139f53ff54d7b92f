import type {
  CountedCheck,
  ConfirmSetting,
  CountedIncident,
  CountedRun,
  Rejudged,
  Suggestion,
} from "../model/report.ts";
import { outcomeRank } from "../model/verdict.ts";
import type { VerdictOutcome } from "../model/verdict.ts";
import { rule } from "../verdict/judge.ts";

/** What any route can be set to; a number above 2 is tried only where a route has it. */
const settings: readonly ConfirmSetting[] = [2, "majority", "all"];

/** So many marked incidents it takes to suggest anything. */
const enoughMarks = 10;
/** A missed outage costs as much as so many false pages. */
const missWeight = 20;

type Ruled = "confirmed" | "regional" | "other" | "unclear";

interface Trial {
  readonly rejudged: Record<Ruled, number>;
  /** Incidents that it was tried on. */
  tried: number;
  /** Of the marked ones: real and not confirmed; not real and confirmed. */
  missed: number;
  mistaken: number;
}

/** What a route's stored votes would have come to under each setting of `confirm`, and which of them fits the marks. */
export class Trials {
  readonly #trials = new Map<ConfirmSetting, Trial>();
  #tried = 0;
  #marked = 0;
  #current: ConfirmSetting | null = null;

  add({ audience, runs, mark }: CountedIncident): void {
    if (audience === null) return;
    this.#current = audience.confirm;
    const judged = runs.filter(({ checks }) => checks.length > 0);
    if (judged.length === 0) return;
    this.#tried += 1;
    if (mark !== null) this.#marked += 1;
    for (const confirm of new Set([audience.confirm, ...settings])) {
      const trial = this.#trialOf(confirm);
      const ruled = judged.map((run) => ruledOf(run, confirm));
      trial.tried += 1;
      for (const one of ruled) trial.rejudged[one] += 1;
      // What would have asked for a second look is taken for bad: paging is the default.
      const confirmed = ruled.some((one) => one === "confirmed" || one === "unclear");
      if (mark === "real" && !confirmed) trial.missed += 1;
      if (mark === "not-real" && confirmed) trial.mistaken += 1;
    }
  }

  /** What the route was set to last. */
  get current(): ConfirmSetting | null {
    return this.#current;
  }

  rejudged(): Rejudged[] {
    return settings.flatMap((confirm) => {
      const trial = this.#trials.get(confirm);
      return trial === undefined ? [] : [{ confirm, ...trial.rejudged }];
    });
  }

  suggestion(): Suggestion {
    if (this.#current === null) return { confirm: null, reason: "nothing is checked on this route" };
    if (this.#marked < enoughMarks) {
      const reason = `${this.#marked} marked incidents with votes, and it takes ${enoughMarks}: say which were real by crosscheck mark`;
      return { confirm: null, reason };
    }
    const [best = this.#current] = this.#comparable().toSorted((a, b) => this.#cost(a) - this.#cost(b));
    const mistakes = this.#mistakesOf(best);
    const of = `of ${this.#marked} marked incidents`;
    if (best === this.#current)
      return { confirm: best, reason: `keep it: ${of} it ${mistakes}, and no other does better` };
    const now = this.#comparable().includes(this.#current)
      ? `; ${this.#current}, as it is, ${this.#mistakesOf(this.#current)}`
      : "";
    return { confirm: best, reason: `${of} it ${mistakes}${now}` };
  }

  /** Those that were tried on the same incidents, the present one first: among equals it stays. */
  #comparable(): ConfirmSetting[] {
    const all = new Set([...(this.#current === null ? [] : [this.#current]), ...settings]);
    return [...all].filter((confirm) => this.#trialOf(confirm).tried === this.#tried);
  }

  #mistakesOf(confirm: ConfirmSetting): string {
    const { missed, mistaken } = this.#trialOf(confirm);
    return `leaves ${missed} real ones unconfirmed and confirms ${mistaken} that were not real`;
  }

  #cost(confirm: ConfirmSetting): number {
    const { missed, mistaken } = this.#trialOf(confirm);
    return missed * missWeight + mistaken;
  }

  #trialOf(confirm: ConfirmSetting): Trial {
    const known = this.#trials.get(confirm);
    if (known !== undefined) return known;
    const rejudged = { confirmed: 0, regional: 0, other: 0, unclear: 0 };
    const trial: Trial = { rejudged, tried: 0, missed: 0, mistaken: 0 };
    this.#trials.set(confirm, trial);
    return trial;
  }
}

/** What has been failing since before the alert confirms nothing under any setting, and the votes of domains have it in them. */
function rulingOf(
  check: CountedCheck,
  confirm: ConfirmSetting,
  looks: number,
): VerdictOutcome | "second-look" {
  const isOld = check.locations.some(([, , excuse]) => excuse === "no-baseline");
  if (isOld) return check.outcome;
  const ruling = rule(check.votes, confirm, looks);
  return ruling === "second-look" ? ruling : ruling.outcome;
}

/** The headline of a run's stored votes under a setting. */
function ruledOf({ checks, looks }: CountedRun, confirm: ConfirmSetting): Ruled {
  const rulings = checks.map((check) => rulingOf(check, confirm, looks));
  const outcomes = rulings.filter((ruling) => ruling !== "second-look");
  const worst = outcomes.toSorted((a, b) => outcomeRank(a) - outcomeRank(b))[0];
  if (worst === "confirmed") return worst;
  if (rulings.includes("second-look")) return "unclear";
  return worst === "regional" ? worst : "other";
}
