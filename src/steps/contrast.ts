import { runChecks } from "../check/run-check.ts";
import { isFunctionCheck } from "../model/function-check.ts";
import type { Contrast } from "../model/contrast.ts";
import type { Observation } from "../model/observation.ts";
import type { PlannedCheck } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import { contrastsOfRun, insertContrasts } from "../store/contrasts.ts";
import { observationsOfRun, runById } from "../store/runs.ts";
import { asksForRest, changesOf, contrastOf } from "../verdict/contrast.ts";
import type { Change } from "../verdict/contrast.ts";
import { isBad } from "../verdict/judge.ts";
import type { Context, Setup } from "./context.ts";
import { questionOf } from "./questions.ts";

/** For one change: many of them are asked one after the other. */
const deadlineMs = 6000;

/**
 * After a verdict that something fails is stored: each failing location asks again with one thing changed at a time, and
 * what makes it work goes to the incident and the next message. It holds up nobody, and is done once for a run.
 */
export async function contrast(context: Context, runId: string, signal: AbortSignal): Promise<void> {
  const run = await runById(context.database, runId);
  if (run?.verdict === null || run?.verdict === undefined) return;
  if ((await contrastsOfRun(context.database, runId)).length > 0) return;
  const setup = context.setup();
  using _held = setup.hold();
  const failures = await failuresOf(context, run);
  const found = await Promise.all(failures.map((failure) => contrastAt(setup, failure, signal)));
  signal.throwIfAborted();
  const contrasts = found.flat();
  context.log.info("contrast", {
    run: runId,
    asked: contrasts.length,
    works: contrasts.filter(works).length,
  });
  await context.database.write(insertContrasts(runId, contrasts));
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

/** One change after the other, until the target asks to be left alone. */
async function contrastAt(
  setup: Setup,
  { planned, seen }: Failure,
  signal: AbortSignal,
): Promise<Contrast[]> {
  const contrasts: Contrast[] = [];
  const changes = asksForRest(seen) ? [] : changesOf(planned.check, seen, setup.config.resolvers);
  for (const change of changes) {
    const answer = await ask(setup, { planned, change, location: seen.location }, signal);
    if (answer === undefined) return contrasts;
    contrasts.push(contrastOf(change, answer));
    if (asksForRest(answer)) return contrasts;
  }
  return contrasts;
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
