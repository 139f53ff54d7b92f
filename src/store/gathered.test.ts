import assert from "node:assert/strict";
import { test } from "node:test";
import type { Database } from "./database.ts";
import { gathered } from "./gathered.ts";

interface Row {
  readonly key: string;
  readonly value: number;
}

const read = gathered<Row>("key", (list) => `select ${list}`);

/** Answers each query with two rows for every key but `none`; `asked` are the queries. */
function answering() {
  const asked: string[] = [];
  const rowsFor = async (sql: string, keys: readonly string[]) => {
    asked.push(`${sql} ${keys.join(" ")}`);
    if (keys.includes("bad")) throw new Error("away");
    return [...new Set(keys)]
      .filter((key) => key !== "none")
      .flatMap((key) => [1, 2].map((value) => ({ key, value })));
  };
  // Cast, because it is no more of a database than this uses, and has rows of one kind only.
  return { asked, database: { read: rowsFor } as unknown as Database };
}

test("what is asked in one tick is one query, each key once", async () => {
  const { asked, database } = answering();
  const [a, b, again, none] = await Promise.all(["a", "b", "a", "none"].map((key) => read(database, key)));
  assert.deepEqual(a, [
    { key: "a", value: 1 },
    { key: "a", value: 2 },
  ]);
  assert.deepEqual(
    b?.map(({ key }) => key),
    ["b", "b"],
  );
  assert.equal(again, a);
  assert.deepEqual(none, []);
  // As many as a power of two: the first key once more.
  assert.deepEqual(asked, ["select $1, $2, $3, $4 a b none a"]);
});

test("what is asked later, or of another database, is asked for itself", async () => {
  const [one, other] = [answering(), answering()];
  await Promise.all([read(one.database, "a"), read(other.database, "a")]);
  await read(one.database, "a");
  assert.deepEqual([one.asked, other.asked], [["select $1 a", "select $1 a"], ["select $1 a"]]);
});

test("a query that fails fails for those who asked", async () => {
  const { database } = answering();
  const found = await Promise.allSettled([read(database, "a"), read(database, "bad")]);
  assert.deepEqual(
    found.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal((await read(database, "a")).length, 2);
});

test("many keys are several queries", async () => {
  const { asked, database } = answering();
  const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
  const found = await Promise.all(keys.map((key) => read(database, key)));
  assert.deepEqual(
    found.map((rows) => rows[0]?.key),
    keys,
  );
  assert.equal(asked.length, 2);
});
