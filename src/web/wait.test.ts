import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { eachDatabase, freshSqlite } from "../../test/fixtures/databases.ts";
import { newId } from "../model/id.ts";
import { newIncident } from "../model/incident.ts";
import type { Alert } from "../model/alert.ts";
import type { Context } from "../steps/context.ts";
import { insertAlert, markRouted } from "../store/alerts.ts";
import type { Database } from "../store/database.ts";
import { incidentById, insertIncident, joinAlert, updateIncident } from "../store/incidents.ts";
import { wake } from "../store/jobs.ts";
import type { Site } from "./site.ts";
import { Waiters } from "./wait.ts";

/** All of a site that waiting needs; `reads` counts the questions to the database. */
function siteOn(database: Database) {
  const counted: Database = Object.create(database, {
    read: {
      value: (...question: Parameters<Database["read"]>) => {
        site.reads += 1;
        return database.read(...question);
      },
    },
    onWake: { value: (callback: () => void) => database.onWake(callback) },
  }) as Database;
  const stopping = new AbortController();
  const site = {
    reads: 0,
    stopping,
    site: { context: { database: counted } as Context, stopping: stopping.signal } as Site,
  };
  return site;
}

function alertOf(id: string): Alert {
  const nothing = { onlyRoute: null, contentType: null, dedupKey: null, targetUrl: null, fault: null };
  return { ...nothing, id, receivedAt: 1, source: "webhook", body: new Uint8Array(), status: "firing" };
}

eachDatabase("waiting for verdicts", (fresh) => {
  test("ends when each alert is routed and no incident of theirs is being checked", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const { site } = siteOn(database);
    const ids = [newId(), newId()];
    const incident = newIncident({ route: "page", subject: "it", now: 1 });
    await database.write(ids.map((id) => insertAlert(alertOf(id))));
    let ended = false;
    const waiting = new Waiters(site).verdictsOf(ids, 60_000).finally(() => (ended = true));

    await database.write([...ids.map((id) => markRouted(id, 2)), wake("inbox", 2)]);
    // An alert that nobody took is settled: the other one's incident is what there is to wait for.
    assert.equal((await new Waiters(site).verdictsOf([ids[0] ?? ""], 60_000))?.length, 0);
    await database.write([
      insertIncident(incident),
      ...ids.map((id) => joinAlert(incident.id, id, "firing")),
    ]);
    const late = new Waiters(site).verdictsOf(ids, 60_000);
    const stored = await incidentById(database, incident.id);
    assert.ok(stored !== undefined);
    await database.write([updateIncident({ ...stored, state: "open" }), wake("inbox", 3)]);
    assert.deepEqual(
      (await late)?.map(({ id, state }) => [id, state]),
      [[incident.id, "open"]],
    );
    await waiting;
    assert.ok(ended);
  });
});

suite("many who wait", () => {
  test("share their looks: wake-ups in a row cost one each at most", async () => {
    await using place = await freshSqlite();
    await using database = await place.open();
    const counted = siteOn(database);
    const waiters = new Waiters(counted.site);
    const ids = Array.from({ length: 20 }, newId);
    await database.write(ids.map((id) => insertAlert(alertOf(id))));
    const all = ids.map((id) => waiters.verdictsOf([id], 600));
    for (let time = 0; time < 100; time += 1) await database.write([wake("inbox", time)]);
    assert.deepEqual(new Set(await Promise.all(all)), new Set([undefined]));
    // Each looks when it comes, then twice a period: three periods begin in 600 ms.
    assert.ok(counted.reads <= ids.length * 7, `${counted.reads} looks`);
  });

  test("are 200 at most: whoever comes next is told at once that there is no verdict yet", async () => {
    await using place = await freshSqlite();
    await using database = await place.open();
    const { site, stopping } = siteOn(database);
    const waiters = new Waiters(site);
    const id = newId();
    await database.write([insertAlert(alertOf(id))]);
    const all = Array.from({ length: 200 }, () => waiters.verdictsOf([id], 60_000));
    const start = performance.now();
    assert.equal(await waiters.verdictsOf([id], 60_000), undefined);
    assert.ok(performance.now() - start < 20_000);
    stopping.abort();
    await Promise.all(all);
    // Their places are free again.
    await database.write([markRouted(id, 2)]);
    const { site: next } = siteOn(database);
    assert.deepEqual(await new Waiters(next).verdictsOf([id], 60_000), []);
  });
});
