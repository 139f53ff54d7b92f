import { openDatabase, type Database, type DatabaseLocation, type Value } from "../src/store/database.ts";

/** How many rows a write makes: enough to be quick, few enough for a statement's time limit. */
const chunk = 20_000;

/** What makes a copy differ from its original: an expression of both dialects; `i` is the copy's number. */
type Changes = Readonly<Record<string, string>>;

/** Ids sort as they are numbered, before all that are given today. */
const idOf = (kind: string) => `'00000000-0000-7000-${kind}-' || substr(cast(1000000000000 + i as text), 2)`;

/** The rows that an alert has left behind: itself, its incident, and what was told. */
const tables: Readonly<Record<string, Changes>> = {
  alerts: { id: idOf("8000") },
  incidents: { id: idOf("8001"), subject: "subject || i" },
  incident_alerts: { incident_id: idOf("8001"), alert_id: idOf("8000") },
  deliveries: { id: idOf("8002"), incident_id: idOf("8001") },
};

const sizes = {
  sqlite: "select page_count * page_size as bytes from pragma_page_count, pragma_page_size",
  postgres: "select pg_database_size(current_database()) as bytes",
} as const;

/** Copies what the one alert in a database has left behind `copies` times; the bytes that the database has then. */
export async function fill(location: DatabaseLocation, copies: number): Promise<number> {
  await using database = await openDatabase(location);
  for (const [table, changes] of Object.entries(tables)) {
    const [row] = await database.read<Record<string, Value>>(`select * from ${table} limit 1`);
    if (row === undefined) throw new Error(`there is nothing in ${table} to copy`);
    for (let from = 1; from <= copies; from += chunk)
      await copy(database, { table, row, changes, from, to: Math.min(from + chunk - 1, copies) });
  }
  const [size] = await database.read<{ readonly bytes: number }>(sizes[database.kind]);
  return size?.bytes ?? NaN;
}

interface Copying {
  readonly table: string;
  readonly row: Readonly<Record<string, Value>>;
  readonly changes: Changes;
  readonly from: number;
  readonly to: number;
}

async function copy(database: Database, { table, row, changes, from, to }: Copying): Promise<void> {
  const columns = Object.keys(row);
  const values = columns.map((column) => changes[column] ?? column);
  // The original has an id of today: it stays the one that is not a copy.
  const original = `(select * from ${table} order by ${Object.keys(changes)[0]} desc limit 1) original`;
  await database.write([
    {
      sql: `with recursive numbers (i) as (select ${from} union all select i + 1 from numbers where i < ${to})
        insert into ${table} (${columns.join(", ")}) select ${values.join(", ")} from numbers, ${original}`,
      params: [],
    },
  ]);
}
