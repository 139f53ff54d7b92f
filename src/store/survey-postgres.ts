/** What there is to say of a PostgreSQL without working on it: nothing is made, migrated or written. */
import { Client } from "pg";
import { newestStep } from "./migrate.ts";
import { connectionSettings, openError } from "./postgres-connection.ts";

export interface PostgresSurvey {
  /** `host:port/database` */
  readonly place: string;
  /** As `server_version_num` has it: 150004 */
  readonly version: number;
  /** `15.4` */
  readonly versionName: string;
  /** It takes no writes: a standby, or `default_transaction_read_only`. */
  readonly readOnly: boolean;
  /** The newest step of the schema that it has; 0: none yet. */
  readonly schema: number;
  /** The newest that this version knows. */
  readonly known: number;
  /** The user may make tables where ours belong. */
  readonly mayCreate: boolean;
  /** Tables of ours that the user may not work on, and those that it may not change for an upgrade. */
  readonly locked: readonly string[];
  readonly foreign: readonly string[];
  /** How far this machine's clock is ahead of the database's, in ms. */
  readonly aheadMs: number;
  readonly maxConnections: number;
}

interface Facts {
  readonly version: number;
  readonly name: string;
  readonly readonly: number;
  readonly may: number;
  readonly migrated: number;
  readonly connections: number;
}

const facts = `
  select current_setting('server_version_num')::int as version,
         current_setting('server_version') as name,
         (pg_is_in_recovery() or current_setting('transaction_read_only') = 'on')::int as readonly,
         coalesce(has_schema_privilege(current_schema(), 'create'), false)::int as may,
         (to_regclass('migrations') is not null)::int as migrated,
         current_setting('max_connections')::int as connections`;

/** Of all that are read at each alert. */
const rights = `
  select c.relname as name,
         (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert')
          and has_table_privilege(c.oid, 'update') and has_table_privilege(c.oid, 'delete'))::int as works,
         pg_has_role(c.relowner, 'usage')::int as owns
    from pg_class c
   where c.oid in (to_regclass('migrations'), to_regclass('alerts'), to_regclass('incidents'), to_regclass('runs'),
                   to_regclass('deliveries'), to_regclass('jobs'))
   order by c.relname`;

/** @throws Error with one line that never has the URL: away (after 5 s), or it refuses us */
export async function surveyPostgres(url: string): Promise<PostgresSurvey> {
  const client = new Client(connectionSettings(url));
  client.on("error", () => undefined);
  try {
    await client.connect();
    const [known] = (await client.query<Facts>(facts)).rows;
    if (known === undefined) throw new Error("it has no answer");
    const tables = (await client.query<{ name: string; works: number; owns: number }>(rights)).rows;
    return {
      place: `${client.host}:${client.port}/${client.database ?? ""}`,
      version: known.version,
      versionName: known.name,
      readOnly: known.readonly === 1,
      schema: known.migrated === 1 ? await schemaOf(client) : 0,
      known: newestStep("postgres"),
      mayCreate: known.may === 1,
      locked: tables.filter(({ works }) => works === 0).map(({ name }) => name),
      foreign: tables.filter(({ owns }) => owns === 0).map(({ name }) => name),
      aheadMs: await clockOf(client),
      maxConnections: known.connections,
    };
  } catch (error) {
    throw openError(client, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** 0 where the user may not even read it: that is said of the table. */
async function schemaOf(client: Client): Promise<number> {
  const may = await client.query<{ may: boolean }>(
    "select has_table_privilege('migrations', 'select') as may",
  );
  if (may.rows[0]?.may !== true) return 0;
  const { rows } = await client.query<{ number: number | null }>(
    "select max(number) as number from migrations",
  );
  return rows[0]?.number ?? 0;
}

async function clockOf(client: Client): Promise<number> {
  const askedAt = Date.now();
  const started = performance.now();
  const { rows } = await client.query<{ now: number }>(
    "select cast(extract(epoch from clock_timestamp()) * 1000 as bigint) as now",
  );
  const wayMs = (performance.now() - started) / 2;
  return Math.round(askedAt + wayMs - (rows[0]?.now ?? askedAt + wayMs));
}
