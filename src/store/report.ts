import type { Excuse, Vote } from "../model/verdict.ts";
import { firstIdOf } from "../model/id.ts";
import { digestRoute, stormRoute, troubleRoute } from "../model/incident.ts";
import type { Mark, Told } from "../model/incident.ts";
import type { CountedAudience, CountedCheck, CountedIncident, CountedRun, Window } from "../model/report.ts";
import type { Database } from "./database.ts";

/** Incidents read at a time: whoever waits for the database in between waits for this many. */
const batchSize = 500;
/** Of one that goes on and on only the first runs count. */
const maxRuns = 50;
/** A storm's plans and votes are alike: each text is read once, as long as there are not more of them than this. */
const maxTexts = 2000;

interface IncidentRow {
  id: string;
  route: string;
  subject: string;
  sender: string | null;
  opened_at: number;
  alert_count: number;
  flags: string | null;
  told: string | null;
  mark: Mark | null;
}

interface RunRow {
  incident_id: string;
  ended_at: number;
  looks: number;
  checks: string | null;
}

/**
 * The incidents that were opened within a window, oldest first, in batches of a few hundred. Ids sort by time, so that
 * each batch is a range of the primary key; databases cut the votes out of the verdicts themselves.
 */
export async function* countedIncidents(
  database: Database,
  { since, until }: Window,
): AsyncGenerator<CountedIncident[]> {
  const texts = new Texts();
  let after = firstIdOf(since);
  for (;;) {
    const rows = await incidentRows(database, after, firstIdOf(until));
    const [first, last] = [rows[0]?.id, rows.at(-1)?.id];
    if (first === undefined || last === undefined) return;
    const own: readonly string[] = [troubleRoute, stormRoute, digestRoute];
    const more = await aboutRange(database, { first, last }, texts);
    yield rows
      .filter(({ route }) => !own.includes(route))
      .map((row) => ({ ...toCounted(row), ...more(row.id) }));
    if (rows.length < batchSize) return;
    after = last;
  }
}

function incidentRows(database: Database, after: string, before: string): Promise<IncidentRow[]> {
  return database.read<IncidentRow>(
    `select id, route, subject, opened_at, alert_count, flags, told, mark,
        (select alerts.source from alerts where alerts.id =
          (select min(alert_id) from incident_alerts where incident_id = incidents.id)) as sender
      from incidents where id > $1 and id < $2 order by id limit ${batchSize}`,
    [after, before],
  );
}

function toCounted(row: IncidentRow) {
  return {
    id: row.id,
    route: row.route,
    subject: row.subject,
    sender: row.sender ?? "unknown",
    openedAt: row.opened_at,
    alerts: row.alert_count,
    flags: row.flags === null ? [] : (JSON.parse(row.flags) as string[]),
    told: row.told === null ? null : (JSON.parse(row.told) as Told),
    mark: row.mark,
  };
}

interface Range {
  readonly first: string;
  readonly last: string;
}

type About = Pick<CountedIncident, "audience" | "toldActions" | "runs">;

async function aboutRange(
  database: Database,
  range: Range,
  texts: Texts,
): Promise<(incidentId: string) => About> {
  const params = [range.first, range.last];
  const [audiences, runs, told] = await Promise.all([
    database.read<{ incident_id: string; audience: string }>(audienceSql[database.kind], params),
    database.read<RunRow>(runSql[database.kind], params),
    database.read<{ incident_id: string; action: string }>(toldSql, params),
  ]);
  const audienceOf = new Map(audiences.map((row) => [row.incident_id, texts.audience(row.audience)]));
  const runsOf = Map.groupBy(runs, (row) => row.incident_id);
  const toldOf = Map.groupBy(told, (row) => row.incident_id);
  return (id) => ({
    audience: audienceOf.get(id) ?? null,
    toldActions: (toldOf.get(id) ?? []).map(({ action }) => action),
    runs: (runsOf.get(id) ?? []).map((row) => texts.run(row)),
  });
}

const toldSql = `select incident_id, action from deliveries
  where incident_id between $1 and $2 and event in ('trigger', 'verdict', 'change')
    and state in ('pending', 'delivered')
  group by incident_id, action`;

/** A hold's verdict has a run without votes; what was interrupted was begun again. */
const runsWhere = `where runs.incident_id between $1 and $2 and runs.number <= ${maxRuns} and runs.cause = 'alert'
  and runs.verdict is not null`;

const audienceSql: Record<Database["kind"], string> = {
  sqlite: `select incident_id, json_object('mode', plan ->> '$.mode', 'actions', json(plan -> '$.actions'),
      'kinds', json(plan -> '$.kinds'), 'notify', json(plan -> '$.notify'), 'faults', json(plan -> '$.faults'),
      'confirm', json(plan -> '$.policy.confirm')) as audience
    from runs where incident_id between $1 and $2 and number = 1`,
  postgres: `select incident_id, json_build_object('mode', plan -> 'mode', 'actions', plan -> 'actions',
      'kinds', plan -> 'kinds', 'notify', plan -> 'notify', 'faults', plan -> 'faults',
      'confirm', plan #> '{policy,confirm}')::text as audience
    from (select incident_id, plan::json as plan from runs where incident_id between $1 and $2 and number = 1) one`,
};

/** `checks`: a list of [outcome, votes of domains, [[location, vote, excuse], …]]. */
const runSql: Record<Database["kind"], string> = {
  sqlite: `select incident_id, ended_at, verdict ->> '$.looks' as looks, (
      select json_group_array(json_array(checks.value ->> '$.outcome', json(checks.value -> '$.votes'), json((
        select json_group_array(json_array(votes.value ->> '$.location', votes.value ->> '$.vote',
          votes.value ->> '$.excuse'))
        from json_each(checks.value, '$.domains') as domains, json_each(domains.value, '$.locations') as votes))))
      from json_each(verdict, '$.checks') as checks) as checks
    from runs ${runsWhere} and verdict ->> '$.reason' <> 'interrupted' order by incident_id, number`,
  postgres: `select incident_id, ended_at, (verdict ->> 'looks')::int as looks, (
      select json_agg(json_build_array(checks.value -> 'outcome', checks.value -> 'votes', (
        select json_agg(json_build_array(votes.value -> 'location', votes.value -> 'vote', votes.value -> 'excuse'))
        from json_array_elements(checks.value -> 'domains') as domains,
          json_array_elements(domains.value -> 'locations') as votes)))
      from json_array_elements(verdict -> 'checks') as checks)::text as checks
    from (select incident_id, number, ended_at, verdict::json as verdict from runs ${runsWhere}) one
    where verdict ->> 'reason' <> 'interrupted' order by incident_id, number`,
};

type CheckTuple = [
  outcome: CountedCheck["outcome"],
  votes: CountedCheck["votes"],
  locations: [string, Vote, Excuse | null][] | null,
];

/** Texts as they are read out of the database, and what they say. */
class Texts {
  readonly #read = new Map<string, unknown>();

  audience(text: string): CountedAudience {
    return this.#once(text, () => JSON.parse(text) as CountedAudience);
  }

  run({ ended_at, looks, checks }: RunRow): CountedRun {
    const text = checks ?? "[]";
    const read = () =>
      (JSON.parse(text) as CheckTuple[]).map(([outcome, votes, locations]) => ({
        outcome,
        votes,
        // Verdicts of an earlier version have no excuses.
        locations: (locations ?? []).map(
          ([location, vote, excuse]) => [location, vote, excuse ?? null] as const,
        ),
      }));
    return { endedAt: ended_at, looks, checks: this.#once(text, read) };
  }

  #once<T>(text: string, read: () => T): T {
    const known = this.#read.get(text);
    if (known !== undefined) return known as T;
    if (this.#read.size >= maxTexts) this.#read.clear();
    const value = read();
    this.#read.set(text, value);
    return value;
  }
}
