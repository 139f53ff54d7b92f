/**
 * Writes a database of this release with rows in it, once for SQLite and once for PostgreSQL, as SQL text to
 * test/fixtures/releases/<version>.<kind>.sql: `node scripts/dump-release.ts`. Later versions are tested on them, so a file
 * that is there is not written again.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { version } from "../src/model/version.ts";
import type { DatabaseLocation } from "../src/store/database.ts";
import { openDatabase } from "../src/store/database.ts";
import { freshSqlite, type FreshDatabase } from "../test/fixtures/databases.ts";
import { findPostgres, startPostgres } from "../test/fixtures/postgres.ts";
import { playReleaseScenes } from "./release-scenes.ts";

const folder = join(import.meta.dirname, "../test/fixtures/releases");

async function write(kind: string, place: FreshDatabase): Promise<void> {
  const file = join(folder, `${version}.${kind}.sql`);
  if (existsSync(file)) {
    process.stdout.write(`${file} is there already: a release is written once\n`);
    return;
  }
  await playReleaseScenes(place);
  mkdirSync(folder, { recursive: true });
  const text = dump(place.location);
  writeFileSync(file, text);
  process.stdout.write(`${file}: ${Math.round(text.length / 1000)} kB\n`);
}

function dump(location: DatabaseLocation): string {
  return "url" in location ? dumpPostgres(location.url) : dumpSqlite(join(location.data, "crosscheck.db"));
}

function dumpSqlite(file: string): string {
  using database = new DatabaseSync(file, { readOnly: true });
  const rows = (sql: string) => database.prepare(sql).all() as Record<string, string>[];
  const objects = rows(
    "select name, type, sql from sqlite_schema where sql is not null and name not like 'sqlite_%' order by rowid",
  );
  const tables = objects.filter(({ type }) => type === "table").map(({ name }) => name ?? "");
  const contents = tables.flatMap((table) => {
    const columns = rows(`select name from pragma_table_info('${table}')`).map(({ name }) => name);
    const values = columns.map((column) => `quote(${column})`).join(" || ', ' || ");
    const lines = rows(`select ${values} as line from ${table}`);
    return lines.map(({ line }) => `insert into ${table} (${columns.join(", ")}) values (${line});`);
  });
  return `${[...objects.map(({ sql }) => `${sql};`), ...contents].join("\n")}\n`;
}

/** Statements only, which any client can send: without psql's own commands, and without settings of the session. */
function dumpPostgres(url: string): string {
  const program = join(findPostgres() ?? "", "pg_dump");
  const text = execFileSync(program, ["--inserts", "--no-owner", "--no-privileges", url], {
    encoding: "utf8",
  });
  const lines = text
    .split("\n")
    .filter((line) => line !== "" && !/^(--|\\|SET |SELECT pg_catalog\.)/.test(line));
  return `${lines.join("\n")}\n`;
}

await using sqlite = await freshSqlite();
await write("sqlite", sqlite);
await using server = await startPostgres();
if (server) {
  const location = { url: await server.createDatabase() };
  const open = () => openDatabase(location);
  await write("postgres", { location, open, [Symbol.asyncDispose]: async () => undefined });
}
