import type { Config } from "../config/config.ts";
import type { Contrast } from "../model/contrast.ts";
import type { Delivery } from "../model/delivery.ts";
import { DeliveryError } from "../model/errors.ts";
import { flappingFlag, gatheredFlag, stormRoute } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import type { Message } from "../model/message.ts";
import type { Plan } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import { composeMessage } from "../notify/message.ts";
import type { MessageFacts } from "../notify/message-facts.ts";
import { maxStormListed, shownSubject } from "../notify/storm-text.ts";
import { regoDocuments, subjectOf } from "../route/match.ts";
import { planRun } from "../route/plan.ts";
import { toldInEarnest, toldOutcome } from "../verdict/telling.ts";
import { defaultSubject } from "../route/subject.ts";
import { alertById, alertsJoinedSince, latestAlert } from "../store/alerts.ts";
import { contrastsOfIncident } from "../store/contrasts.ts";
import { lastToldAt } from "../store/heard.ts";
import { incidentById } from "../store/incidents.ts";
import { observationsOfRun, runById } from "../store/runs.ts";
import { stormMembers } from "../store/storms.ts";
import type { StormMember } from "../store/storms.ts";
import type { Alert } from "../model/alert.ts";
import type { Context } from "./context.ts";
import { rawTogether, renderAlert, renderTogether } from "./render.ts";
import type { Rendering } from "./render.ts";

/** A delivery's message from the rows as they are now; undefined when its incident is gone. */
export async function messageFor(context: Context, delivery: Delivery): Promise<Message | undefined> {
  const { database } = context;
  const { incidentId, runId } = delivery;
  const [stored, run = null, looked, alert] = await Promise.all([
    incidentById(database, incidentId),
    runId === null ? null : runById(database, runId),
    runId === null ? [] : observationsOfRun(database, runId),
    alertOf(context, delivery),
  ]);
  if (stored === undefined) return undefined;
  const incident = named(context, stored, alert);
  const { config, kinds } = context.setup();
  const gathered = await gatheredBy(context, incident, delivery);
  const isArrival = delivery.event === "trigger" && alert !== null;
  const isEffect = kinds.get(delivery.action) === "effect";
  const told = { incident, alert, gathered, isEffect };
  const { rendered, fault } = isArrival ? rendering(config, { ...told, alert }) : unrendered;
  if (fault !== null)
    context.log.warn("template-failed", { delivery: delivery.id, route: incident.route, error: fault });
  return composeMessage({
    delivery: fault === null ? delivery : withNote(delivery, fault),
    incident,
    run,
    verdict: run?.verdict ?? null,
    observations: looked.map(({ observation }) => observation),
    alert,
    contrasts: await contrastsFor(context, delivery),
    rendered,
    gathered,
    plan: run?.plan ?? planOf(context, incident, alert),
    inEarnest: inEarnestOf(incident, run),
    storm: await stormOf(context, incident),
    publicUrl: config.server.publicUrl,
    now: context.now(),
  });
}

/** Health that is told because the sender insists, or because it never lasts, is told to whom `confirmed` is. */
function inEarnestOf({ progress, flags }: Incident, run: Run | null): readonly string[] | null {
  if (run === null || run.verdict === null || run.plan.mode !== "shadow") return null;
  const anyway = progress.insisted || flags.includes(flappingFlag);
  return anyway && run.verdict.outcome === "not-reproduced"
    ? toldOutcome({ ...run.plan, mode: "gate" }, "confirmed")
    : toldInEarnest(run.plan, run.verdict);
}

async function stormOf(context: Context, { id, route }: Incident): Promise<MessageFacts["storm"]> {
  if (route !== stormRoute) return undefined;
  const members = await stormMembers(context.database, id);
  const going = members.filter(({ closedAt, isRecovered }) => closedAt === null || !isRecovered);
  const listed = going.slice(0, maxStormListed).map((member) => nameOfMember(context, member));
  const subjects = [...(await Promise.all(listed)), ...going.slice(maxStormListed).map((one) => one.subject)];
  return { subjects, count: members.length };
}

/** As a page of its own would call it. */
async function nameOfMember(context: Context, member: StormMember): Promise<string> {
  const alert = (await alertById(context.database, member.subject))?.alert ?? null;
  return shownSubject(named(context, member, alert));
}

function rendering(
  config: Config,
  told: {
    readonly incident: Incident;
    readonly alert: Alert;
    readonly gathered: MessageFacts["gathered"];
    readonly isEffect: boolean;
  },
): Rendering {
  const { incident, alert, gathered, isEffect } = told;
  if (![alert, ...(gathered?.alerts ?? [])].every(hasBody)) {
    if (isEffect) throw new DeliveryError(bodyGone, { permanent: true });
    return { rendered: null, fault: bodyGone };
  }
  if (gathered === null) return renderAlert(config, incident, alert);
  const together = renderTogether(config, incident.route, gathered);
  // An effect gets an event, not our words: without a template it would be that of the last alert.
  const rendered = together.rendered ?? (isEffect ? rawTogether(incident.route, gathered) : null);
  return { ...together, rendered };
}

/** What a delivery is about, for whoever asks whether it is muted; undefined when its incident is gone. */
export async function aboutOf(
  context: Context,
  delivery: Delivery,
): Promise<{ readonly route: string; readonly subject: string; readonly isResolved: boolean } | undefined> {
  const [stored, alert] = await Promise.all([
    incidentById(context.database, delivery.incidentId),
    alertOf(context, delivery),
  ]);
  if (stored === undefined) return undefined;
  const { route, subject } = named(context, stored, alert);
  return { route, subject, isResolved: alert?.status === "resolved" };
}

/** An alert that is passed on has an incident of its own, called by its id: a person is told what it is about instead. */
function named<T extends Pick<Incident, "route" | "subject">>(
  context: Context,
  incident: T,
  alert: Alert | null,
): T {
  if (alert === null || !hasBody(alert) || incident.subject !== alert.id) return incident;
  const { config } = context.setup();
  const route = config.routes.get(incident.route);
  if (route === undefined) return { ...incident, subject: defaultSubject(alert) };
  return { ...incident, subject: subjectOf(route, alert, regoDocuments(alert, config.data)).subject };
}

/** Of the last run that has any: they come after a verdict, so that it is the next message that tells of them. */
function contrastsFor(
  { database }: Context,
  { event, incidentId }: Delivery,
): Promise<Contrast[]> | Contrast[] {
  return event === "verdict" || event === "change" ? contrastsOfIncident(database, incidentId) : [];
}

const unrendered: Rendering = { rendered: null, fault: null };

/** An old dead letter that is sent again: there is nothing left for a template, nor for what takes events. */
const bodyGone = "the alert is kept no longer as it was received (server.retention.bodies)";

function hasBody({ bodyRemovedAt }: Alert): boolean {
  return bodyRemovedAt === undefined;
}

/** The alert is told without its template, in Crosscheck's own words, and says why. */
function withNote(delivery: Delivery, note: string): Delivery {
  const notes = [delivery.notice.note, note].filter((text) => text !== null);
  return { ...delivery, notice: { ...delivery.notice, note: notes.join("; ") } };
}

/** More than a message has room for. */
const gatheredLimit = 50;

async function gatheredBy(
  { database }: Context,
  { flags }: Incident,
  delivery: Delivery,
): Promise<MessageFacts["gathered"]> {
  if (!flags.includes(gatheredFlag)) return null;
  const { incidentId } = delivery;
  const since = await lastToldAt(database, delivery);
  return alertsJoinedSince(database, { incidentId, since, limit: gatheredLimit });
}

async function alertOf(context: Context, { notice, incidentId }: Delivery): Promise<Alert | null> {
  if (notice.alertId === null) return (await latestAlert(context.database, incidentId)) ?? null;
  return (await alertById(context.database, notice.alertId))?.alert ?? null;
}

function planOf(context: Context, incident: Incident, alert: Alert | null): Plan | null {
  const { config, surroundings } = context.setup();
  const route = config.routes.get(incident.route);
  return route === undefined || alert === null
    ? null
    : planRun(route, { alert, subject: incident.subject }, surroundings);
}
