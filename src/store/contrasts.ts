import { contrast as contrastSchema } from "../model/contrast.ts";
import type { Contrast } from "../model/contrast.ts";
import type { Database, Statement } from "./database.ts";

/** What came of a run's contrasts, in their order; a run has them once. */
export function insertContrasts(runId: string, contrasts: readonly Contrast[]): Statement[] {
  return contrasts.map((contrast, index) => ({
    sql: "insert into contrasts (run_id, number, contrast) values ($1, $2, $3) on conflict do nothing",
    params: [runId, index + 1, JSON.stringify(contrast)],
  }));
}

export async function contrastsOfRun(database: Database, runId: string): Promise<Contrast[]> {
  const rows = await database.read<{ contrast: string }>(
    "select contrast from contrasts where run_id = $1 order by number",
    [runId],
  );
  return rows.map(({ contrast }) => contrastSchema.parse(JSON.parse(contrast)));
}

/** Those of the incident's last run that has any: what the next message has to say. */
export async function contrastsOfIncident(database: Database, incidentId: string): Promise<Contrast[]> {
  const rows = await database.read<{ id: string }>(
    `select id from runs where incident_id = $1 and exists (select 1 from contrasts where run_id = runs.id)
      order by number desc limit 1`,
    [incidentId],
  );
  return rows[0] === undefined ? [] : contrastsOfRun(database, rows[0].id);
}
