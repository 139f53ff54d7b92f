import { runChecks } from "../check/run-check.ts";
import { isFunctionCheck } from "../model/function-check.ts";
import type { Contrast } from "../model/contrast.ts";
import type { Observation } from "../model/observation.ts";
import type { PlannedCheck } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import { contrastsOfRun, insertContrasts } from "../store/contrasts.ts";
import { incidentById } from "../store/incidents.ts";
import { observationsOfRun, runById } from "../store/runs.ts";
import { asksForRest, changesOf, contrastOf, mostChanges } from "../verdict/contrast.ts";
import type { Change } from "../verdict/contrast.ts";
import { isBad } from "../verdict/judge.ts";
import type { Context, Setup } from "./context.ts";
import { questionOf } from "./questions.ts";

/** For one change: many of them are asked one after the other. */
const deadlineMs = 6000;
/** More locations would tell the same, and be a load on a target that may be struggling. */
const mostLocations = 6;
/** What works so long after the verdict may work again by itself. */
const lateMs = 120_000;

/**
 * After a verdict that something fails is stored: failing locations ask again with one thing changed at a time, and what
 * makes it work goes to the incident and the next message. It holds up nobody, and is done once for a run.
 */
export async function contrast(context: Context, runId: string, signal: AbortSignal): Promise<void> {
  const run = await runById(context.database, runId);
  if (run === undefined || !(await isWorthwhile(context, run))) return;
  const setup = context.setup();
  using _held = setup.hold();
  const failures = await failuresOf(context, run);
  const resting = new Set(failures.filter(({ seen }) => asksForRest(seen)).map(({ seen }) => seen.check));
  const places = [...Map.groupBy(failures, ({ seen }) => seen.location).values()].slice(0, mostLocations);
  const found = await Promise.all(places.map((own) => contrastAt(setup, { own, resting }, signal)));
  signal.throwIfAborted();
  const contrasts = found.flat();
  context.log.info("contrast", {
    run: runId,
    asked: contrasts.length,
    works: contrasts.filter(works).length,
  });
  await context.database.write(insertContrasts(runId, contrasts));
}

async function isWorthwhile(context: Context, run: Run): Promise<boolean> {
  const { database } = context;
  const { verdict, endedAt, incidentId, id } = run;
  if (verdict === null || endedAt === null || context.now() - endedAt > lateMs) return false;
  const incident = await incidentById(database, incidentId);
  if (incident === undefined || incident.closedAt !== null) return false;
  return (await contrastsOfRun(database, id)).length === 0;
}

function works({ outcome }: Contrast): boolean {
  return outcome === "pass" || outcome === "degraded";
}

interface Failure {
  readonly planned: PlannedCheck;
  readonly seen: Observation;
}

/** The failing observation of each check and location whose vote was bad. */
async function failuresOf(context: Context, { id, plan, verdict }: Run): Promise<Failure[]> {
  const looked = await observationsOfRun(context.database, id);
  return (verdict?.checks ?? []).flatMap(({ check, domains }) => {
    const planned = plan.checks.find((one) => one.check.name === check);
    if (planned === undefined || isFunctionCheck(planned.check)) return [];
    const bad = domains.flatMap(({ locations }) => locations).filter(({ vote }) => isBad(vote));
    return bad.flatMap(({ location }) => {
      const last = looked.findLast(
        ({ observation: one }) => one.check === check && one.location === location && one.errorClass !== null,
      );
      return last === undefined ? [] : [{ planned, seen: last.observation }];
    });
  });
}

/** What fails at one location, and the checks whose target has asked any location to be left alone. */
interface Place {
  readonly own: readonly Failure[];
  readonly resting: Set<string>;
}

/** One change after the other, the most telling of each check first. */
async function contrastAt(setup: Setup, { own, resting }: Place, signal: AbortSignal): Promise<Contrast[]> {
  const contrasts: Contrast[] = [];
  for (const { planned, seen, change } of changesAt(setup, own, resting)) {
    const { check, location } = seen;
    if (resting.has(check)) continue;
    const answer = await ask(setup, { planned, change, location }, signal);
    // Gone with a reload; or a secret that is not there any more, whatever is changed.
    if (answer === undefined || answer.errorClass === "location.request") return contrasts;
    contrasts.push(contrastOf(change, answer));
    if (asksForRest(answer)) resting.add(check);
  }
  return contrasts;
}

/** At most so many for all the checks of a location together: the first of each, then the second of each. */
function changesAt(
  { config }: Setup,
  own: readonly Failure[],
  resting: ReadonlySet<string>,
): (Failure & { readonly change: Change })[] {
  const ranked = own
    .filter(({ seen }) => !resting.has(seen.check))
    .flatMap(({ planned, seen }) =>
      changesOf(planned.check, seen, config.resolvers).map((change, rank) => ({
        planned,
        seen,
        change,
        rank,
      })),
    );
  return ranked.toSorted((one, other) => one.rank - other.rank).slice(0, mostChanges);
}

interface Asked {
  readonly planned: PlannedCheck;
  readonly change: Change;
  readonly location: string;
}

/** undefined: a reload took the location away. */
async function ask(
  setup: Setup,
  { planned, change, location: name }: Asked,
  signal: AbortSignal,
): Promise<Observation | undefined> {
  const location = setup.locations.get(name);
  if (location === undefined) return undefined;
  const { check, address } = change;
  const sampling = { count: 1, intervalMs: 0 };
  const { request, ...question } = questionOf(setup, {
    planned: { check, target: planned.target },
    location,
    sampling,
    deadlineMs,
  });
  const asked = { ...request, controls: [], ...(address === undefined ? {} : { address }) };
  const questions = [{ ...question, request: asked }];
  const look = { questions, deadlineMs, settled: () => false, onObservation: () => {} };
  const [seen] = await runChecks(look, signal);
  signal.throwIfAborted();
  return seen;
}
