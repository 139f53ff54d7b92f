import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { newId } from "../model/id.ts";
import { newIncident } from "../model/incident.ts";
import { alertById, insertAlert, markRouted } from "./alerts.ts";
import { ConflictError, type Statement } from "./database.ts";
import { deliveriesOfIncident, insertFirstDelivery, settleDelivery } from "./deliveries.ts";
import {
  closeWhenDelivered,
  currentIncident,
  incidentById,
  insertIncident,
  updateIncident,
} from "./incidents.ts";
import { drop, wake } from "./jobs.ts";
import { Rows, together, tuples } from "./rows.ts";

const pairs = new Rows({ columns: 2 }, (rows) => `insert ${tuples(rows)}`);
const named = new Rows({ columns: 1, shared: 1, keyed: true }, (rows) => `set $1 where ${rows.join(", ")}`);
const alone: Statement = { sql: "alone", params: [] };

function texts(statements: readonly Statement[]): string[] {
  return together(statements).map(({ sql, params }) => `${sql} ${JSON.stringify(params)}`);
}

test("statements of a kind become one, at the place of the first", () => {
  const found = texts([pairs.one([1, 2]), alone, named.one(["x", "a"]), pairs.one([3, 4])]);
  assert.deepEqual(found, ["insert ($1, $2), ($3, $4) [1,2,3,4]", "alone []", 'set $1 where $2 ["x","a"]']);
});

test("none goes ahead of what touches its table, unless its kind may", () => {
  const late = new Rows({ columns: 1 }, (rows) => `update a from b where ${rows.join(", ")}`);
  const lock = new Rows({ columns: 1, passes: [late] }, (rows) => `update a set ${rows.join(", ")}`);
  const other = new Rows({ columns: 1 }, (rows) => `insert into c values ${tuples(rows)}`);
  const kinds = { late, lock, other };
  const order = (...names: (keyof typeof kinds | "a" | "b" | "c")[]) =>
    together(
      names.map((name, index) =>
        name in kinds
          ? kinds[name as keyof typeof kinds].one([index])
          : { sql: `delete from ${name}`, params: [] },
      ),
    ).map(({ sql, params }) => (params.length === 0 ? sql : params.join(" ")));
  assert.deepEqual(order("lock", "late", "other", "lock", "late", "other"), ["0 3", "1 4", "2 5"]);
  assert.deepEqual(order("late", "lock", "late"), ["0", "1", "2"]);
  assert.deepEqual(order("other", "a", "other", "c", "other"), [
    "0 2",
    "delete from a",
    "delete from c",
    "4",
  ]);
  assert.deepEqual(order("late", "b", "late"), ["0", "delete from b", "2"]);
});

test("rows with a key go in its order, each key once a statement, and with what they share only", () => {
  const found = texts([
    named.one(["x", "b"]),
    named.one(["x", "a"]),
    named.one(["x", "a"]),
    named.one(["y", "c"]),
  ]);
  assert.deepEqual(found, [
    'set $1 where $2, $3 ["x","a","b"]',
    'set $1 where $2 ["x","a"]',
    'set $1 where $2 ["y","c"]',
  ]);
});

test("there are few texts, and what each row must change adds up", () => {
  const many = Array.from({ length: 600 }, (_, row) => pairs.one([row, row], { changes: 1, wakes: true }));
  const made = together(many);
  assert.deepEqual(
    made.map(({ changes }) => changes),
    [256, 256, 64, 16, 8],
  );
  assert.deepEqual(
    made.flatMap(({ params }) => params),
    many.flatMap(({ params }) => params),
  );
  assert.ok(made.every(({ wakes }) => wakes));
});

eachDatabase("many rows at once", (fresh) => {
  test("come in the order in which they were asked for, where that matters", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const [one, two] = [1, 2].map((now) => ({
      ...newIncident({ route: "page", subject: `s${now}`, now }),
      state: "open" as const,
      nextRunAt: null,
    }));
    assert.ok(one && two);
    const told = { event: "trigger", runId: null, now: 5, dueAt: 6 } as const;
    const delivery = {
      ...told,
      id: newId(),
      incidentId: two.id,
      action: "pager",
      notice: { alertId: null, note: null },
    };
    const later = newIncident({ route: "page", subject: "s1", now: 9 });
    const alert = {
      ...({ onlyRoute: null, contentType: null, dedupKey: null, targetUrl: null, fault: null } as const),
      ...({
        id: newId(),
        receivedAt: 1,
        source: "webhook",
        body: new Uint8Array(),
        status: "firing",
      } as const),
    };
    await database.write([
      insertAlert(alert),
      insertIncident(one),
      wake("hold:a", 1),
      // The row that it marks, the job that it drops and wakes again, and the incident whose place the next one takes.
      markRouted(alert.id, 7),
      insertIncident(two),
      drop("hold:b"),
      wake("hold:b", 2),
      drop("hold:a"),
      wake("hold:c", 3),
      updateIncident({ ...one, state: "closed", closedAt: 8 }),
      insertIncident(later),
      insertFirstDelivery(delivery),
    ]);
    assert.equal((await alertById(database, alert.id))?.routed, true);
    assert.equal((await currentIncident(database, one, 0))?.id, later.id);
    const jobs = await database.read<{ key: string }>("select key from jobs order by key");
    assert.deepEqual(
      jobs.map(({ key }) => key),
      ["hold:b", "hold:c"],
    );
    const outcome = {
      state: "delivered",
      attempts: 1,
      nextAt: 6,
      fallbackAt: null,
      error: null,
      thread: null,
      deliveredAt: 9,
    } as const;
    // Another job's ending may stand before: the incident of this one is over all the same.
    await database.write([
      ...closeWhenDelivered(one.id, 10),
      settleDelivery(delivery.id, outcome),
      ...closeWhenDelivered(two.id, 10),
    ]);
    assert.equal((await incidentById(database, two.id))?.closedAt, 10);
  });

  test("are written as one by one", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const incidents = [1, 2, 3].map((now) => newIncident({ route: "page", subject: `s${now}`, now }));
    const due = incidents.flatMap(({ id }) =>
      ["pager", "team"].map((action) => ({
        ...({
          id: newId(),
          incidentId: id,
          action,
          event: "trigger",
          runId: null,
          now: 5,
          dueAt: 6,
        } as const),
        notice: { alertId: null, note: action },
      })),
    );
    const lanes = due.map(({ incidentId, action }) => `lane:${incidentId}/${action}` as const);
    await database.write([
      ...incidents.map(insertIncident),
      ...due.flatMap((one, index) => [insertFirstDelivery(one), wake(lanes[index] ?? "inbox", 9 - index)]),
      // Of two times the earlier stays, in one write too.
      wake(lanes[0] ?? "inbox", 3),
    ]);
    const jobs = await database.read("select key, class, run_at from jobs order by key");
    const classes = lanes.map((key, index) => ({
      key,
      class: key.endsWith("pager") ? "lane:pager" : "lane:team",
      run_at: index === 0 ? 3 : 9 - index,
    }));
    assert.deepEqual(
      jobs,
      classes.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    );
    const told = { attempts: 1, nextAt: 6, fallbackAt: null, error: null } as const;
    const taken = due.map(({ id, action }, index) =>
      settleDelivery(id, {
        ...told,
        state: "delivered",
        thread: index === 0 ? action : null,
        deliveredAt: index,
      }),
    );
    await database.write([...taken, ...lanes.map(drop)]);
    const found = (await Promise.all(incidents.map(({ id }) => deliveriesOfIncident(database, id)))).flat();
    assert.deepEqual(
      found.map(({ id, number, notice, createdAt }) => ({ id, number, note: notice.note, createdAt })),
      due.map(({ id, action }) => ({ id, number: 1, note: action, createdAt: 5 })),
    );
    assert.deepEqual(
      found.map(({ state, thread, deliveredAt }) => ({ state, thread, deliveredAt })),
      due.map(({ action }, index) => ({
        state: "delivered",
        thread: index === 0 ? action : null,
        deliveredAt: index,
      })),
    );
    assert.deepEqual(await database.read("select key from jobs"), []);
    const again = settleDelivery(due[0]?.id ?? "", {
      ...told,
      state: "dead",
      thread: null,
      deliveredAt: null,
    });
    await assert.rejects(database.write([...taken, again]), ConflictError);
  });
});
