import type { Alert } from "../model/alert.ts";
import { unroutedRoute } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import { newId } from "../model/id.ts";
import type { Mute } from "../model/mute.ts";
import { gather, gatheredSubject } from "../route/gather.ts";
import type { Match } from "../route/match.ts";
import { isInvestigated, planRun } from "../route/plan.ts";
import { defaultSubject } from "../route/subject.ts";
import type { Statement } from "../store/database.ts";
import { insertIncident, joinAlert, updateIncident } from "../store/incidents.ts";
import { drop, wake } from "../store/jobs.ts";
import { insertRun, latestRun } from "../store/runs.ts";
import { verdictGiven } from "../verdict/advance.ts";
import { alertFired, alertResolved, withoutArrival } from "../verdict/alert-step.ts";
import { telling } from "../verdict/step.ts";
import type { Policy, Step } from "../verdict/step.ts";
import { withoutRun } from "../verdict/combine.ts";
import { toldAtArrival } from "../verdict/telling.ts";
import type { Context } from "./context.ts";
import { Entries } from "./incident-entries.ts";
import type { Entry } from "./incident-entries.ts";
import { knownMutes, underMute } from "./mutes.ts";
import { orPoisonous } from "./poisonous.ts";
import { Sieve } from "./sieve.ts";
import { tellStatements } from "./tell.ts";

/**
 * The incidents that a batch of alerts touches, as they change while the batch is worked through. Nothing is written
 * until its `statements` are; the guards in them find out if somebody else was there first.
 */
export class IncidentBook {
  readonly unrouted: { readonly what: string; readonly note: string }[] = [];
  readonly #context: Context;
  readonly #now: number;
  readonly #sieve: Sieve;
  readonly #entries: Entries;
  readonly #statements: Statement[] = [];
  readonly #reports: (() => void)[] = [];
  #mutes: readonly Mute[] | undefined;
  /** The alerts that an incident owes a verdict, and those that are told as they are. */
  readonly #checked = new Set<string>();
  readonly #told = new Set<string>();
  /** What webhooks of this batch say is firing. */
  readonly #firing = new Set<string>();

  constructor(context: Context, now: number) {
    this.#context = context;
    this.#now = now;
    this.#sieve = new Sieve(context, now);
    this.#entries = new Entries(context.database, now);
  }

  investigates(route: string): boolean {
    const recipe = this.#context.setup().config.routes.get(route);
    return recipe !== undefined && isInvestigated(recipe);
  }

  /** A firing alert opens its incident, takes it up again or joins it. */
  async fire(alert: Alert, match: Match): Promise<void> {
    this.#firing.add(sayingOf(alert, match));
    this.#checked.add(alert.id);
    const policy = this.#policy(match.route, alert, match.subject);
    const entry = await this.#entries.of(match.route, match.subject, policy.plan.policy);
    const step = alertFired(entry.incident, this.#now, policy, alert);
    const arrival = step.tell.find(({ event }) => event === "trigger")?.actions ?? [];
    const alone = (await this.#arrival(alert, match.route, arrival)) === "alone";
    this.#apply(entry, await this.#muted(entry, alone ? step : withoutArrival(step)), alert);
    if (match.error !== null && entry.incident.state === "checking")
      await this.#giveUp(entry, { alert, policy }, match.error);
  }

  /** A resolved alert joins the open incident, or is only kept: also where another of its webhook fires about the same. */
  async resolve(alert: Alert, match: Match): Promise<void> {
    if (this.#firing.has(sayingOf(alert, match))) return this.keep(alert, "its webhook fires about the same");
    const entry = await this.#entries.of(match.route, match.subject);
    if (entry.incident.alertCount === 0 || entry.incident.state === "closed")
      return this.keep(alert, "no incident about it is open");
    const policy = this.#policy(match.route, alert, match.subject);
    const step = alertResolved(entry.incident, this.#now, policy, alert.source);
    this.#apply(entry, await this.#muted(entry, step), alert);
  }

  /** A route without checks passes each alert on: one incident an alert, closed when it is delivered. */
  async passOn(alert: Alert, route: string): Promise<void> {
    this.#told.add(alert.id);
    const { plan } = this.#policy(route, alert, alert.id);
    const actions = toldAtArrival(plan);
    const arrival = await this.#arrival(alert, route, actions);
    if (arrival === "gathered") return;
    // Nobody else has its id for a subject: there is no incident to look for.
    const entry = this.#entries.open(route, alert.id);
    this.#announce(alert, entry, { actions: arrival === "alone" ? actions : [], note: null });
  }

  /** Nobody took it or understood it: it is told as it came in. */
  async tellUnrouted(alert: Alert, why: string): Promise<void> {
    this.#told.add(alert.id);
    const subject = defaultSubject(alert);
    const { unrouted } = this.#context.setup().config;
    this.unrouted.push({ what: subject, note: `an alert from ${alert.source} reached nobody: ${why}` });
    const entry = await this.#entries.of(unroutedRoute, subject);
    this.#announce(alert, entry, { actions: unrouted, note: why });
  }

  /** It is in the database, and starts nothing. */
  keep({ id }: Alert, reason: string): void {
    this.#reports.push(() => this.#context.log.info("alert-kept", { alert: id, reason }));
  }

  warn(alert: Alert, match: Match): void {
    this.#reports.push(() => {
      this.#context.log.warn("route-warning", {
        alert: alert.id,
        route: match.route,
        warning: match.warning,
      });
    });
  }

  /** All that the batch changes, for one write. */
  statements(): Statement[] {
    const rows = this.#entries.all.flatMap(({ incident, stored }) => {
      if (incident === stored || incident.alertCount === 0) return [];
      const due = incident.nextRunAt === null ? [] : [wake(`incident:${incident.id}`, incident.nextRunAt)];
      return [stored === null ? insertIncident(incident) : updateIncident(incident), ...due];
    });
    // Nobody owes them a verdict, so that their holds have nothing to wait for (verdict.md §4).
    const holds = [...this.#told].filter((id) => !this.#checked.has(id)).map((id) => drop(`hold:${id}`));
    return [...rows, ...this.#statements, ...this.#sieve.statements(), ...holds];
  }

  /** Says in log and metrics what the write has made true. */
  report(): void {
    for (const report of this.#reports) report();
  }

  /** Each alert is told: one that joins falls due anew, and takes the place of what has not been sent yet. */
  #announce(
    alert: Alert,
    entry: Entry,
    { actions, note }: { readonly actions: readonly string[]; readonly note: string | null },
  ): void {
    const nobody = actions.length === 0;
    const incident: Incident = {
      ...entry.incident,
      state: nobody ? "closed" : "open",
      closedAt: nobody ? this.#now : null,
      alertCount: entry.incident.alertCount + 1,
      lastAlertAt: alert.receivedAt,
    };
    const reason = entry.incident.alertCount === 0 ? "opened" : "joined";
    this.#apply(entry, { incident, tell: telling("trigger", actions, note), reason }, alert);
  }

  /** The route's rule cannot be evaluated, so that nobody knows what to check: told at once. */
  async #giveUp(
    entry: Entry,
    { alert, policy }: { readonly alert: Alert; readonly policy: Policy },
    why: string,
  ): Promise<void> {
    const verdict = withoutRun({ reason: "route-error", summary: `the route's rule failed: ${why}` });
    const number = ((await latestRun(this.#context.database, entry.incident.id))?.number ?? 0) + 1;
    const [id, now] = [newId(), this.#now];
    const times = { startedAt: now, deadlineAt: now, endedAt: now };
    const run = {
      id,
      incidentId: entry.incident.id,
      number,
      cause: "alert",
      plan: policy.plan,
      look: 1,
      verdict,
    } as const;
    this.#statements.push(insertRun({ ...run, ...times }));
    const step = verdictGiven(entry.incident, { verdict, cause: "alert" }, now, policy);
    this.#apply(entry, await this.#muted(entry, step), alert, id);
  }

  /**
   * How an alert's arrival is told: by a message of its own, together with others, or not at all where the same was told
   * before. Its verdict is told all the same.
   */
  async #arrival(
    alert: Alert,
    route: string,
    actions: readonly string[],
  ): Promise<"alone" | "gathered" | "repeat"> {
    if (actions.length === 0) return "alone";
    if (await this.#sieve.isRepeat(alert, route)) return "repeat";
    const { aggregate = null } = this.#context.setup().config.routes.get(route)?.plugins ?? {};
    if (aggregate === null) return "alone";
    const entry = await this.#entries.of(route, gatheredSubject);
    const { incident, dueAt } = gather(entry.incident, this.#now, aggregate);
    const reason = entry.incident.alertCount === 0 ? "opened" : "joined";
    const tell = telling("trigger", actions).map((one) => ({ ...one, dueAt }));
    this.#apply(entry, { incident, tell, reason }, alert);
    return "gathered";
  }

  /** As much of a step as a mute lets through. */
  async #muted({ incident }: Entry, step: Step): Promise<Step> {
    this.#mutes ??= await knownMutes(this.#context);
    const { step: left, statements } = await underMute(this.#context, incident, step, this.#mutes);
    this.#statements.push(...statements);
    return left;
  }

  #apply(entry: Entry, step: Step, alert: Alert, runId: string | null = null): void {
    const isNew = entry.stored === null && entry.incident.alertCount === 0;
    entry.incident = step.incident;
    const { id, route, subject } = step.incident;
    this.#statements.push(
      joinAlert(id, alert.id, alert.status),
      ...tellStatements({ incidentId: id, runId, alertId: alert.id, now: this.#now, isNew }, step.tell),
    );
    this.#reports.push(() => {
      this.#context.metrics.routed.inc({ route });
      this.#context.metrics.incidents.inc({ route, reason: step.reason });
      this.#context.log.info("incident", {
        incident: id,
        route,
        subject,
        alert: alert.id,
        step: step.reason,
      });
    });
  }

  #policy(route: string, alert: Alert, subject: string): Policy {
    const { config, surroundings } = this.#context.setup();
    const recipe = config.routes.get(route);
    if (recipe === undefined) throw new Error(`no route is called ${route}`);
    const plan = orPoisonous(() => planRun(recipe, { alert, subject }, surroundings));
    return { plan, random: this.#context.random() };
  }
}

/** The alerts of one webhook came at the same time. */
function sayingOf({ source, receivedAt }: Alert, { route, subject }: Match): string {
  return JSON.stringify([source, receivedAt, route, subject]);
}
