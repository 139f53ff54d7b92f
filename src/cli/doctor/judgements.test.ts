import assert from "node:assert/strict";
import { test } from "node:test";
import type { PostgresSurvey } from "../../store/survey-postgres.ts";
import { judgePostgres, judgeSqlite } from "./database.ts";
import { examineAll, examineOne, ok, type Diagnosis } from "./diagnosis.ts";
import { judgeSpace } from "./files.ts";
import { judgeAnswers } from "./listening.ts";
import { judgeMachine } from "./machine.ts";
import { judgeLocation } from "./places.ts";

/** `fail database: …`, of those that are not well. */
function wrong(diagnoses: readonly Diagnosis[]): string[] {
  return diagnoses
    .filter(({ level }) => level !== "ok")
    .map(({ level, about, says }) => `${level} ${about}: ${says}`);
}

const well: PostgresSurvey = {
  place: "db.example:5432/crosscheck",
  version: 150_004,
  versionName: "15.4",
  readOnly: false,
  schema: 2,
  known: 2,
  mayCreate: true,
  locked: [],
  foreign: [],
  aheadMs: 3,
  maxConnections: 100,
};

const databases: readonly (readonly [
  title: string,
  changes: Partial<PostgresSurvey>,
  says: readonly RegExp[],
])[] = [
  ["all is well", {}, []],
  [
    "it is too old",
    { version: 120_011, versionName: "12.11" },
    [/^fail database: PostgreSQL 12\.11 .* too old$/],
  ],
  ["it is 13", { version: 130_000 }, []],
  ["it is a standby", { readOnly: true }, [/^fail database: .* takes no writes/]],
  ["its tables are newer", { schema: 3 }, [/^fail schema: .*newer version \(3; this one knows 2\)$/]],
  ["its tables are older", { schema: 1 }, [/^warn schema: step 1; the next start brings it to 2/]],
  [
    "they are older, and another's",
    { schema: 1, foreign: ["alerts"] },
    [/^warn schema/, /^fail rights: the user cannot bring alerts up to date/],
  ],
  ["they are this version's, and another's", { foreign: ["alerts"] }, []],
  [
    "there are none, and the user may make none",
    { schema: 0, mayCreate: false },
    [/^fail rights: .*not make tables$/],
  ],
  ["the user may not work on them", { locked: ["jobs"] }, [/^fail rights: the user may not work on jobs$/]],
  ["the clock is behind", { aheadMs: -61_000 }, [/^warn clock: 61\.0 s behind the database's/]],
  ["it takes few connections", { maxConnections: 20 }, [/^warn database: it takes 20 connections/]],
];

for (const [title, changes, says] of databases) {
  test(`a PostgreSQL of which ${title}`, () => {
    const found = wrong(judgePostgres({ ...well, ...changes }));
    assert.equal(found.length, says.length, found.join("\n"));
    for (const [index, expected] of says.entries()) assert.match(found[index] ?? "", expected);
  });
}

test("a SQLite file that is too large to look through is said to be", () => {
  const [first] = judgeSqlite("data", { sizeBytes: 1e9, schema: 2, known: 2, looked: false });
  assert.match(first?.says ?? "", /^SQLite, 1000\.0 MB, too large to look through/);
});

const limits = (files: string, nice: string) =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${files}                 ${files}              files\nMax nice priority         ${nice}                    ${nice}\n`;

const machines: readonly (readonly [Parameters<typeof judgeMachine>[0], says: readonly RegExp[]])[] = [
  [{ node: "v24.1.0", zone: "Asia/Tokyo", limits: null, status: null }, []],
  [{ node: "v22.9.0", zone: "UTC", limits: null, status: null }, [/^fail Node: v22\.9\.0 is too old$/]],
  [
    { node: "v24.1.0", zone: "UTC", limits: limits("1024", "0"), status: "CapEff:\t0000000000000000\n" },
    [/^warn open files: only 1024 at a time, which is 524 connections$/, /^warn probe priority/],
  ],
  [{ node: "v24.1.0", zone: "UTC", limits: limits("65536", "0"), status: "CapEff:\t0000000000800000\n" }, []],
  [{ node: "v24.1.0", zone: "UTC", limits: limits("unlimited", "30"), status: "CapEff:\t00\n" }, []],
];

for (const [index, [facts, says]] of machines.entries()) {
  test(`machine ${index}`, () => {
    const found = wrong(judgeMachine(facts));
    assert.equal(found.length, says.length, found.join("\n"));
    for (const [at, expected] of says.entries()) assert.match(found[at] ?? "", expected);
  });
}

const alive = { status: 200, text: "Crosscheck alive!" };
const health = { status: 200, text: '{"status":"ok"}' };
const answers: readonly (readonly [Parameters<typeof judgeAnswers>[1], level: string, says: RegExp])[] = [
  [{ ping: alive, healthz: health, readyz: { status: 200, text: '{"status":"ready"}' } }, "ok", /is ready$/],
  [{ ping: "read ECONNRESET", healthz: "", readyz: "" }, "fail", /something else .*\(read ECONNRESET\)/],
  [{ ping: { status: 200, text: "hello" }, healthz: health, readyz: health }, "fail", /something else/],
  [
    { ping: alive, healthz: health, readyz: { status: 503, text: '{"detail":"stopping"}' } },
    "fail",
    /not ready: stopping/,
  ],
  [
    { ping: alive, healthz: health, readyz: { status: 503, text: "<html>" } },
    "fail",
    /not ready: it answers 503/,
  ],
  [
    { ping: alive, healthz: health, readyz: { status: 200, text: '{"status":"ready","database":"away"}' } },
    "warn",
    /database of .* is away/,
  ],
  [{ ping: alive, healthz: health, readyz: "no answer" }, "fail", /does not answer \/readyz: no answer/],
];

for (const [answer, level, says] of answers) {
  test(`who has our port: ${level}, ${String(says)}`, () => {
    const [only, ...others] = judgeAnswers("127.0.0.1:8082", answer);
    assert.deepEqual([only?.level, others], [level, []]);
    assert.match(only?.says ?? "", says);
  });
}

test("a location that answers has done its work, whatever it has seen", () => {
  const where = { name: "eu", domain: "aws:eu-west-1" };
  const seen = { message: "refused", durationMs: 12 };
  const levels = (["tcp.refused", "location.blocked-target", "location.unauthorized", null] as const).map(
    (errorClass) => judgeLocation(where, { ...seen, errorClass }).level,
  );
  assert.deepEqual(levels, ["ok", "ok", "fail", "ok"]);
});

test("how much room is enough", () => {
  const cases = [
    [8e6, 1e9, null, "fail"],
    [2e8, 1e12, null, "warn"],
    [6e8, 1e12, null, "ok"],
    [6e8, 1e12, 1e9, "warn"],
  ] as const;
  for (const [freeBytes, sizeBytes, spool, level] of cases)
    assert.equal(judgeSpace("data", { freeBytes, sizeBytes }, spool).level, level);
});

test("what hangs, and what throws, has a line all the same, in the order of the questions", async () => {
  const hanging = { about: "that hangs", examine: () => new Promise<never>(() => {}) };
  const [late] = await examineOne(hanging, 20);
  assert.deepEqual([late?.level, late?.about], ["fail", "that hangs"]);
  assert.match(late?.says ?? "", /^no answer within 0\.02 s$/);
  let done = 0;
  const all = await examineAll(
    [
      { about: "that throws", examine: () => Promise.reject(new Error("went wrong")) },
      { about: "that is well", examine: () => Promise.resolve([ok("that is well", "it is")]) },
    ],
    () => (done += 1),
  );
  assert.deepEqual(
    all.map(({ level, about, says }) => [level, about, says]),
    [
      ["fail", "that throws", "went wrong"],
      ["ok", "that is well", "it is"],
    ],
  );
  assert.equal(done, 2);
});
