import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { oldRows, row, type OldIncident, type OldRows } from "../../test/fixtures/old-rows.ts";
import { Random } from "../../test/fixtures/random.ts";
import { startSteps, type Steps } from "../../test/fixtures/steps.ts";
import { until } from "../../test/fixtures/until.ts";
import { answering, startReceiver } from "../notify/receiver.fixture.ts";
import type { DeliveryState } from "../model/delivery.ts";
import { alertById, recentBodies } from "../store/alerts.ts";
import type { Database, Statement } from "../store/database.ts";
import { listDeliveries, reviveDelivery } from "../store/deliveries.ts";
import { wake } from "../store/jobs.ts";
import { alertsOfIncident, incidentsOfAlert } from "../store/incidents.ts";
import { retain } from "./retention.ts";

const day = 86_400_000;
const hour = 3_600_000;
const never = new AbortController().signal;
const config = {
  controls: [],
  resolvers: [],
  routes: [
    { name: "page", actions: ["out"] },
    { name: "ever", actions: ["out"], plugins: { "unique-message-props": ["id"] } },
    {
      name: "for-500-days",
      actions: ["out"],
      plugins: { "unique-message-props": ["id"], "unique-message-timeout": "500d" },
    },
  ],
  actions: [{ name: "out", type: "stdout" }],
};

async function column(database: Database, sql: string): Promise<string[]> {
  const rows = await database.read<{ id: string }>(sql);
  return rows.map(({ id }) => id).toSorted();
}

/** The ids of what is there, and which alerts still have their bodies. */
async function kept(database: Database) {
  return {
    incidents: await column(database, "select id from incidents"),
    joined: await column(database, "select incident_id || ' ' || alert_id as id from incident_alerts"),
    alerts: await column(database, "select id from alerts"),
    bodies: await column(
      database,
      "select id from alerts where body_removed_at is null and octet_length(body) > 0",
    ),
    runs: await column(database, "select id from runs"),
    observations: await column(database, "select run_id as id from observations"),
    contrasts: await column(database, "select run_id as id from contrasts"),
    deliveries: await column(database, "select id from deliveries"),
    members: await column(database, "select storm_id || ' ' || incident_id as id from storm_members"),
  };
}

/** ms since 1970 */
function timeOf(id: string): number {
  return Number.parseInt(id.slice(0, 13).replace("-", ""), 16);
}

function isInUse({ closedAt, deliveries }: OldIncident): boolean {
  return closedAt === null || deliveries.some(({ state }) => state === "pending");
}

function mute(id: string, until: number): Statement {
  return row("mutes", { id, subject: "x", from_at: 1, until_at: until, reason: "r", actor: "a" });
}

function told(route: string, key: string, at: number): Statement {
  return row("told_messages", { route, key, told_at: at });
}

/** What the documentation promises (docs/storage.md), computed from the facts. */
function promised({ incidents, alerts, deliveries }: OldRows, now: number): Awaited<ReturnType<typeof kept>> {
  const [bodies, history] = [now - 30 * day, now - 400 * day];
  const openStorms = incidents.filter(({ closedAt, members }) => closedAt === null && members.length > 0);
  const staying = incidents.filter(
    (one) =>
      isInUse(one) ||
      (one.closedAt ?? 0) >= history ||
      one.runs.some(({ isGoing }) => isGoing) ||
      openStorms.some(({ members }) => members.includes(one.id)),
  );
  const ids = new Set(staying.map(({ id }) => id));
  const inUse = new Set(incidents.filter(isInUse).flatMap((one) => one.alerts));
  const loose = alerts.filter(({ at, isOpen }) => isOpen || at >= history);
  const stayingAlerts = [
    ...new Set([...staying.flatMap((one) => one.alerts), ...loose.map(({ id }) => id)]),
    // Alerts that nobody refers to any more, while they are young.
    ...new Set(
      incidents
        .filter(({ id }) => !ids.has(id))
        .flatMap((one) => one.alerts)
        .filter((id) => timeOf(id) >= history && !staying.some((one) => one.alerts.includes(id))),
    ),
  ].toSorted();
  const unrouted = new Set(alerts.filter(({ isOpen }) => isOpen).map(({ id }) => id));
  const runs = staying.flatMap((one) => one.runs.map(({ id }) => id)).toSorted();
  return {
    incidents: [...ids].toSorted(),
    joined: staying.flatMap((one) => one.alerts.map((id) => `${one.id} ${id}`)).toSorted(),
    alerts: stayingAlerts,
    bodies: stayingAlerts.filter((id) => timeOf(id) >= bodies || unrouted.has(id) || inUse.has(id)),
    runs,
    observations: runs,
    contrasts: runs,
    deliveries: [
      ...staying.flatMap((one) => one.deliveries.map(({ id }) => id)),
      ...deliveries.filter(({ at, isOpen }) => isOpen || at >= history).map(({ id }) => id),
    ].toSorted(),
    members: staying
      .flatMap((one) => one.members.filter((id) => ids.has(id)).map((id) => `${one.id} ${id}`))
      .toSorted(),
  };
}

/** Retention that is cut off after so many writes, as by the end of its process. */
async function cutOff(steps: Steps, writes: number): Promise<void> {
  const { database } = steps.context;
  const ending = new AbortController();
  let done = 0;
  const counted: Database = {
    kind: database.kind,
    read: (sql, params) => database.read(sql, params),
    claim: (statement) => database.claim(statement),
    async write(statements) {
      await database.write(statements);
      done += 1;
      if (done === writes) ending.abort(new Error("cut off"));
    },
    onWake: (callback) => database.onWake(callback),
    [Symbol.asyncDispose]: async () => undefined,
  };
  await assert.rejects(retain({ ...steps.context, database: counted }, ending.signal), /cut off|abort/);
}

async function writeAll(database: Database, statements: readonly Statement[]): Promise<void> {
  for (let at = 0; at < statements.length; at += 500) await database.write(statements.slice(at, at + 500));
}

eachDatabase("retention", (fresh) => {
  for (const seed of [1, 2, 3]) {
    test(`keeps what is open, due or young, and nothing else, wherever it was cut off (seed ${seed})`, async () => {
      const clock = { now: Date.UTC(2026, 10, 22, 12) };
      await using place = await fresh();
      await using database = await place.open();
      await using steps = await startSteps({ config, database, now: () => clock.now });
      const random = new Random(seed);
      const rows = oldRows(random, clock.now, 150);
      await writeAll(database, rows.statements);
      const expected = promised(rows, clock.now);
      assert.ok(expected.incidents.length > 20 && expected.incidents.length < 150);

      for (const writes of [1, random.whole(2, 5)]) {
        await cutOff(steps, writes);
        const now = await kept(database);
        for (const [what, ids] of Object.entries(expected)) {
          const there = new Set(now[what as keyof typeof now]);
          assert.deepEqual(
            ids.filter((id) => !there.has(id)),
            [],
            `${what} lost after ${writes} writes`,
          );
        }
      }
      await retain(steps.context, never);
      assert.deepEqual(await kept(database), expected);
      assert.deepEqual(await steps.jobs(), ["retention"]);

      await database.write([
        {
          sql: "update incidents set state = 'closed', closed_at = $1 where closed_at is null",
          params: [clock.now],
        },
        { sql: "update runs set ended_at = 1 where ended_at is null", params: [] },
        { sql: "update deliveries set state = 'dead' where state = 'pending'", params: [] },
        { sql: "update alerts set routed_at = 1 where routed_at is null", params: [] },
      ]);
      clock.now += 401 * day;
      await retain(steps.context, never);
      for (const [what, ids] of Object.entries(await kept(database))) assert.deepEqual(ids, [], what);
    });
  }

  test("mutes, the audit log and what was told only once go when they are old; what is told once for ever stays", async () => {
    const now = Date.UTC(2026, 10, 22, 12);
    await using place = await fresh();
    await using database = await place.open();
    await using steps = await startSteps({ config, database, now: () => now });
    const { statements } = oldRows(new Random(4), now, 1);
    await writeAll(database, statements);
    const old = now - 401 * day;
    // More than one batch of each.
    const many = Array.from({ length: 1100 }, (_, index) => index);
    await writeAll(database, [
      ...many.map((index) => mute(`old-${index}`, old)),
      mute("ended", now - day),
      mute("to-come", now + day),
      ...many.map((index) => told("page", `old-${index}`, old)),
      told("page", "young", now - day),
      told("ever", "old", old),
      told("for-500-days", "old", now - 501 * day),
      told("for-500-days", "still", now - 499 * day),
      told("gone", "old", old),
      ...["0160a20b-0000-7000-8000-000000000000", "ffffffff-ffff-7000-8000-000000000000"].map((id) =>
        row("audit", { id, at: old, actor: "a", action: "mute" }),
      ),
    ]);
    await retain(steps.context, never);
    assert.deepEqual(await column(database, "select id from mutes"), ["ended", "to-come"]);
    assert.deepEqual(await column(database, "select route || ' ' || key as id from told_messages"), [
      "ever old",
      "for-500-days still",
      "page young",
    ]);
    assert.deepEqual(await column(database, "select id from audit"), [
      "ffffffff-ffff-7000-8000-000000000000",
    ]);
  });

  test("a dead letter whose alert is kept no longer is told in our words; what takes events gets none", async () => {
    let status = 400;
    await using receiver = await startReceiver((response, received) =>
      answering(status, "")(response, received),
    );
    const told = (path: string) => receiver.received.filter((one) => one.path === path);
    const clock = { now: Date.now() };
    await using place = await fresh();
    await using database = await place.open();
    const own = {
      ...config,
      routes: [{ name: "own", template: "words", actions: ["team", "call"] }],
      templates: [{ name: "words", body: 'package own\ntitle := "T"\nresult := input.note' }],
      actions: [
        { name: "team", type: "webhook", url: `${receiver.url}/team` },
        { name: "call", type: "http", method: "POST", url: `${receiver.url}/call` },
      ],
    };
    await using steps = await startSteps({ config: own, database, now: () => clock.now });
    const { id } = await steps.receive({ note: "long ago" });
    const deliveries = (state: DeliveryState) => listDeliveries(database, { state, limit: 10 });
    const countOf = (state: DeliveryState, count: number) =>
      until(`${count} ${state}`, async () => (await deliveries(state)).length === count);
    await steps.workUntil(() => countOf("dead", 2));
    await steps.workUntil(() =>
      until("it to be over", async () => (await incidentsOfAlert(database, id))[0]?.closedAt),
    );

    clock.now += 31 * day;
    await retain(steps.context, never);
    const found = await alertById(database, id);
    assert.equal(found?.alert.bodyRemovedAt, clock.now);
    assert.deepEqual([...found.alert.body], []);
    assert.deepEqual(await recentBodies(database, 10), []);
    const [incident] = await incidentsOfAlert(database, id);
    assert.ok(incident);
    assert.equal((await alertsOfIncident(database, incident.id, 1))[0]?.bodyRemovedAt, clock.now);

    assert.equal(told("/call").length, 1);
    status = 200;
    for (const dead of await deliveries("dead")) {
      const lane = `lane:${dead.incidentId}/${dead.action}` as const;
      await database.write([reviveDelivery(dead.id, clock.now), wake(lane, Date.now())]);
    }
    await steps.workUntil(() => countOf("delivered", 1));
    assert.match(told("/team")[1]?.body ?? "", /kept no longer as it was received/);
    await steps.workUntil(() => countOf("dead", 1));
    const [dead] = await deliveries("dead");
    assert.equal(dead?.action, "call");
    assert.match(dead.error ?? "", /kept no longer as it was received \(server\.retention\.bodies\)/);
    assert.equal(told("/call").length, 1);
  });

  test("comes again at night, once for all replicas", async () => {
    const now = Date.UTC(2026, 10, 22, 12);
    await using place = await fresh();
    await using database = await place.open();
    await using steps = await startSteps({ config, database, now: () => now });
    await retain(steps.context, never);
    await retain(steps.context, never);
    const due = await database.read("select key, run_at from jobs");
    assert.deepEqual(due, [{ key: "retention", run_at: Date.UTC(2026, 10, 23) + 3 * hour + 17 * 60_000 }]);
  });
});
