import * as z from "zod";
import type { Mark, Told } from "./incident.ts";
import type { Plan } from "./plan.ts";
import { excuse, verdictOutcome, vote } from "./verdict.ts";
import type { Excuse, Vote, VerdictOutcome, VoteCount } from "./verdict.ts";

/** What a report is made of: an incident with what of its runs and deliveries is counted. Times are ms since 1970. */
export interface CountedIncident {
  readonly id: string;
  readonly route: string;
  readonly subject: string;
  /** Who sent its first alert. */
  readonly sender: string;
  readonly openedAt: number;
  readonly alerts: number;
  readonly flags: readonly string[];
  readonly told: Told | null;
  readonly mark: Mark | null;
  /** Whom its route told, when it was first looked at; null where nothing was checked. */
  readonly audience: CountedAudience | null;
  /** Who was told that something is wrong, or is about to be. */
  readonly toldActions: readonly string[];
  /** Those that answered an alert and have a verdict, oldest first. */
  readonly runs: readonly CountedRun[];
}

/** As much of a plan as says who hears of what. */
export type CountedAudience = Pick<Plan, "mode" | "actions" | "kinds" | "notify" | "faults"> & {
  readonly confirm: Plan["policy"]["confirm"];
};

export interface CountedRun {
  readonly endedAt: number;
  readonly looks: number;
  readonly checks: readonly CountedCheck[];
}

export interface CountedCheck {
  readonly outcome: VerdictOutcome;
  /** Of domains. */
  readonly votes: VoteCount;
  readonly locations: readonly (readonly [location: string, vote: Vote, excuse: Excuse | null])[];
}

/** From when to when; `until` is no part of it. ms since 1970. */
export interface Window {
  readonly since: number;
  readonly until: number;
}

const count = z.int().nonnegative();
/** 0 to 1; null: there is nothing to divide. */
const share = z.number().nullable();

/**
 * What became of some incidents. `incidents` = `pages` + `spared` + `neither`; the `outcomes` add up to `incidents`;
 * `wouldBeSpared` are among the `pages`.
 */
export const sums = z.object({
  alerts: count,
  incidents: count,
  /** A pager was told, or, where there is none, whoever is told of confirmed trouble. */
  pages: count,
  /** There is a verdict, and nobody was paged. */
  spared: count,
  /** Paged only because the route is in shadow. */
  wouldBeSpared: count,
  /** Muted, over before there was a verdict, only recorded, or not decided yet. */
  neither: count,
  /** By the worst outcome that was told; `none`: no verdict was told. */
  outcomes: z.record(z.enum([...verdictOutcome.options, "none"]), count),
  /** Runs that answered an alert, and those of them in which one place failed and another passed. */
  runs: count,
  disagreements: count,
  /** From the incident's first alert to its first verdict, in ms; null: there was none. */
  timeToVerdictMs: z.object({ p50: z.number().nullable(), p95: z.number().nullable() }),
  marks: z.object({
    real: count,
    notReal: count,
    /** Pages and spared ones that nobody has marked: they count for nothing below. */
    unmarked: count,
    /** Spared, or paged only because of shadow, and marked real. */
    missedPages: count,
    /** Paged and marked not real. */
    falsePages: count,
    /** Of the marked pages, how many were real. */
    precision: share,
    /** Of those marked real, how many were paged. */
    recall: share,
  }),
});
export type Sums = z.output<typeof sums>;

export const confirmSetting = z.union([z.int().positive(), z.enum(["majority", "all"])]);
export type ConfirmSetting = z.output<typeof confirmSetting>;

/** What the stored votes of the runs would have come to; `unclear`: it would have asked for a second look. */
export const rejudged = z.object({
  confirm: confirmSetting,
  confirmed: count,
  regional: count,
  other: count,
  unclear: count,
});
export type Rejudged = z.output<typeof rejudged>;

/** null: there is not enough to say so. */
export const suggestion = z.object({ confirm: confirmSetting.nullable(), reason: z.string() });
export type Suggestion = z.output<typeof suggestion>;

/** How a location voted in the runs that answered an alert. */
export const locationSums = z.object({
  location: z.string(),
  votes: z.record(vote, count),
  excuses: z.record(excuse, count),
  /** Of its votes, how many were flaky, none at all or excused. */
  unsure: z.number(),
});
export type LocationSums = z.output<typeof locationSums>;

/** RFC 3339 times; an incident counts for the route that took it and for the sender of its first alert. */
export const report = z.object({
  since: z.string(),
  until: z.string(),
  total: sums,
  routes: z.array(
    sums.extend({
      route: z.string(),
      /** As it was last; null where nothing was checked. */
      mode: z.string().nullable(),
      confirm: confirmSetting.nullable(),
      rejudged: z.array(rejudged),
      suggestion,
    }),
  ),
  senders: z.array(sums.extend({ sender: z.string() })),
  /** Worst first. */
  locations: z.array(locationSums),
});
export type Report = z.output<typeof report>;
