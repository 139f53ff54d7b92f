import { describeError } from "../model/errors.ts";
import type { Observation } from "../model/observation.ts";
import type { LookedObservation, Run } from "../model/run.ts";
import { insertObservation, observationsOfRun } from "../store/runs.ts";
import { noteGood } from "../store/self-tests.ts";
import { voteOf } from "../verdict/judge.ts";
import type { Context } from "./context.ts";
import { reportTrouble } from "./trouble.ts";
import { within } from "./within.ts";

/** How long a location may fail to do its work until somebody is told. */
const unusableMs = 300_000;
/** What is waited for a database that hangs. */
const keepMs = 2000;

/** Whether an observation is stored. */
export async function isKept(context: Context, run: Run, observation: Observation): Promise<boolean> {
  return within(keepMs, "the database", keep(context, run, observation)).then(
    () => true,
    () => false,
  );
}

/** Stores what the database has not taken before; gives all that the run has seen, out of memory where it takes nothing. */
export async function keepMissed(
  context: Context,
  run: Run,
  all: {
    readonly stored: readonly LookedObservation[];
    readonly seen: readonly Observation[];
    readonly missed: readonly Observation[];
  },
): Promise<readonly LookedObservation[]> {
  try {
    const kept = Promise.all(all.missed.map((observation) => keep(context, run, observation)));
    await within(keepMs, "the database", kept);
    return await observationsOfRun(context.database, run.id);
  } catch (error) {
    context.log.warn("observations-not-kept", { run: run.id, error: describeError(error) });
    const before = all.stored.filter(({ look: number }) => number !== run.look);
    return [...before, ...looked(run, all.seen)];
  }
}

export function looked(run: Run, observations: readonly Observation[]): LookedObservation[] {
  return observations.map((observation) => ({ look: run.look, observation }));
}

async function keep(context: Context, run: Run, observation: Observation): Promise<void> {
  context.metrics.observations.inc({ location: observation.location, outcome: observation.outcome });
  const good = isProven(run, observation) ? [noteGood(observation)] : [];
  await context.database.write([insertObservation(run.id, run.look, observation), ...good]);
  const failingMs = context.locationHealth.note(observation, context.now());
  if (failingMs >= unusableMs) {
    const note = `it has not done its work for ${Math.round(failingMs / 60_000)} min: ${observation.message}`;
    await reportTrouble(context, "location-unusable", { what: observation.location, note });
  }
}

/** Passes, of a check that has self-tests. */
function isProven({ plan }: Run, observation: Observation): boolean {
  const planned = plan.checks.find(({ check }) => check.name === observation.check);
  return planned?.target.from === "config" && voteOf(observation) === "pass";
}
