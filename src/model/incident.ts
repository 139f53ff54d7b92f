import * as z from "zod";
import { newId } from "./id.ts";
import { verdictOutcome } from "./verdict.ts";
import type { VerdictOutcome, VerdictReason } from "./verdict.ts";

export const incidentState = z.enum(["checking", "watching", "open", "recovering", "closed"]);
export type IncidentState = z.output<typeof incidentState>;

/** What the operator has been told last, and who was. */
export const told = z.object({
  outcome: verdictOutcome,
  /** How many domains failed then. */
  failing: z.int(),
  at: z.number(),
  actions: z.array(z.string()),
});
export type Told = z.output<typeof told>;

/** What recovery has to wait for. */
export const progress = z.object({
  /** Domains that failed in this incident, and the checks that did: each must pass before it is over. */
  failedDomains: z.array(z.string()),
  failedChecks: z.array(z.string()).default([]),
  cleanRuns: z.int(),
  /** Inconclusive rechecks in a row of a spared incident. */
  unsureRuns: z.int(),
  cleanSince: z.number().nullable(),
  /** One of these clean runs proves nothing of what the alert says: it takes longer. */
  cleanUnseen: z.boolean().default(false),
  /** When it last began to wait for a verdict: what ran before says nothing about the alert that it waits with. */
  checkingSince: z.number(),
  /** The sender says that it is over; of several, the last one that said it fails. */
  senderResolved: z.boolean(),
  /** When it was spared, and when it was opened again, the last hour's (ms). */
  sparedAt: z.array(z.number()).default([]),
  reopenedAt: z.array(z.number()).default([]),
  /** Who says that it fails, and whether that was told against what we see, because the sender insists. */
  sources: z.array(z.string()).default([]),
  insisted: z.boolean().default(false),
  /** The first spare since which no sender has said that it is over (ms). */
  unresolvedSince: z.number().nullable().default(null),
  /** Who was told that its alert came in. */
  toldAtArrival: z.array(z.string()).default([]),
  /** What kept its news from being told (verdict.md §6); null: nothing, or it has been told since. */
  muted: z.object({ until: z.number(), reason: z.string() }).nullable().default(null),
});
export type Progress = z.output<typeof progress>;

export const noProgress: Progress = {
  failedDomains: [],
  failedChecks: [],
  cleanRuns: 0,
  unsureRuns: 0,
  cleanSince: null,
  cleanUnseen: false,
  checkingSince: 0,
  senderResolved: false,
  sparedAt: [],
  reopenedAt: [],
  sources: [],
  insisted: false,
  unresolvedSince: null,
  toldAtArrival: [],
  muted: null,
};

/** The story of one subject on one route. Times are ms since 1970. */
export interface Incident {
  readonly id: string;
  readonly route: string;
  readonly subject: string;
  readonly state: IncidentState;
  readonly flags: readonly string[];
  /** Counts the writes; the guard against two writers. */
  readonly version: number;
  readonly alertCount: number;
  readonly openedAt: number;
  readonly lastAlertAt: number;
  readonly closedAt: number | null;
  readonly outcome: VerdictOutcome | null;
  readonly reason: VerdictReason | null;
  readonly told: Told | null;
  readonly progress: Progress;
  /** How many rechecks there were since it was spared (watching) or told (open). */
  readonly watchStep: number;
  readonly nextRunAt: number | null;
  /** What people said of it afterwards. */
  readonly mark: Mark | null;
}

/** Whether the page was right, in a person's judgement: what precision and recall are counted by. */
export const mark = z.enum(["real", "not-real"]);
export type Mark = z.output<typeof mark>;

/** Flags of an incident: told to nobody for now; failing again and again. */
export const mutedFlag = "muted";
export const flappingFlag = "flapping";

/** The flag of an incident that only gathers messages of a route: Postee's aggregation. */
export const gatheredFlag = "gathered";

/** Routes of our own, for what no route of the configuration took and for Crosscheck's own health. */
export const unroutedRoute = "unrouted";
export const troubleRoute = "trouble";
/** One page for many incidents at once: its subject is the pager's name. */
export const stormRoute = "storm";

/** What is told as it came because our own database is away: no row has it. */
export const emergencyRoute = "emergency";

/** The summary of a day: its subject is the date. */
export const digestRoute = "digest";

/** An incident that nothing has happened to yet. */
export function newIncident(about: {
  readonly route: string;
  readonly subject: string;
  /** When it began: its first alert's arrival. */
  readonly now: number;
}): Incident {
  return {
    id: newId(),
    route: about.route,
    subject: about.subject,
    state: "checking",
    flags: [],
    version: 1,
    alertCount: 0,
    openedAt: about.now,
    lastAlertAt: about.now,
    closedAt: null,
    outcome: null,
    reason: null,
    told: null,
    progress: noProgress,
    watchStep: 0,
    nextRunAt: null,
    mark: null,
  };
}
