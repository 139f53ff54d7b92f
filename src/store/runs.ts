import { observation as observationSchema } from "../model/observation.ts";
import type { Observation } from "../model/observation.ts";
import { plan as planSchema } from "../model/plan.ts";
import type { LookedObservation, Run, RunCause } from "../model/run.ts";
import { verdict as verdictSchema } from "../model/verdict.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Database, Statement } from "./database.ts";

interface RunRow {
  id: string;
  incident_id: string;
  number: number;
  cause: RunCause;
  plan: string;
  look: number;
  started_at: number;
  deadline_at: number;
  ended_at: number | null;
  verdict: string | null;
}

/** The unique indexes refuse a second run of an incident at one time: a ConflictError. */
export function insertRun(run: Run): Statement {
  return {
    sql: `insert into runs (id, incident_id, number, cause, plan, look, started_at, deadline_at, ended_at, verdict)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    params: [
      run.id,
      run.incidentId,
      run.number,
      run.cause,
      JSON.stringify(run.plan),
      run.look,
      run.startedAt,
      run.deadlineAt,
      run.endedAt,
      run.verdict === null ? null : JSON.stringify(run.verdict),
    ],
  };
}

/** Guarded: a run that has ended stays as it is. */
export function scheduleLook(runId: string, look: number, deadlineAt: number): Statement {
  return {
    sql: "update runs set look = $2, deadline_at = $3 where id = $1 and ended_at is null",
    params: [runId, look, deadlineAt],
    changes: 1,
  };
}

/** Guarded: a run has one verdict. */
export function endRun(runId: string, verdict: Verdict, now: number): Statement {
  return {
    sql: "update runs set ended_at = $2, verdict = $3 where id = $1 and ended_at is null",
    params: [runId, now, JSON.stringify(verdict)],
    changes: 1,
  };
}

/** A late or repeated answer of a location changes nothing. */
export function insertObservation(runId: string, look: number, observation: Observation): Statement {
  return {
    sql: `insert into observations (run_id, look, check_name, location, outcome, error_class, observation)
      values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    params: [
      runId,
      look,
      observation.check,
      observation.location,
      observation.outcome,
      observation.errorClass,
      JSON.stringify(observation),
    ],
  };
}

/** The incident's last run, going or ended. */
export async function latestRun(database: Database, incidentId: string): Promise<Run | undefined> {
  const [row] = await database.read<RunRow>(
    "select * from runs where incident_id = $1 order by number desc limit 1",
    [incidentId],
  );
  return row === undefined ? undefined : toRun(row);
}

export async function runById(database: Database, id: string): Promise<Run | undefined> {
  const [row] = await database.read<RunRow>("select * from runs where id = $1", [id]);
  return row === undefined ? undefined : toRun(row);
}

/** An incident's runs, oldest first, at most the last `limit`. */
export async function runsOfIncident(database: Database, incidentId: string, limit: number): Promise<Run[]> {
  const rows = await database.read<RunRow>(
    "select * from runs where incident_id = $1 order by number desc limit $2",
    [incidentId, limit],
  );
  return rows.map(toRun).toReversed();
}

export async function observationsOfRun(database: Database, runId: string): Promise<LookedObservation[]> {
  const rows = await observationRows(database, runId);
  return rows.map((row) => ({
    look: row.look,
    observation: observationSchema.parse(JSON.parse(row.observation)),
  }));
}

/** A run as a reader of the API sees it: without its plan. */
export type ShownRun = Pick<Run, "id" | "number" | "cause" | "startedAt" | "endedAt" | "verdict">;

/** `runsOfIncident` for showing only: what this process wrote itself is not checked again. */
export async function shownRuns(database: Database, incidentId: string, limit: number): Promise<ShownRun[]> {
  const rows = await database.read<Omit<RunRow, "plan">>(
    `select id, number, cause, started_at, ended_at, verdict from runs
      where incident_id = $1 order by number desc limit $2`,
    [incidentId, limit],
  );
  return rows.toReversed().map((row) => ({
    id: row.id,
    number: row.number,
    cause: row.cause,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    verdict: row.verdict === null ? null : (JSON.parse(row.verdict) as Verdict),
  }));
}

/** `observationsOfRun` for showing only: what was checked when it was stored is not checked again. */
export async function shownObservations(database: Database, runId: string): Promise<LookedObservation[]> {
  const rows = await observationRows(database, runId);
  return rows.map((row) => ({ look: row.look, observation: JSON.parse(row.observation) as Observation }));
}

function observationRows(database: Database, runId: string) {
  return database.read<{ look: number; observation: string }>(
    "select look, observation from observations where run_id = $1 order by look, check_name, location",
    [runId],
  );
}

function toRun(row: RunRow): Run {
  return {
    id: row.id,
    incidentId: row.incident_id,
    number: row.number,
    cause: row.cause,
    plan: planSchema.parse(JSON.parse(row.plan)),
    look: row.look,
    startedAt: row.started_at,
    deadlineAt: row.deadline_at,
    endedAt: row.ended_at,
    verdict: row.verdict === null ? null : verdictSchema.parse(JSON.parse(row.verdict)),
  };
}
