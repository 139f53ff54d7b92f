import { placeOf } from "../check/location-type.ts";
import type { Config } from "../config/config.ts";
import type { SourceSettings } from "../ingest/source-type.ts";
import { readWebhook } from "../ingest/receive.ts";
import type { Delivered } from "../ingest/receive.ts";
import type { Mode } from "../model/action.ts";
import type { Alert, AlertStatus } from "../model/alert.ts";
import { newIncident } from "../model/incident.ts";
import { newDelivery } from "../model/delivery.ts";
import { noClaim } from "../model/claim.ts";
import type { Claim, Coverage } from "../model/claim.ts";
import { isFunctionCheck } from "../model/function-check.ts";
import type { Message } from "../model/message.ts";
import type { Plan, PlannedCheck } from "../model/plan.ts";
import { locationsOf } from "../model/plan.ts";
import type { VerdictOutcome } from "../model/verdict.ts";
import { verdictOutcome } from "../model/verdict.ts";
import { kindsOf } from "../notify/action-kinds.ts";
import { composeMessage } from "../notify/message.ts";
import { explainRefusal } from "../route/explain.ts";
import type { Refusal } from "../route/explain.ts";
import { matchRoutes, regoDocuments } from "../route/match.ts";
import type { Match } from "../route/match.ts";
import { isInvestigated, planRun } from "../route/plan.ts";
import type { Surroundings } from "../route/plan.ts";
import { toldAtArrival, toldOutcome, toldRecovery } from "../verdict/telling.ts";
import { renderAlert } from "./render.ts";
import { buildable } from "./reveal.ts";

/** What would happen to a webhook: nothing is stored, checked or sent. */
export interface DryRun {
  readonly alerts: readonly DryAlert[];
}

export interface DryAlert {
  readonly status: AlertStatus;
  readonly fault: string | null;
  readonly routes: readonly (DryMatch | DryRefusal)[];
  /** Who hears of it because no route takes it; null when one does. */
  readonly unrouted: readonly string[] | null;
}

export interface DryRefusal {
  readonly route: string;
  readonly taken: false;
  readonly why: Refusal;
}

export type ToldOutcomes = Readonly<Partial<Record<VerdictOutcome | "recovered", readonly string[]>>>;

export interface DryMatch {
  readonly route: string;
  readonly taken: true;
  readonly subject: string;
  readonly mode: Mode;
  /** The route's rule failed: the alert is told at once, and nothing is checked. */
  readonly error: string | null;
  readonly warnings: readonly string[];
  readonly checks: readonly {
    readonly check: string;
    readonly target: string | null;
    readonly locations: readonly string[];
    /** Whether its pass says anything of this alert, and why. */
    readonly coverage: Coverage;
  }[];
  /** What the alert says is wrong. */
  readonly claim: Claim;
  /** Told when the alert arrives, and what. */
  readonly arrival: { readonly actions: readonly string[]; readonly message: Message } | null;
  /** Who is told which outcome; empty where nothing is checked. */
  readonly outcomes: ToldOutcomes;
  /** Who would be, were the route not in shadow; empty where it is not. */
  readonly inEarnest: ToldOutcomes;
}

/** Which routes would take the alerts in a webhook and why not, what they would check, and whom they would tell what. */
export function dryRun(config: Config, delivered: Delivered, source?: SourceSettings): DryRun {
  return { alerts: readWebhook(delivered, source).map((alert) => dryAlert(config, alert)) };
}

function dryAlert(config: Config, alert: Alert): DryAlert {
  const { status, fault } = alert;
  const starts = fault === null && (status === "firing" || status === "resolved");
  const matches = starts ? matchRoutes(alert, config.routes.values(), config.data) : [];
  const taken = new Map(matches.map((match) => [match.route, match]));
  const asked = [...config.routes.keys()].filter((name) => [null, name].includes(alert.onlyRoute));
  const routes = starts ? asked.map((name) => dryRoute(config, alert, { name, match: taken.get(name) })) : [];
  const unrouted = matches.length === 0 && status === "firing" ? config.unrouted : null;
  return { status, fault, routes, unrouted };
}

function dryRoute(
  config: Config,
  alert: Alert,
  { name, match }: { readonly name: string; readonly match: Match | undefined },
): DryMatch | DryRefusal {
  if (match !== undefined) return dryMatch(config, alert, match);
  const { inputText = null } = config.routes.get(name) ?? {};
  return { route: name, taken: false, why: explainRefusal(inputText, regoDocuments(alert, config.data)) };
}

function dryMatch(config: Config, alert: Alert, match: Match): DryMatch {
  const { route: name, subject, error, warning } = match;
  const recipe = config.routes.get(name);
  if (recipe === undefined) throw new Error(`no route is called ${name}`);
  if (alert.status === "resolved" && (isInvestigated(recipe) || error !== null)) {
    const warnings = ["a resolved alert joins the open incident of its subject; it starts none"];
    const nothing = { checks: [], claim: noClaim, arrival: null, outcomes: {}, inEarnest: {} };
    return { ...match, taken: true, mode: recipe.mode, warnings, ...nothing };
  }
  const kinds = kindsOf(config.actions.values());
  const plan = buildable(
    planRun(
      recipe,
      { alert, subject },
      {
        checks: config.checks,
        places: placesIn(config),
        kinds,
        allowPrivateTargets: config.server.allowPrivateTargets,
        catalogue: config.data,
      },
    ),
  );
  const actions = toldAtArrival(plan);
  return {
    route: name,
    taken: true,
    subject,
    mode: plan.mode,
    error,
    warnings: [...(warning === null ? [] : [warning]), ...plan.faults],
    checks: plan.checks.map((planned) => ({
      check: planned.check.name,
      target: typeof planned.check["url"] === "string" ? planned.check["url"] : null,
      locations: locationsOf(plan, planned).map((location) => location.name),
      coverage: coverageIn(plan, planned),
    })),
    claim: plan.claim,
    arrival:
      actions.length === 0 ? null : { actions, message: arrivalMessage(config, { alert, plan, subject }) },
    outcomes: isInvestigated(recipe) ? outcomesOf(plan) : {},
    inEarnest: isInvestigated(recipe) && plan.mode === "shadow" ? outcomesOf({ ...plan, mode: "gate" }) : {},
  };
}

/** As the file says: the region in a function's URL is known once it is opened. */
function placesIn({ locations }: Config): Surroundings["places"] {
  return new Map(
    Array.from(locations, ([name, location]) => [
      name,
      { ...placeOf(location), egress: [...(location.egress ?? [])] },
    ]),
  );
}

/** What its health is worth without looking: a cache, or a region that nobody answers from, shows only then. */
function coverageIn({ spare }: Plan, { check, covered }: PlannedCheck): Coverage {
  if (isFunctionCheck(check))
    return { covered: false, why: "nobody knows what a function of your own looks at" };
  if (covered !== null) return covered;
  return spare
    ? { covered: true, why: "the route says spare: true" }
    : { covered: false, why: "nobody says what its pass proves (covers)" };
}

function outcomesOf(plan: Plan): ToldOutcomes {
  const told = verdictOutcome.options.map((outcome) => [outcome, toldOutcome(plan, outcome)] as const);
  const recovered = toldRecovery(plan, toldOutcome(plan, "confirmed"));
  return { ...Object.fromEntries(told), recovered };
}

function arrivalMessage(
  config: Config,
  { alert, plan, subject }: { readonly alert: Alert; readonly plan: Plan; readonly subject: string },
): Message {
  const now = alert.receivedAt;
  const incident = { ...newIncident({ route: plan.route, subject, now }), alertCount: 1 };
  const delivery = newDelivery({
    incidentId: incident.id,
    action: "",
    event: "trigger",
    alertId: alert.id,
    now,
  });
  return composeMessage({
    delivery,
    incident,
    run: null,
    verdict: null,
    observations: [],
    alert,
    rendered: renderAlert(config, { route: plan.route, subject }, alert).rendered,
    gathered: null,
    plan,
    contrasts: [],
    inEarnest: null,
    publicUrl: config.server.publicUrl,
    now,
  });
}
