import type { Config } from "../config/config.ts";
import type { Actor } from "../model/actor.ts";
import type { Delivery } from "../model/delivery.ts";
import { mutedFlag } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import { newId } from "../model/id.ts";
import { describeError } from "../model/errors.ts";
import { muteOver } from "../model/mute.ts";
import type { Mute, Muted } from "../model/mute.ts";
import { normalUrl, subjectText } from "../route/subject.ts";
import { insertAudit } from "../store/audit.ts";
import type { Statement } from "../store/database.ts";
import { supersedeArrivals } from "../store/deliveries.ts";
import { actionsThatHeard } from "../store/heard.ts";
import { bringForward, openWithFlag } from "../store/incidents.ts";
import { wake, wakeLanes } from "../store/jobs.ts";
import { endMute, insertMute } from "../store/mutes.ts";
import { mutedStep } from "../verdict/mute.ts";
import type { Step } from "../verdict/step.ts";
import type { Context } from "./context.ts";

/** Every mute that is not over, the configuration's included: those of now and those to come. */
export async function knownMutes(context: Context): Promise<Mute[]> {
  const now = context.now();
  const planned = context.setup().config.mutes.filter(({ until }) => until > now);
  return [...planned, ...(await context.mutes.after(context.database, now))];
}

/** A step as far as a mute lets it through, and what else is written then. */
export interface StepUnderMute {
  readonly step: Step;
  /** Arrivals that nobody needs to be told of any more, since there is a verdict. */
  readonly statements: readonly Statement[];
}

/** To be asked between the read and the guarded write of a step, so that a mute that comes meanwhile is seen. */
export async function underMute(
  context: Context,
  before: Incident,
  step: Step,
  mutes: readonly Mute[],
): Promise<StepUnderMute> {
  const mute = muteOver(mutes, before, context.now());
  const isTouched = mute !== null || before.progress.muted !== null || before.flags.includes(mutedFlag);
  if (!isTouched) return { step, statements: [] };
  const heard = await actionsThatHeard(context.database, before.id);
  const isJudged = before.state === "checking" && step.incident.state !== "checking";
  const statements = mute !== null && isJudged ? [arrivalsAreOldNews(context, before.id)] : [];
  return { step: mutedStep(before, step, { mute, heard }), statements };
}

/** Tickets and effects, which are told of the arrival only, wait for the mute's end; the others are told what was found. */
function arrivalsAreOldNews(context: Context, incidentId: string): Statement {
  const kinds = [...context.setup().kinds];
  const told = kinds.filter(([, kind]) => kind === "message" || kind === "pager").map(([name]) => name);
  return supersedeArrivals(incidentId, told);
}

/**
 * Until when (ms) a delivery that is due waits for the end of a mute; null: it does not. What was due when the mute began
 * waits too. The end of a story is always told.
 */
export async function heldUntil(
  context: Context,
  { event }: Delivery,
  aboutOf: () => Promise<(Muted & { readonly isResolved: boolean }) | undefined>,
): Promise<number | null> {
  if (event !== "trigger" && event !== "verdict" && event !== "change") return null;
  const mutes = await knownMutes(context);
  if (mutes.length === 0) return null;
  const about = await aboutOf();
  if (about === undefined || (event === "trigger" && about.isResolved)) return null;
  return muteOver(mutes, about, context.now())?.until ?? null;
}

export interface WantedMute {
  readonly route: string | null;
  readonly subject: string | null;
  readonly until: number;
  readonly reason: string;
}

/** Begins a mute now. */
export async function beginMute(context: Context, wanted: WantedMute, actor: Actor): Promise<Mute> {
  const now = context.now();
  // As incidents have it: a person copies the URL from somewhere else.
  const subject = wanted.subject === null ? null : subjectText(normalUrl(wanted.subject));
  const mute: Mute = { ...wanted, id: newId(), subject, from: now, actor: actor.name };
  await context.database.write([
    insertMute(mute),
    insertAudit({ at: now, actor, action: "mute", detail: mute }),
  ]);
  context.mutes.changed();
  context.log.info("mute", {
    mute: mute.id,
    route: mute.route,
    subject,
    until: mute.until,
    actor: actor.name,
  });
  return mute;
}

/**
 * Ends a mute before its time, and has what it kept quiet judged again.
 * @throws ConflictError when it is over already
 */
export async function endMuteNow(context: Context, mute: Mute, actor: Actor): Promise<void> {
  const now = context.now();
  const incidents = (await openWithFlag(context.database, mutedFlag)).filter(
    (incident) => muteOver([mute], incident, now) !== null,
  );
  await context.database.write([
    endMute(mute.id, now),
    insertAudit({ at: now, actor, action: "mute-end", detail: { id: mute.id } }),
    // Where another mute goes on, the look changes nothing.
    ...judgedAgain(incidents, now),
  ]);
  context.mutes.changed();
  context.log.info("mute-ended", { mute: mute.id, actor: actor.name });
}

/**
 * Has judged again what a mute kept quiet that is gone: a configuration just loaded may have it no more, or end it sooner.
 * While the database is away the mute's old end will do.
 */
export async function releaseUnmuted(context: Context): Promise<void> {
  const { database, log } = context;
  try {
    const now = context.now();
    const mutes = await knownMutes(context);
    const quiet = await openWithFlag(database, mutedFlag);
    const released = quiet.filter((incident) => muteOver(mutes, incident, now) === null);
    await database.write(judgedAgain(released, now));
  } catch (error) {
    log.warn("mutes-not-released", { error: describeError(error) });
  }
}

/** Incidents are looked at, and whatever waits to be sent asks once more whether it is muted. */
function judgedAgain(incidents: readonly Incident[], now: number): Statement[] {
  const looks = incidents.flatMap(({ id }) => [bringForward(id, now), wake(`incident:${id}`, now)]);
  return [...looks, wakeLanes(now)];
}

/** Whether a mute is written in the configuration, which alone can change it. */
export function isConfigured({ mutes }: Config, id: string): boolean {
  return mutes.some((mute) => mute.id === id);
}
