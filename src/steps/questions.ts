import type { Question } from "../check/run-check.ts";
import type { Location } from "../check/location-type.ts";
import { isFunctionCheck } from "../model/function-check.ts";
import type { Observation } from "../model/observation.ts";
import type { Plan } from "../model/plan.ts";
import { locationsOf } from "../model/plan.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import { probeProtocolVersion } from "../model/probe-protocol.ts";
import type { Run } from "../model/run.ts";
import { arrivalText } from "../notify/event-text.ts";
import { latestAlert } from "../store/alerts.ts";
import { incidentById } from "../store/incidents.ts";
import type { Context, Setup } from "./context.ts";
import { renderAlert } from "./render.ts";
import { revealCheck } from "./reveal.ts";

interface Asking {
  readonly setup: Setup;
  readonly deadlineMs: number;
  /** What this look has brought so far. */
  readonly arrived: readonly Observation[];
}

/** One for each check and location that has not answered in this look. */
export async function questionsOf(
  context: Context,
  run: Run,
  { setup, deadlineMs, arrived }: Asking,
): Promise<Question[]> {
  const event = run.plan.checks.some(({ check }) => isFunctionCheck(check))
    ? await eventOf(context, run)
    : "";
  return run.plan.checks.flatMap((planned) => {
    const { check, target } = planned;
    const request: Omit<ProbeRequest, "controls"> = {
      version: probeProtocolVersion,
      check: isFunctionCheck(check) ? { ...check, event } : revealCheck(check, setup.config.secretSource),
      samples: run.plan.policy.sampling,
      resolvers: [...setup.config.resolvers],
      deadlineMs,
      target,
    };
    return openLocations(locationsOf(run.plan, planned), setup.locations)
      .filter(({ name }) => !arrived.some((one) => one.check === check.name && one.location === name))
      .map((location) => {
        const controls = controlsOf(setup, location.name);
        return { check: check.name, location, request: { ...request, controls, location: location.name } };
      });
  });
}

/** A location's own, else everybody's. */
function controlsOf({ config }: Setup, location: string): string[] {
  return [...(config.locations.get(location)?.controls ?? config.controls)];
}

/** What the functions of the user's own are told: what actions are told of the alert. Not in the plan, for its size. */
async function eventOf(context: Context, { incidentId, plan: { route } }: Run): Promise<string> {
  const { database } = context;
  const [alert, incident] = await Promise.all([
    latestAlert(database, incidentId),
    incidentById(database, incidentId),
  ]);
  if (alert === undefined || incident === undefined) return "";
  const { rendered } = renderAlert(context.setup().config, { route, subject: incident.subject }, alert);
  return arrivalText(rendered, new TextDecoder().decode(alert.body));
}

/** A location that a reload took away has no vote any more. */
function openLocations(locations: Plan["locations"], open: ReadonlyMap<string, Location>): Location[] {
  return locations.flatMap(({ name }) => open.get(name) ?? []);
}
