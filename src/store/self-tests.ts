import { observation as observationSchema } from "../model/observation.ts";
import type { Observation } from "../model/observation.ts";
import type { SelfTest } from "../model/self-test.ts";
import type { Database, Statement } from "./database.ts";

interface SelfTestRow {
  check_name: string;
  location: string;
  definition: string;
  tested_at: number;
  failing_since: number | null;
  last: string;
  good: string | null;
}

/** Keeps a self-test in place of the one before. */
export function saveSelfTest(test: SelfTest): Statement {
  const { check, location, definition, testedAt, failingSince, last, good } = test;
  return {
    sql: `insert into self_tests (check_name, location, definition, tested_at, failing_since, last, good)
      values ($1, $2, $3, $4, $5, $6, $7)
      on conflict (check_name, location) do update set definition = excluded.definition,
        tested_at = excluded.tested_at, failing_since = excluded.failing_since, last = excluded.last,
        good = excluded.good`,
    params: [
      check,
      location,
      definition,
      testedAt,
      failingSince,
      JSON.stringify(last),
      good === null ? null : JSON.stringify(good),
    ],
  };
}

/** A run has seen pass what was failing by itself: it does so no more. */
export function noteGood(good: Observation): Statement {
  return {
    sql: `update self_tests set failing_since = null, last = $3, good = $3
      where check_name = $1 and location = $2 and failing_since is not null`,
    params: [good.check, good.location, JSON.stringify(good)],
  };
}

export type SelfTestKey = Pick<SelfTest, "check" | "location">;

/** What was tested last before a time (ms since 1970). */
export async function selfTestKeys(database: Database, before: number): Promise<SelfTestKey[]> {
  return database.read<SelfTestKey>(
    `select check_name as "check", location from self_tests where tested_at < $1`,
    [before],
  );
}

export function deleteSelfTest({ check, location }: SelfTestKey): Statement {
  return {
    sql: "delete from self_tests where check_name = $1 and location = $2",
    params: [check, location],
  };
}

/** The self-tests of some checks, at every location. */
export async function selfTestsOf(database: Database, checks: readonly string[]): Promise<SelfTest[]> {
  if (checks.length === 0) return [];
  const list = checks.map((_, index) => `$${index + 1}`).join(", ");
  const rows = await database.read<SelfTestRow>(
    `select * from self_tests where check_name in (${list}) order by check_name, location`,
    checks,
  );
  return rows.map((row) => ({
    check: row.check_name,
    location: row.location,
    definition: row.definition,
    testedAt: row.tested_at,
    failingSince: row.failing_since,
    last: observationSchema.parse(JSON.parse(row.last)),
    good: row.good === null ? null : observationSchema.parse(JSON.parse(row.good)),
  }));
}
