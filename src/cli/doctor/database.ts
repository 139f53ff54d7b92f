import { describeError } from "../../model/errors.ts";
import type { DatabaseLocation } from "../../store/database.ts";
import { isOccupied } from "../../store/sole-server.ts";
import type { PostgresSurvey } from "../../store/survey-postgres.ts";
import type { SqliteSurvey } from "../../store/survey-sqlite.ts";
import { fail, ok, warn } from "./diagnosis.ts";
import type { Diagnosis, Examination } from "./diagnosis.ts";

const about = "database";
/** PostgreSQL's `server_version_num` of 13. */
const oldestPostgres = 130_000;
/** Clocks that are farther apart make times in logs and messages hard to compare. */
const skewMs = 5000;
/** What one server keeps open: its pool, and one that listens. */
const connections = 9;

/** The database as it is; nothing in it is changed, and its tables are not brought up to date. */
export function examineDatabase(location: DatabaseLocation): Examination {
  return { about, examine: () => ("url" in location ? surveyed(location.url) : looked(location.data)) };
}

/** Whether another process has the folder, which matters beside a PostgreSQL as well. */
export function examineLock(folder: string): Examination {
  const about = "serve.lock";
  return {
    about,
    examine: () =>
      Promise.resolve([
        isOccupied(folder)
          ? ok(about, `a server works on ${folder}: another one would be refused`)
          : ok(about, `no server works on ${folder}`),
      ]),
  };
}

async function surveyed(url: string): Promise<Diagnosis[]> {
  const { surveyPostgres } = await import("../../store/survey-postgres.ts");
  try {
    return judgePostgres(await surveyPostgres(url));
  } catch (error) {
    const advice =
      "see that it runs, that its address and its user are right, and that it lets this machine in";
    return [fail(about, describeError(error), advice)];
  }
}

async function looked(folder: string): Promise<Diagnosis[]> {
  const { surveySqlite } = await import("../../store/survey-sqlite.ts");
  try {
    return judgeSqlite(folder, surveySqlite(folder));
  } catch (error) {
    return [fail(about, describeError(error), "see docs/storage.md")];
  }
}

/** Pure. */
export function judgeSqlite(folder: string, survey: SqliteSurvey | undefined): Diagnosis[] {
  if (survey === undefined) return [ok(about, `there is none in ${folder} yet: the first start makes it`)];
  const size = `SQLite, ${(survey.sizeBytes / 1e6).toFixed(1)} MB`;
  const pages = survey.looked ? "its pages are whole" : "too large to look through here: a server does it";
  return [ok(about, `${size}, ${pages}`), judgeSchema(survey)];
}

/** Pure. */
export function judgePostgres(survey: PostgresSurvey): Diagnosis[] {
  return [
    judgeVersion(survey),
    judgeSchema(survey),
    ...judgeRights(survey),
    judgeClock(survey),
    ...(survey.maxConnections < 3 * connections
      ? [
          warn(
            about,
            `it takes ${survey.maxConnections} connections, and each server wants ${connections}`,
            "raise max_connections, or put PgBouncer before it",
          ),
        ]
      : []),
  ];
}

function judgeVersion({ place, version, versionName, readOnly }: PostgresSurvey): Diagnosis {
  const name = `PostgreSQL ${versionName} at ${place}`;
  if (version < oldestPostgres) return fail(about, `${name} is too old`, "take 13 or newer");
  if (readOnly)
    return fail(
      about,
      `${name} takes no writes: it is a standby, or set to be read only`,
      "name the primary",
    );
  return ok(about, name);
}

function judgeSchema({ schema, known }: Pick<SqliteSurvey, "schema" | "known">): Diagnosis {
  const about = "schema";
  if (schema > known)
    return fail(
      about,
      `the tables are of a newer version (${schema}; this one knows ${known})`,
      "run the newer version, or restore a backup from before the upgrade",
    );
  if (schema === 0) return ok(about, "no tables yet: the first start makes them");
  if (schema === known) return ok(about, `step ${schema}, which is this version's`);
  return warn(
    about,
    `step ${schema}; the next start brings it to ${known}, and there is no way back`,
    "make a backup before",
  );
}

function judgeRights({ schema, known, mayCreate, locked, foreign }: PostgresSurvey): Diagnosis[] {
  const about = "rights";
  if (locked.length > 0)
    return [fail(about, `the user may not work on ${locked.join(", ")}`, "grant it all on these tables")];
  if (schema === known) return [ok(about, "the user may work on the tables")];
  if (!mayCreate) return [fail(about, "the user may not make tables", "grant create on the schema to it")];
  if (foreign.length > 0)
    return [
      fail(
        about,
        `the user cannot bring ${foreign.join(", ")} up to date: they are not its own`,
        "make it their owner, or start once as their owner",
      ),
    ];
  return [ok(about, "the user may make tables")];
}

function judgeClock({ aheadMs }: PostgresSurvey): Diagnosis {
  const about = "clock";
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1);
  const where = aheadMs > 0 ? "ahead of" : "behind";
  if (Math.abs(aheadMs) <= skewMs) return ok(about, `${seconds} s ${where} the database's`);
  return warn(
    about,
    `${seconds} s ${where} the database's, by which everything goes`,
    "have both machines set their clocks by NTP",
  );
}
