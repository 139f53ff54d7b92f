import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { firstIdOf } from "../../src/model/id.ts";
import { newIncident } from "../../src/model/incident.ts";
import type { Incident } from "../../src/model/incident.ts";
import { lastDue, sendDigest, wakeDigest } from "../../src/steps/digest.ts";
import type { Database } from "../../src/store/database.ts";
import { insertDelivery, settleDelivery } from "../../src/store/deliveries.ts";
import { insertIncident } from "../../src/store/incidents.ts";
import { insertRun } from "../../src/store/runs.ts";
import { answering } from "../../src/notify/receiver.fixture.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { planOf, verdictOf } from "../fixtures/observations.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";
import { startSteps } from "../fixtures/steps.ts";
import { until } from "../fixtures/until.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** Long ago by the worker's own clock: whatever falls due is done at once. */
const midnight = (Math.floor(Date.now() / dayMs) - 10) * dayMs;
const dateOf = (time: number) => new Date(time).toISOString().slice(0, 10);
const yesterday = dateOf(midnight - 1);
const eight = midnight + 8 * hourMs;
const never = new AbortController().signal;

test("the last time of day is today's once it has come, else yesterday's", () => {
  assert.equal(lastDue(8 * hourMs, eight), eight);
  assert.equal(lastDue(8 * hourMs, eight - 1), eight - dayMs);
  assert.equal(lastDue(0, midnight), midnight);
  assert.equal(lastDue(dayMs - 60_000, midnight), midnight - 60_000);
});

/** A spared incident of a moment, checked from two places of which one could not look; and a dead letter. */
async function past(database: Database, at: number): Promise<Incident> {
  const id = `${firstIdOf(at)}-7000-8000-000000000000`;
  const told = { outcome: "not-reproduced" as const, failing: 0, at, actions: ["slack"] };
  const begun = newIncident({ route: "page", subject: `shop-${at}`, now: at });
  const incident: Incident = { ...begun, id, state: "closed", closedAt: at, alertCount: 3, told };
  const due = { incidentId: id, runId: null, notice: { alertId: null, note: null }, now: at, dueAt: at };
  const dead = { state: "dead" as const, attempts: 1, nextAt: at, fallbackAt: null, error: null };
  await database.write([
    insertIncident(incident),
    insertRun({
      id: `${firstIdOf(at)}-7001-8000-000000000000`,
      incidentId: id,
      number: 1,
      cause: "alert",
      plan: planOf(),
      look: 1,
      startedAt: at,
      deadlineAt: at,
      endedAt: at + 3000,
      verdict: verdictOf("not-reproduced", { eu: "pass", na: "pass", apac: "none" }),
    }),
    insertDelivery({
      ...due,
      id: `${firstIdOf(at)}-7002-8000-000000000000`,
      action: "email",
      event: "verdict",
    }),
    settleDelivery(`${firstIdOf(at)}-7002-8000-000000000000`, { ...dead, thread: null, deliveredAt: null }),
  ]);
  return incident;
}

const digests = (database: Database) =>
  database.read<{ subject: string }>("select subject from incidents where route = 'digest' order by subject");
const job = async (database: Database) =>
  (await database.read<{ run_at: number }>("select run_at from jobs where key = 'digest'"))[0]?.run_at;

eachDatabase("the digest", (fresh) => {
  let parts: AsyncDisposableStack;
  let receiver: Receiver;

  before(async () => {
    parts = new AsyncDisposableStack();
    receiver = parts.use(await startReceiver());
  });
  after(() => parts.disposeAsync());

  /** Each test has a reader of its own. */
  const configFor = (path: string, digest: object | null = {}) => ({
    actions: [
      { name: "team", type: "webhook", url: `${receiver.url}${path}`, fallback: ["pager"] },
      {
        name: "pager",
        type: "pagerduty",
        url: receiver.url,
        "routing-key": "0123456789abcdef0123456789abcdef",
      },
    ],
    unrouted: ["team"],
    controls: [],
    resolvers: [],
    server: { "public-url": "https://crosscheck.example" },
    ...(digest === null ? {} : { digest: { actions: ["team"], ...digest } }),
  });

  test("tells yesterday, once, to whom it is for, and is due again tomorrow", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const config = configFor("/once");
    await using steps = await startSteps({ config, database, now: () => eight + 5000 });
    const [before, spared] = [await past(database, midnight - dayMs - 1), await past(database, midnight - 1)];
    await past(database, midnight);
    await Promise.all([sendDigest(steps.context, never), sendDigest(steps.context, never)]);
    await sendDigest(steps.context, never);
    const [notice] = await steps.workUntil(() => receiver.hears("/once"));
    assert.equal(
      notice?.firstLine,
      `DIGEST ${yesterday}: 3 alerts, 0 pages, 1 spared, 1 dead letter, 1 location could not look`,
    );
    const { data } = JSON.parse(notice?.body ?? "") as {
      data: { event: string; message: { items: unknown; link: unknown } };
    };
    assert.equal(data.event, "digest");
    assert.equal(data.message.link, null);
    assert.deepEqual(data.message.items, [
      {
        text: `spared: ${spared.subject}, route page, 23:59Z`,
        link: `https://crosscheck.example/incidents/${spared.id}`,
      },
      { text: "1 dead letter of email", link: null },
      { text: "apac could not look in 1 of 1 check", link: null },
    ]);
    assert.ok(!notice?.body.includes(before.subject));
    assert.deepEqual(await digests(database), [{ subject: yesterday }]);
    assert.equal(await job(database), eight + dayMs);
    // Told and closed, it is not told again.
    await sendDigest(steps.context, never);
    assert.equal(receiver.told("/once").length, 1);
  });

  test("down at its time it is told late; down for days only the last one is", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const start = async (now: number, work: boolean) => {
      await using steps = await startSteps({ config: configFor("/late"), database, now: () => now });
      await wakeDigest(steps.context);
      if (work) await steps.workUntil(() => receiver.hears("/late"));
    };
    await start(eight - hourMs, false);
    assert.equal(await job(database), eight, "nothing is told of the days before the first start");
    assert.deepEqual(await digests(database), []);
    await start(eight + 3 * dayMs + hourMs, true);
    assert.deepEqual(await digests(database), [{ subject: dateOf(midnight + 2 * dayMs) }]);
  });

  test("a restart across the time tells it once; a first start after it waits for tomorrow", async () => {
    await using place = await fresh();
    await using database = await place.open();
    await using steps = await startSteps({ config: configFor("/none"), database, now: () => eight + hourMs });
    await wakeDigest(steps.context);
    assert.equal(await job(database), eight + dayMs);
    await sendDigest(steps.context, never);
    await wakeDigest(steps.context);
    await sendDigest(steps.context, never);
    assert.deepEqual(await digests(database), [{ subject: yesterday }]);
  });

  test("without a digest nothing is due, and taken out of the file it ends", async () => {
    await using place = await fresh();
    await using database = await place.open();
    await using steps = await startSteps({ config: configFor("/off", null), database, now: () => eight });
    await wakeDigest(steps.context);
    await sendDigest(steps.context, never);
    assert.deepEqual([await digests(database), await job(database)], [[], undefined]);
  });

  test("passed on to a pager, it rings nobody", async () => {
    await using place = await fresh();
    await using database = await place.open();
    receiver.always("/gone", answering(410, "gone"));
    await using steps = await startSteps({ config: configFor("/gone"), database, now: () => eight });
    await sendDigest(steps.context, never);
    const state = () =>
      database.read<{ state: string }>(
        "select state from deliveries where action = 'pager' and event = 'digest'",
      );
    await steps.workUntil(() =>
      until("the fallback", async () => (await state()).some((row) => row.state === "delivered")),
    );
    assert.deepEqual(receiver.told("/v2/enqueue"), []);
  });
});
