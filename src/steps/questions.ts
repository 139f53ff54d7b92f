import type { Question } from "../check/run-check.ts";
import type { Location } from "../check/location-type.ts";
import type { Sharer } from "../check/shared-probes.ts";
import { describeError, LocationError } from "../model/errors.ts";
import { isFunctionCheck } from "../model/function-check.ts";
import type { Observation } from "../model/observation.ts";
import type { Plan, PlannedCheck } from "../model/plan.ts";
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
  const sharer = await sharerOf(context, run, setup);
  const { sampling } = run.plan.policy;
  return run.plan.checks.flatMap((planned) => {
    const { check } = planned;
    const isFunction = isFunctionCheck(check);
    return openLocations(locationsOf(run.plan, planned), setup.locations)
      .filter(({ name }) => !arrived.some((one) => one.check === check.name && one.location === name))
      .map((place) => {
        const location = isFunction ? place : context.sharedProbes.at(place, sharer);
        const asked = isFunction ? { ...planned, check: { ...check, event } } : planned;
        return questionOf(setup, { planned: asked, location, sampling, deadlineMs });
      });
  });
}

/**
 * One check asked of one location: secrets revealed, with the controls and resolvers that it may ask in turn. One whose
 * secret cannot be read has no answer but that: nobody's run waits for it to come back.
 */
export function questionOf(
  { config }: Setup,
  {
    planned: { check, target },
    location,
    sampling,
    deadlineMs,
  }: {
    readonly planned: Pick<PlannedCheck, "check" | "target">;
    readonly location: Location;
    readonly sampling: ProbeRequest["samples"];
    readonly deadlineMs: number;
  },
): Question {
  const { name } = location;
  const request: ProbeRequest = {
    version: probeProtocolVersion,
    check,
    location: name,
    samples: sampling,
    controls: [...(config.locations.get(name)?.controls ?? config.controls)],
    resolvers: [...config.resolvers],
    deadlineMs,
    target,
  };
  if (isFunctionCheck(check)) return { check: check.name, location, request };
  try {
    const revealed = revealCheck(check, config.secretSource);
    return { check: check.name, location, request: { ...request, check: revealed } };
  } catch (error) {
    const fault = new LocationError("location.request", describeError(error), { cause: error });
    const ask = () => Promise.reject(fault);
    return { check: check.name, location: { ...location, ask }, request };
  }
}

/** What proves something to this run: for an alert's verdict what has begun after it came, for a second look after that. */
async function sharerOf(context: Context, run: Run, { config }: Setup): Promise<Sharer> {
  const incident = await incidentById(context.database, run.incidentId);
  const alertedAt = run.cause === "alert" ? (incident?.lastAlertAt ?? run.startedAt) : 0;
  const since = run.look === 1 ? alertedAt : context.now();
  return { incident: run.incidentId, since, maxAgeMs: config.server.shareProbesMs };
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
