import { runChecks } from "../check/run-check.ts";
import type { Incident } from "../model/incident.ts";
import { stormRoute, troubleRoute } from "../model/incident.ts";
import { newId } from "../model/id.ts";
import type { Observation } from "../model/observation.ts";
import type { Plan } from "../model/plan.ts";
import { definitionOf } from "../model/self-test.ts";
import type { Verdict } from "../model/verdict.ts";
import type { LookedObservation, Run, RunCause } from "../model/run.ts";
import { planRun } from "../route/plan.ts";
import { latestAlert } from "../store/alerts.ts";
import { ConflictError } from "../store/database.ts";
import { incidentById, updateIncident } from "../store/incidents.ts";
import { wake } from "../store/jobs.ts";
import { endRun, insertRun, latestRun, observationsOfRun, scheduleLook } from "../store/runs.ts";
import { selfTestsOf } from "../store/self-tests.ts";
import type { Known } from "../verdict/baseline.ts";
import { judgeRun, withoutRun } from "../verdict/combine.ts";
import { isRunSettled } from "../verdict/settled.ts";
import type { Context } from "./context.ts";
import { isKept, keepMissed, looked } from "./keep-observations.ts";
import { runLeftUntil } from "./leave.ts";
import { questionsOf } from "./questions.ts";
import { buildable } from "./reveal.ts";
import { lastResort } from "./last-resort.ts";
import { lookAtStorm } from "./storm.ts";
import { giveVerdict } from "./verdict.ts";
import { tellWithoutDatabase } from "./without-database.ts";
import type { RunInMemory } from "./without-database.ts";

/**
 * 3. An incident's run: begun when it is due, resumed where a replica that died left it, looked at once more when
 * anything fails, and judged. Every answer is stored as it arrives, so that nothing is asked twice.
 */
export async function investigate(context: Context, incidentId: string, signal: AbortSignal): Promise<void> {
  const incident = await incidentById(context.database, incidentId);
  if (incident === undefined || incident.state === "closed") return;
  if (incident.route === stormRoute) return lookAtStorm(context, incident.id);
  if (incident.route === troubleRoute) return endQuietTime(context, incident);
  const last = await latestRun(context.database, incident.id);
  if (last?.endedAt === null) {
    if (!isStale(last, incident, context.now())) return resume(context, { run: last, incident }, signal);
    await context.database.write([endRun(last.id, interrupted(), context.now())]);
  }
  if (incident.nextRunAt === null) return;
  if (incident.nextRunAt > context.now()) return wakeAt(context, incident.id, incident.nextRunAt);
  const left = last === undefined ? await runLeftUntil(context, incident) : undefined;
  if (left !== undefined) return wakeAt(context, incident.id, left);
  const run = await beginRun(context, incident, last);
  return look(context, run, signal);
}

/** How long after its time an interrupted run may still be taken up. */
const staleMs = 60_000;

/** What a run saw before the alert that now waits, or long ago, proves nothing any more: it is begun again. */
function isStale(run: Run, { state, progress }: Incident, now: number): boolean {
  if (state === "checking" && run.startedAt < progress.checkingSince) return true;
  return now - run.deadlineAt > staleMs;
}

function interrupted(): Verdict {
  return withoutRun({ reason: "interrupted", summary: "the check was interrupted and its time is up" });
}

async function wakeAt(context: Context, incidentId: string, at: number): Promise<void> {
  await context.database.write([wake(`incident:${incidentId}`, at)]);
}

/** A trouble that was told is over for the next hour's telling. */
async function endQuietTime(context: Context, incident: Incident): Promise<void> {
  const now = context.now();
  if (incident.nextRunAt !== null && incident.nextRunAt > now)
    return wakeAt(context, incident.id, incident.nextRunAt);
  const closed: Incident = { ...incident, state: "closed", closedAt: now, nextRunAt: null };
  await context.database.write([updateIncident(closed)]);
}

async function beginRun(context: Context, incident: Incident, last: Run | undefined): Promise<Run> {
  const plan = await planFor(context, incident, last);
  const now = context.now();
  const causes: Partial<Record<Incident["state"], RunCause>> = { checking: "alert", watching: "watch" };
  const run: Run = {
    id: newId(),
    incidentId: incident.id,
    number: (last?.number ?? 0) + 1,
    cause: causes[incident.state] ?? "recheck",
    plan,
    look: 1,
    startedAt: now,
    deadlineAt: now + plan.policy.deadlineMs,
    endedAt: null,
    verdict: null,
  };
  await context.database.write([insertRun(run)]);
  const { id, number, cause } = run;
  context.log.info("run", { incident: incident.id, run: id, route: incident.route, number, cause });
  return run;
}

/** From the configuration of now; a route that a reload took away goes on as it was. */
async function planFor(context: Context, incident: Incident, last: Run | undefined): Promise<Plan> {
  const { config, surroundings } = context.setup();
  const route = config.routes.get(incident.route);
  const alert = await latestAlert(context.database, incident.id);
  const { subject } = incident;
  if (route !== undefined && alert !== undefined)
    return buildable(planRun(route, { alert, subject }, surroundings));
  return last?.plan ?? lastResort(context, incident);
}

/**
 * A run that is going: its second look is due, or the replica that had it is gone. Such a look gets its time again as
 * far as the alert's hold allows; then it is inconclusive, and that pages (architecture §3).
 */
async function resume(
  context: Context,
  { run, incident }: { readonly run: Run; readonly incident: Incident },
  signal: AbortSignal,
): Promise<void> {
  const { policy } = run.plan;
  const lengthMs = run.look === 1 ? policy.deadlineMs : policy.secondLookDeadlineMs;
  const now = context.now();
  if (run.deadlineAt - now > lengthMs / 2) return look(context, run, signal);
  const holdEnd = run.cause === "alert" ? incident.lastAlertAt + policy.holdMs : Infinity;
  const deadlineAt = Math.min(now + lengthMs, holdEnd);
  if (deadlineAt <= now) {
    return giveVerdict(context, { incidentId: incident.id, plan: run.plan, run, verdict: interrupted() });
  }
  await context.database.write([scheduleLook(run.id, run.look, deadlineAt)]);
  return look(context, { ...run, deadlineAt }, signal);
}

/**
 * One look of a run; then the verdict, or the second look is put on the clock. Where the database goes away meanwhile
 * those whom it would wake are told all the same.
 */
async function look(context: Context, run: Run, signal: AbortSignal): Promise<void> {
  const { policy } = run.plan;
  const startsAt = run.look === 1 ? run.startedAt : run.deadlineAt - policy.secondLookDeadlineMs;
  if (startsAt > context.now()) return wakeAt(context, run.incidentId, startsAt);
  const { known, incident, alert } = await knownTo(context, run);
  if (incident === undefined) return;
  const memory: RunInMemory = { run, incident, alert: alert ?? null, seen: [], verdict: null };
  try {
    await lookOnce(context, memory, known, signal);
  } catch (error) {
    if (!(error instanceof ConflictError)) await tellWithoutDatabase(context, memory);
    throw error;
  }
}

async function lookOnce(
  context: Context,
  memory: RunInMemory,
  known: Known,
  signal: AbortSignal,
): Promise<void> {
  const { run } = memory;
  const { policy } = run.plan;
  const observations = await observe(context, { memory, known }, signal);
  signal.throwIfAborted();
  const judgement = judgeRun(run.plan, observations, run.look, known);
  if (judgement !== "second-look") {
    memory.verdict = judgement;
    return giveVerdict(context, { incidentId: run.incidentId, plan: run.plan, run, verdict: judgement });
  }
  const secondAt = context.now() + policy.secondLookMs;
  try {
    await context.database.write([
      scheduleLook(run.id, 2, secondAt + policy.secondLookDeadlineMs),
      wake(`incident:${run.incidentId}`, secondAt),
    ]);
  } catch (error) {
    // The hold has ended the run with a verdict of its own.
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** How the checks looked before the alert, and what it is about. Read once a look: who waits and who judges must know the same. */
async function knownTo({ database }: Context, { plan, incidentId, startedAt }: Run) {
  const checks = plan.checks.filter(({ target }) => target.from === "config").map(({ check }) => check);
  const definitions = new Set(checks.map(definitionOf));
  const names = checks.map(({ name }) => name);
  const [kept, incident, alert] = await Promise.all([
    selfTestsOf(database, names),
    incidentById(database, incidentId),
    latestAlert(database, incidentId),
  ]);
  const selfTests = kept.filter(({ definition }) => definitions.has(definition));
  const known: Known = { selfTests, alertedAt: incident?.openedAt ?? startedAt };
  return { known, incident, alert };
}

/**
 * Asks whoever has not answered in this look yet, until the deadline or until nobody can change the outcome; gives all
 * that the run has seen. A database that goes away meanwhile ends nothing: what it has missed is written at the end, and
 * where that fails memory will do.
 */
async function observe(
  context: Context,
  { memory, known }: { readonly memory: RunInMemory; readonly known: Known },
  signal: AbortSignal,
): Promise<readonly LookedObservation[]> {
  const { run, seen } = memory;
  const setup = context.setup();
  using _held = setup.hold();
  const stored = await observationsOfRun(context.database, run.id);
  const arrived = observationsOf(stored, run.look);
  seen.push(...arrived);
  const deadlineMs = Math.max(run.deadlineAt - context.now(), 0);
  const questions = await questionsOf(context, run, { setup, deadlineMs, arrived });
  if (questions.length === 0 || deadlineMs === 0) return stored;
  const missed: Observation[] = [];
  context.metrics.runsGoing.inc();
  try {
    const onObservation = async (observation: Observation) => {
      seen.push(observation);
      // Whoever waits for one answer waits for the next: a database that hangs is not asked again.
      const kept = missed.length === 0 && (await isKept(context, run, observation));
      if (!kept) missed.push(observation);
    };
    const settled = (fresh: readonly Observation[]) =>
      isRunSettled(run.plan, [...stored, ...looked(run, fresh)], run.look, known);
    await runChecks({ questions, deadlineMs, settled, onObservation }, signal);
  } finally {
    context.metrics.runsGoing.dec();
  }
  if (missed.length > 0) return await keepMissed(context, run, { stored, seen, missed });
  return await observationsOfRun(context.database, run.id);
}

function observationsOf(stored: readonly LookedObservation[], look: number): Observation[] {
  return stored.filter((one) => one.look === look).map(({ observation }) => observation);
}
