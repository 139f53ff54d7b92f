import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "pg";
import { eachDatabase, freshSqlite } from "../../test/fixtures/databases.ts";
import { explaining } from "../../test/fixtures/plans.ts";
import { until } from "../../test/fixtures/until.ts";
import { newId } from "../model/id.ts";
import { newIncident } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import { insertDelivery, settleDelivery } from "./deliveries.ts";
import {
  closeWhenDelivered,
  currentIncident,
  incidentById,
  insertIncident,
  listIncidents,
  openOnRoute,
  openWithFlag,
  updateIncident,
} from "./incidents.ts";

function incidentOf(route: string, subject: string, rest: Partial<Incident> = {}): Incident {
  return { ...newIncident({ route, subject, now: 1 }), ...rest };
}

function dueTo(action: string, incidentId: string) {
  const notice = { alertId: null, note: null };
  const due = { incidentId, action, event: "trigger", runId: null, notice, now: 1, dueAt: 1 } as const;
  return insertDelivery({ id: newId(), ...due });
}

const closed = (closedAt: number) => ({ state: "closed", closedAt }) as const;

eachDatabase("incidents", (fresh, kind) => {
  test("the current one is the open one, else the one closed last, if that is not too long ago", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const rows = {
      first: incidentOf("page", "both", closed(300)),
      open: incidentOf("page", "both", { state: "open" }),
      late: incidentOf("page", "over", closed(200)),
      early: incidentOf("page", "over", closed(100)),
      elsewhere: incidentOf("other", "over", { state: "open" }),
    };
    await database.write(Object.values(rows).map(insertIncident));
    const cases = [
      ["page", "both", 0, rows.open],
      ["page", "both", 900, rows.open],
      ["page", "over", 0, rows.late],
      ["page", "over", 199, rows.late],
      ["page", "over", 200, undefined],
      ["page", "nothing", 0, undefined],
      ["other", "over", 0, rows.elsewhere],
      ["other", "both", 0, undefined],
    ] as const;
    for (const [route, subject, closedAfter, expected] of cases) {
      const found = await currentIncident(database, { route, subject }, closedAfter);
      assert.equal(found?.id, expected?.id, `${route} ${subject} after ${closedAfter}`);
    }
  });

  test("one is over when all is delivered, and not while an alert joins it", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const [over, joined] = [
      incidentOf("page", "over", { state: "open" }),
      incidentOf("page", "joined", { state: "open" }),
    ];
    await database.write([insertIncident(over), insertIncident(joined)]);
    await database.write(closeWhenDelivered(over.id, 5));
    assert.equal((await incidentById(database, over.id))?.closedAt, 5);
    if (kind === "sqlite") return; // One writer at a time.

    const { url } = place.location as { url: string };
    const client = new Client(url);
    await client.connect();
    try {
      await client.query("begin");
      for (const statement of [updateIncident({ ...joined, alertCount: 2 }), dueTo("team", joined.id)])
        await client.query(statement.sql, [...statement.params]);
      const closing = database.write(closeWhenDelivered(joined.id, 6));
      const waiting =
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
      await until("it to wait", async () => (await client.query(waiting)).rowCount === 1);
      await client.query("commit");
      await closing;
    } finally {
      await client.end();
    }
    const found = await incidentById(database, joined.id);
    assert.deepEqual([found?.state, found?.alertCount], ["open", 2]);
  });

  test("it is over though its last deliveries end at once, in two replicas", async () => {
    await using place = await fresh();
    await using one = await place.open();
    await using two = await place.open();
    const outcome = { state: "delivered", attempts: 1, nextAt: 1, fallbackAt: null, error: null } as const;
    const ends = { ...outcome, thread: null, deliveredAt: 2 };
    const ids = Array.from({ length: 20 }, (_, index) =>
      newIncident({ route: "page", subject: `${index}`, now: 1 }),
    );
    for (const incident of ids) {
      const [pager, team] = [dueTo("pager", incident.id), dueTo("team", incident.id)];
      await one.write([insertIncident({ ...incident, state: "open" }), pager, team]);
      const ended = [pager, team].map(({ params }) => [
        settleDelivery(String(params[0]), ends),
        ...closeWhenDelivered(incident.id, 2),
      ]);
      await Promise.all(ended.map((statements, index) => (index === 0 ? one : two).write(statements)));
    }
    const found = await Promise.all(ids.map(({ id }) => incidentById(one, id)));
    assert.deepEqual(
      found.map((incident) => incident?.closedAt),
      ids.map(() => 2),
    );
  });

  test("the list is newest first, by route, by outcome and by both, page by page", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const kinds = [
      { route: "page", outcome: "confirmed" },
      { route: "page", outcome: "regional" },
      { route: "other", outcome: "confirmed" },
    ] as const;
    const all = [0, 1, 2, 3].flatMap((number) =>
      kinds.map(({ route, outcome }) => incidentOf(route, `${outcome}-${number}`, { outcome })),
    );
    await database.write(all.map(insertIncident));
    for (const filter of [{}, { route: "page" }, { outcome: "confirmed" }, kinds[0], { route: "none" }]) {
      const wanted = Object.entries(filter);
      const expected = all
        .filter((one) => wanted.every(([key, value]) => Reflect.get(one, key) === value))
        .map(({ id }) => id)
        .toSorted()
        .toReversed();
      const pages: string[] = [];
      for (let cursor: string | undefined; ;) {
        const page = await listIncidents(database, { ...filter, limit: 3, cursor });
        pages.push(...page.map(({ id }) => id));
        if (page.length < 3) break;
        cursor = page.at(-1)?.id;
      }
      assert.deepEqual(pages, expected, JSON.stringify(filter));
    }
  });
});

test("no question reads more of the history than it shows", async () => {
  await using place = await freshSqlite();
  await using database = await place.open();
  const { database: asked, plans } = explaining(database);
  await currentIncident(asked, { route: "page", subject: "it" }, 0);
  const filters = [{}, { route: "page" }, { outcome: "bad" }, { route: "page", outcome: "bad" }];
  for (const filter of filters) {
    await listIncidents(asked, { ...filter, limit: 50 });
    await listIncidents(asked, { ...filter, limit: 50, cursor: "x" });
  }
  await openOnRoute(asked, "page");
  await openWithFlag(asked, "muted");
  assert.equal(plans.length, 11);
  for (const plan of plans.splice(9)) assert.match(plan, /SEARCH incidents USING INDEX incidents_open/);
  assert.match(plans[0] ?? "", /incidents_open \(route=\? AND subject=\?\)/);
  assert.match(plans[0] ?? "", /incidents_closed \(route=\? AND subject=\? AND closed_at>\?\)/);
  for (const plan of plans) assert.doesNotMatch(plan, /TEMP B-TREE|SCAN incidents$/m);
});
