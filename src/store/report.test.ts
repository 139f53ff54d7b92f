import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { checkVerdictOf, incidentOf, noon, planOf, verdictOf } from "../../test/fixtures/observations.ts";
import { firstIdOf, newId } from "../model/id.ts";
import type { Incident } from "../model/incident.ts";
import type { CountedIncident } from "../model/report.ts";
import type { Run } from "../model/run.ts";
import { insertAlert } from "./alerts.ts";
import type { Database } from "./database.ts";
import { insertDelivery, settleDelivery } from "./deliveries.ts";
import { insertIncident, joinAlert } from "./incidents.ts";
import { countedIncidents } from "./report.ts";
import { insertRun } from "./runs.ts";

const always = { since: 0, until: Date.now() * 2 };

async function counted(database: Database, window = always): Promise<CountedIncident[]> {
  const all: CountedIncident[] = [];
  for await (const batch of countedIncidents(database, window)) all.push(...batch);
  return all;
}

function incident(overrides: Partial<Incident> = {}): Incident {
  return incidentOf({ id: newId(), alertCount: 1, subject: newId(), ...overrides });
}

function run(incidentId: string, overrides: Partial<Run>): Run {
  return {
    id: newId(),
    incidentId,
    number: 1,
    cause: "alert",
    plan: planOf(),
    look: 1,
    startedAt: noon,
    deadlineAt: noon,
    endedAt: noon + 4000,
    verdict: null,
    ...overrides,
  };
}

function alert(id: string, source: string) {
  return {
    id,
    receivedAt: noon,
    source,
    onlyRoute: null,
    contentType: null,
    body: new Uint8Array(),
    status: "firing" as const,
    dedupKey: null,
    targetUrl: null,
    fault: null,
  };
}

const idAt = (time: number) => `${firstIdOf(time)}-7000-8000-000000000000`;

eachDatabase("what a report counts", (fresh) => {
  test("an incident with its sender, its audience, its votes and whom it was told to", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const told = { outcome: "confirmed" as const, failing: 2, at: noon, actions: ["pagerduty"] };
    const one = incident({ told, mark: "real", flags: ["flapping"], alertCount: 2 });
    const plan = planOf({ mode: "shadow", policy: { ...planOf().policy, confirm: "majority" } });
    const votes = checkVerdictOf("confirmed", { eu: "fail", na: "flaky" });
    const [eu] = votes.domains;
    assert.ok(eu !== undefined);
    const impaired = { location: "apac", vote: "none", excuse: "impaired", note: "cut off" } as const;
    const check = { ...votes, domains: [{ ...eu, locations: [...eu.locations, impaired] }] };
    const verdict = verdictOf("confirmed", {}, { checks: [check], looks: 2 });
    const told1 = {
      incidentId: one.id,
      runId: null,
      notice: { alertId: null, note: null },
      now: noon,
      dueAt: noon,
    };
    const sent = { state: "delivered" as const, attempts: 1, nextAt: noon, fallbackAt: null, error: null };
    const lost = newId();
    await database.write([
      insertIncident(one),
      ...["alertmanager", "sns"].flatMap((source) => {
        const id = newId();
        return [insertAlert(alert(id, source)), joinAlert(one.id, id, "firing")];
      }),
      insertRun(
        run(one.id, { plan, verdict: verdictOf("inconclusive", {}, { reason: "interrupted", checks: [] }) }),
      ),
      insertRun(run(one.id, { plan, number: 2, verdict })),
      insertRun(run(one.id, { plan, number: 3, cause: "recheck", verdict: verdictOf("not-reproduced", {}) })),
      insertRun(run(one.id, { plan, number: 4, endedAt: null })),
      insertDelivery({ ...told1, id: newId(), action: "slack", event: "trigger" }),
      insertDelivery({ ...told1, id: newId(), action: "slack", event: "verdict" }),
      insertDelivery({ ...told1, id: newId(), action: "email", event: "recovered" }),
      insertDelivery({ ...told1, id: lost, action: "opsgenie", event: "verdict" }),
      settleDelivery(lost, { ...sent, state: "dead", thread: null, deliveredAt: null }),
    ]);
    const { mode, actions, kinds, notify, faults } = plan;
    assert.deepEqual(await counted(database), [
      {
        id: one.id,
        route: one.route,
        subject: one.subject,
        sender: "alertmanager",
        openedAt: noon,
        alerts: 2,
        flags: ["flapping"],
        told,
        mark: "real",
        audience: { mode, actions, kinds, notify, faults, confirm: "majority" },
        toldActions: ["slack"],
        runs: [
          {
            endedAt: noon + 4000,
            looks: 2,
            checks: [
              {
                outcome: "confirmed",
                votes: votes.votes,
                locations: [
                  ["eu", "fail", null],
                  ["apac", "none", "impaired"],
                ],
              },
            ],
          },
        ],
      },
    ]);
  });

  test("the window goes by when incidents were opened; our own messages are no incidents", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const times = [noon - 1, noon, noon + 9, noon + 10];
    await database.write([
      ...times.map((time) => insertIncident(incident({ id: idAt(time) }))),
      ...["trouble", "storm", "digest"].map((route) => insertIncident(incident({ route }))),
    ]);
    const within = await counted(database, { since: noon, until: noon + 10 });
    assert.deepEqual(
      within.map(({ id }) => id),
      [idAt(noon), idAt(noon + 9)],
    );
    assert.equal((await counted(database)).length, times.length);
    assert.deepEqual(
      (await counted(database)).map(({ audience, runs, sender }) => [audience, runs, sender]),
      times.map(() => [null, [], "unknown"]),
    );
  });

  test("a storm comes in batches, whole and each incident once", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const storm = Array.from({ length: 1234 }, () => incident());
    await database.write(storm.map(insertIncident));
    const sizes: number[] = [];
    const seen = new Set<string>();
    for await (const batch of countedIncidents(database, always)) {
      sizes.push(batch.length);
      for (const { id } of batch) seen.add(id);
    }
    assert.deepEqual(sizes, [500, 500, 234]);
    assert.deepEqual(seen, new Set(storm.map(({ id }) => id)));
  });
});
