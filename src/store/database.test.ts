import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Client } from "pg";
import { startChild } from "../../test/fixtures/child.ts";
import { eachDatabase, freshSqlite } from "../../test/fixtures/databases.ts";
import { startPostgres } from "../../test/fixtures/postgres.ts";
import { until } from "../../test/fixtures/until.ts";
import { ConflictError, openDatabase, type Database, type Statement } from "./database.ts";
import { SqliteThread } from "./sqlite-worker.ts";
import type { Task } from "./sqlite-thread.ts";

function replica(id: string, seenAt = 1): Statement {
  return { sql: "insert into replicas (id, seen_at, version) values ($1, $2, '0')", params: [id, seenAt] };
}

function story(id: string): Statement {
  return { sql: "insert into stories (id, subject) values ($1, 'the same')", params: [id] };
}

function bigAlert(id: string): Statement {
  return {
    sql: "insert into alerts (id, received_at, source, body, status) values ($1, 1, 's', $2, 'firing')",
    params: [id, new Uint8Array(50_000)],
  };
}

const bump: Statement = {
  sql: "update replicas set seen_at = seen_at + 1 where id = 'a'",
  params: [],
  changes: 1,
};
const allReplicas = "select id, seen_at from replicas order by id";

async function bumpTenTimes(database: Database): Promise<void> {
  for (let time = 0; time < 10; time += 1) await database.write([bump]);
}

eachDatabase("database", (fresh, kind) => {
  test("a write is whole or not at all", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const wrong: Statement = {
      sql: "insert into replicas (id, seen_at, version) values ('b', null, '0')",
      params: [],
    };
    await assert.rejects(
      database.write([replica("a"), wrong, replica("c")]),
      /statement 1: insert into replicas/,
    );
    await assert.rejects(
      database.write([replica("a"), { sql: "nonsense", params: [] }]),
      /statement 1: nonsense/,
    );
    assert.deepEqual(await database.read(allReplicas), []);
    await database.write([replica("a"), replica("b")]);
    assert.deepEqual(await database.read(allReplicas), [
      { id: "a", seen_at: 1 },
      { id: "b", seen_at: 1 },
    ]);
    await database.write([]);
  });

  test("a guard that counts other rows rolls the write back and says which statement", async () => {
    await using place = await fresh();
    await using database = await place.open();
    await database.write([replica("a"), replica("b")]);
    const none: Statement = {
      sql: "update replicas set seen_at = 9 where id = $1",
      params: ["x"],
      changes: 1,
    };
    const both: Statement = { sql: "update replicas set seen_at = 9", params: [], changes: 1 };
    for (const [statements, index] of [
      [[bump, none], 1],
      [[both], 0],
      [[bump, replica("c"), both, bump], 2],
    ] as const) {
      await assert.rejects(
        database.write(statements),
        (error) => error instanceof ConflictError && error.index === index,
      );
    }
    assert.deepEqual(await database.read(allReplicas), [
      { id: "a", seen_at: 1 },
      { id: "b", seen_at: 1 },
    ]);
    await database.write([
      { ...none, changes: 0 },
      { ...both, changes: 2 },
    ]);
    assert.deepEqual(await database.read("select distinct seen_at from replicas"), [{ seen_at: 9 }]);
  });

  test("a row that is there already is a conflict, on a key and on a partial unique index", async () => {
    await using place = await fresh();
    await using database = await place.open();
    await database.write([
      { sql: "create table stories (id text primary key, subject text, closed_at bigint)", params: [] },
      { sql: "create unique index open_stories on stories (subject) where closed_at is null", params: [] },
      story("1"),
    ]);
    await assert.rejects(database.write([replica("a"), story("2")]), (error) => {
      return error instanceof ConflictError && error.index === 1;
    });
    await assert.rejects(database.write([story("1")]), ConflictError);
    await database.write([{ sql: "update stories set closed_at = 5", params: [], changes: 1 }, story("2")]);
    assert.deepEqual(await database.read(allReplicas), []);
  });

  test("a conflict leaves the callers alone that write at the same moment", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, async (_, index) => {
        // Every third one comes too late, one in sixty is nonsense.
        if (index === 31) return database.write([replica("x31"), { sql: "nonsense", params: [] }]);
        return database.write([replica(`x${index}`), ...(index % 3 === 0 ? [replica("one"), bump] : [])]);
      }),
    );
    const refused = outcomes.flatMap(({ status }, index) => (status === "rejected" ? [index] : []));
    assert.deepEqual(
      refused,
      [...Array.from({ length: 20 }, (_, index) => index * 3), 31].toSorted((a, b) => a - b),
    );
    const rows = await database.read<{ id: string }>(allReplicas);
    assert.equal(rows.length, 39);
    assert.ok(rows.every(({ id }) => !refused.includes(Number(id.slice(1)))));
  });

  test("many concurrent writers lose no update", async () => {
    await using place = await fresh();
    await using one = await place.open();
    await using two = await place.open();
    await one.write([replica("a", 0)]);
    await Promise.all(Array.from({ length: 16 }, (_, index) => bumpTenTimes(index % 2 ? one : two)));
    assert.deepEqual(await two.read(allReplicas), [{ id: "a", seen_at: 160 }]);
  });

  test("of many who want the same row, guarded, each version is taken once", async () => {
    await using place = await fresh();
    await using database = await place.open();
    await database.write([replica("a", 0)]);
    let conflicts = 0;
    const increment = async (): Promise<void> => {
      const [row] = await database.read<{ seen_at: number }>(allReplicas);
      const seen = row?.seen_at ?? -1;
      const sql = "update replicas set seen_at = $1 where seen_at = $2";
      try {
        await database.write([{ sql, params: [seen + 1, seen], changes: 1 }]);
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        conflicts += 1;
        await increment();
      }
    };
    await Promise.all(Array.from({ length: 12 }, increment));
    assert.deepEqual(await database.read(allReplicas), [{ id: "a", seen_at: 12 }]);
    assert.ok(conflicts > 0);
  });

  test("what was written is there when the database is opened again", async () => {
    await using place = await fresh();
    {
      await using database = await place.open();
      await database.write([replica("a")]);
      // Not awaited: closing waits for it.
      void database.write([replica("b")]);
    }
    await using database = await place.open();
    assert.equal((await database.read(allReplicas)).length, 2);
  });

  test("kill -9 in the middle of writes loses nothing that was acknowledged, and no half of a write", async () => {
    await using place = await fresh();
    const printed = await (async () => {
      await using child = startChild("write-until-killed.ts", JSON.stringify(place.location));
      await until("500 acknowledged writes", () => child.lines.length > 500, 30_000);
      return child.lines;
    })();
    await using database = await place.open();
    const stored = new Set(
      (await database.read<{ id: string }>("select id from alerts")).map(({ id }) => id),
    );
    // Only lines with an end were acknowledged for sure; the last one may be cut.
    assert.deepEqual(
      printed.filter((id) => id.length === 36 && !stored.has(id)),
      [],
    );
    const halves = [...stored].filter((id) => !stored.has(id.length === 36 ? `${id}-twin` : id.slice(0, 36)));
    assert.deepEqual(halves, []);
  });

  test("values come back as they went in", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);
    const sql = `insert into alerts (id, received_at, source, only_route, body, status) values ($1, $2, $3, $4, $5, 'x')`;
    const text = "quote ' back \\ dollar $1 emoji 🧭 lone \u{1F6A8} newline \n tab \t";
    await database.write([
      { sql, params: ["1", Number.MAX_SAFE_INTEGER, text, null, everyByte] },
      // A view on a part of a larger buffer.
      { sql, params: ["2", -1, "", "", Buffer.from("--\xFF\xFE--", "latin1").subarray(2, 4)] },
      { sql, params: ["3", 0, "with\0nul", "", new Uint8Array()] },
    ]);
    assert.deepEqual(
      await database.read("select received_at, source, only_route, body from alerts order by id"),
      [
        { received_at: Number.MAX_SAFE_INTEGER, source: text, only_route: null, body: everyByte },
        { received_at: -1, source: "", only_route: "", body: Uint8Array.of(0xff, 0xfe) },
        { received_at: 0, source: "with\uFFFDnul", only_route: "", body: new Uint8Array() },
      ],
    );
    assert.deepEqual(await database.read("select count(*) as n, sum(alert_count) as s from incidents"), [
      { n: 0, s: null },
    ]);
    assert.deepEqual(await database.read("select cast($1 as bigint) / 2 as half", [7]), [{ half: 3 }]);
  });

  test("a parameter that no database could store is refused before anything is written", async () => {
    await using place = await fresh();
    await using database = await place.open();
    for (const value of [undefined, true, Number.NaN, 1n, {}, new Date()]) {
      // What a caller without types could hand over.
      await assert.rejects(database.write([replica("a"), replica(value as unknown as string)]), TypeError);
    }
    await assert.rejects(database.write([replica("a"), replica("b", 1.5)]));
    assert.deepEqual(await database.read(allReplicas), []);
  });

  test("a claim returns the rows that it changed", async () => {
    await using place = await fresh();
    await using database = await place.open();
    await database.write([replica("a"), replica("b")]);
    const sql = "update replicas set seen_at = $1 where id = $2 returning id, seen_at";
    assert.deepEqual(await database.claim({ sql, params: [7, "b"] }), [{ id: "b", seen_at: 7 }]);
    assert.deepEqual(await database.claim({ sql, params: [7, "x"] }), []);
    await assert.rejects(database.claim({ sql: "nonsense", params: [] }), /nonsense/);
  });

  test("listeners hear of a write that wakes, not of others or of one that failed", async () => {
    await using place = await fresh();
    await using database = await place.open();
    let woken = 0;
    const listening = database.onWake(() => (woken += 1));
    if (kind === "postgres") await until("the first call, which says that it listens", () => woken === 1);
    woken = 0;
    await database.write([replica("a")]);
    await assert.rejects(
      database.write([
        { ...replica("b"), wakes: true },
        { sql: "nonsense", params: [] },
      ]),
    );
    assert.equal(woken, 0);
    await database.write([{ ...replica("b"), wakes: true }]);
    assert.equal(woken, 1);
    listening[Symbol.dispose]();
    await database.write([{ ...replica("c"), wakes: true }]);
    assert.equal(woken, 1);
  });

  test("a closed database refuses", async () => {
    await using place = await fresh();
    const database = await place.open();
    await database[Symbol.asyncDispose]();
    await assert.rejects(database.write([replica("a")]));
    await assert.rejects(database.read(allReplicas));
  });
});

suite("SQLite's own troubles", () => {
  test("a data folder that cannot be written to", async () => {
    await using place = await freshSqlite();
    await using _ = await place.open();
    const folder = join((place.location as { data: string }).data, "crosscheck.db");
    await assert.rejects(openDatabase({ data: folder }), (error: Error) => {
      assert.equal(
        error.message,
        `cannot write to the data folder ${folder} (EEXIST): make it writable for this user, or name another with --data`,
      );
      return true;
    });
  });

  test("a file that is no database", async () => {
    const folder = await mkdtemp(join(tmpdir(), "crosscheck-sqlite-"));
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, "crosscheck.db"), "dear diary, ".repeat(1000));
      await assert.rejects(openDatabase({ data: folder }), (error: Error) => {
        assert.match(
          error.message,
          /crosscheck\.db is not a SQLite database, or is damaged \(.+\): restore it/,
        );
        return true;
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("a full disk refuses the writes, harms nothing, and is over when there is room", async () => {
    await using place = await freshSqlite();
    await using database = await place.open();
    await database.write([replica("a")]);
    await database.claim({ sql: "pragma max_page_count = 80", params: [] });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => database.write([bigAlert(`${index}`)])),
    );
    const full = outcomes.filter(({ status }) => status === "rejected") as PromiseRejectedResult[];
    assert.ok(full.length > 0);
    for (const { reason } of full) assert.match((reason as Error).message, /database or disk is full/);
    assert.equal((await database.read("select id from alerts")).length, 10 - full.length);
    await database.claim({ sql: "pragma max_page_count = 100000", params: [] });
    await database.write([bigAlert("later")]);
    assert.equal((await database.read("select id from alerts where id = 'later'")).length, 1);
  });

  test("a thread that crashes refuses what was asked and what will be", async () => {
    await using place = await freshSqlite();
    await using _ = await place.open();
    const file = join((place.location as { data: string }).data, "crosscheck.db");
    await using thread = await SqliteThread.start({ file, role: "reader" });
    const answers = [undefined, { type: "read", sql: "select 1", params: [] }].map((task) =>
      thread.ask(task as Task),
    );
    for (const answer of answers)
      await assert.rejects(answer, /the SQLite reader thread has ended: Cannot read/);
    await assert.rejects(
      thread.ask({ type: "read", queries: [{ sql: "select 1", params: [] }] }),
      /thread has ended/,
    );
  });
});

suite("PostgreSQL's own troubles", () => {
  test("replicas hear of each other's wakes", async (t) => {
    await using server = await startPostgres();
    if (!server) return t.skip("PostgreSQL is not installed");
    const url = await server.createDatabase();
    await using one = await openDatabase({ url });
    await using two = await openDatabase({ url });
    let woken = 0;
    using _listening = two.onWake(() => (woken += 1));
    await until("it listens", () => woken === 1);
    await one.write([{ ...replica("a"), wakes: true }]);
    await until("it is told", () => woken === 2);
  });

  test("busy: those who come meanwhile wait, longer than for a server that is away", async (t) => {
    await using server = await startPostgres();
    if (!server) return t.skip("PostgreSQL is not installed");
    await using database = await openDatabase({ url: await server.createDatabase() });
    const busy = Array.from({ length: 16 }, () => database.read("select pg_sleep(3.5)::text"));
    // Its turn comes after 7 s; a connection that takes more than 5 s is given up.
    await database.write([replica("late")]);
    await Promise.all(busy);
    assert.equal((await database.read(allReplicas)).length, 1);
  });

  test("refusing connections: says so", async (t) => {
    await using server = await startPostgres();
    if (!server) return t.skip("PostgreSQL is not installed");
    const url = await server.createDatabase();
    await using database = await openDatabase({ url });
    const administrator = new Client({ connectionString: new URL("/postgres", url).href });
    await administrator.connect();
    try {
      const name = new URL(url).pathname.slice(1);
      await administrator.query(`alter database ${name} with allow_connections false`);
      await assert.rejects(
        database.read(allReplicas),
        /^Error: PostgreSQL takes no connection: database "\w+" is not currently accepting connections$/,
      );
    } finally {
      await administrator.end();
    }
  });

  test("away: refuses quickly and says so; back: works, and wakes, by itself", async (t) => {
    await using server = await startPostgres({ fsync: true });
    if (!server) return t.skip("PostgreSQL is not installed");
    const url = await server.createDatabase();
    await using database = await openDatabase({ url });
    let woken = 0;
    using _listening = database.onWake(() => (woken += 1));
    await until("it listens", () => woken === 1);
    for (const cut of ["stop", "kill"] as const) {
      await database.write([replica(`before ${cut}`)]);
      const before = await database.read(allReplicas);
      const inFlight = Promise.allSettled(
        Array.from({ length: 50 }, (_, index) => database.write([replica(`${cut} ${index}`), bump])),
      );
      await server[cut]();
      await inFlight;
      const startedAt = performance.now();
      await assert.rejects(database.write([replica("away")]), /PostgreSQL/);
      await assert.rejects(database.read(allReplicas), /PostgreSQL/);
      await assert.rejects(
        openDatabase({ url }),
        /^AwayError: cannot open the PostgreSQL database test_1 at 127\.0\.0\.1:\d+: .*REFUSED/,
      );
      assert.ok(performance.now() - startedAt < 10_000);
      woken = 0;
      await server.start();
      await until("it listens again", () => woken > 0);
      assert.equal((await database.read(allReplicas)).length, before.length);
    }
  });
});
