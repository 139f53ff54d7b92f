import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "pg";
import { dumpSchema } from "../../scripts/dump-schema.ts";
import { speakingEventsV2 } from "../../src/notify/actions/pagerduty.fixture.ts";
import { startReceiver } from "../../src/notify/receiver.fixture.ts";
import { alertById, latestAlert } from "../../src/store/alerts.ts";
import { contrastsOfRun } from "../../src/store/contrasts.ts";
import type { Database } from "../../src/store/database.ts";
import { deliveriesOfIncident, deliveryById } from "../../src/store/deliveries.ts";
import { alertsOfIncident, listIncidents } from "../../src/store/incidents.ts";
import { migrationsFor } from "../../src/store/migrate.ts";
import { muteById } from "../../src/store/mutes.ts";
import { observationsOfRun, runsOfIncident } from "../../src/store/runs.ts";
import { selfTestsOf } from "../../src/store/self-tests.ts";
import { stormMembers } from "../../src/store/storms.ts";
import { wasTold } from "../../src/store/told-messages.ts";
import { startChild } from "../fixtures/child.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type DeliveryJson } from "../fixtures/crosscheck.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { oldReleases, restoreRelease } from "../fixtures/old-database.ts";
import { releaseConfig } from "../fixtures/release-config.ts";
import { until } from "../fixtures/until.ts";
import { startWorld } from "../fixtures/world.ts";

const many = 1000;

async function count(database: Database, table: string): Promise<number> {
  const [row] = await database.read<{ count: number }>(`select count(*) as count from ${table}`);
  return row?.count ?? 0;
}

async function idsOf(database: Database, table: string): Promise<string[]> {
  const rows = await database.read<{ id: string }>(`select id from ${table}`);
  return rows.map(({ id }) => id);
}

/** How many rows of each kind the store's own functions give. Each reads and checks the texts that are in them. */
async function readEverything(database: Database): Promise<Record<string, number>> {
  const incidents = await listIncidents(database, { limit: many });
  const each = <T>(list: (id: string) => Promise<readonly T[]>) =>
    Promise.all(incidents.map(({ id }) => list(id))).then((lists) => lists.flat());
  const runs = await each((id) => runsOfIncident(database, id, many));
  const ofRuns = <T>(list: (id: string) => Promise<readonly T[]>) =>
    Promise.all(runs.map(({ id }) => list(id))).then((lists) => lists.flat());
  const alerts = await Promise.all((await idsOf(database, "alerts")).map((id) => alertById(database, id)));
  const mutes = await Promise.all((await idsOf(database, "mutes")).map((id) => muteById(database, id)));
  const told = await database.read<{ route: string; key: string }>("select route, key from told_messages");
  const known = await Promise.all(told.map((one) => wasTold(database, { ...one, since: 0 })));
  const checks = await database.read<{ name: string }>("select distinct check_name as name from self_tests");
  return {
    incidents: incidents.length,
    incident_alerts: (await each((id) => alertsOfIncident(database, id, many))).length,
    runs: runs.length,
    observations: (await ofRuns((id) => observationsOfRun(database, id))).length,
    contrasts: (await ofRuns((id) => contrastsOfRun(database, id))).length,
    deliveries: (await each((id) => deliveriesOfIncident(database, id))).length,
    storm_members: (await each((id) => stormMembers(database, id))).length,
    alerts: alerts.filter((found) => found !== undefined && found.alert.body.length > 0).length,
    mutes: mutes.filter((mute) => mute !== undefined).length,
    told_messages: known.filter(Boolean).length,
    self_tests: (
      await selfTestsOf(
        database,
        checks.map(({ name }) => name),
      )
    ).length,
  };
}

eachDatabase("a database that an earlier release has written", (fresh, kind) => {
  test("is there for every release", () => {
    assert.ok(oldReleases(kind).includes("0.1.0"));
  });

  for (const release of oldReleases(kind)) {
    test(`${release}: its tables become those of a new one, and every row can be read`, async () => {
      await using place = await fresh();
      await restoreRelease(release, place.location);
      await using database = await place.open();
      await using newPlace = await fresh();
      await using newDatabase = await newPlace.open();
      assert.equal(await dumpSchema(database), await dumpSchema(newDatabase));
      const read = await readEverything(database);
      for (const [table, rows] of Object.entries(read)) {
        assert.equal(rows, await count(database, table), table);
        assert.ok(rows > 0, `nothing in ${table}`);
      }
    });

    test(`${release}: a server starts on it and goes on with the open work`, async () => {
      await using world = await startWorld(["eu", "na"]);
      await using pager = await startReceiver(speakingEventsV2);
      await using file = await configFile(releaseConfig(world, pager));
      await using place = await fresh();
      await restoreRelease(release, place.location);
      const before = await openWork(place);
      await using server = await startCrosscheck({ config: file.path, database: place.location });

      await world.receiver.hears("/oncall", before.unroutedUrl);
      await until("what was waiting to be told", async () => {
        const { deliveries } = await server.read<{ deliveries: DeliveryJson[] }>(
          "/api/v1/deliveries?limit=200",
        );
        const waited = deliveries.filter(({ id }) => before.pending.includes(id));
        assert.equal(waited.length, before.pending.length);
        return waited.every(({ state }) => state === "delivered" || state === "superseded");
      });
      await world.receiver.hears("/busy");
      await until("the open incident to be checked again", async () => {
        const { runs } = await server.read<{ runs: unknown[] }>(`/api/v1/incidents/${before.openIncident}`);
        return runs.length > 1;
      });
      assert.equal(await server.stop(), 0);
    });
  }

  if (kind === "postgres")
    test("tables that somebody has locked are left as they are, and the start says so", async () => {
      await using place = await fresh();
      await restoreRelease("0.1.0", place.location);
      assert.ok("url" in place.location);
      const other = new Client({ connectionString: place.location.url });
      await other.connect();
      try {
        await other.query("begin");
        await other.query("select count(*) from alerts");
        await assert.rejects(
          place.open(),
          /another session has held a lock on them for 5 s: end it, then start again$/,
        );
        await other.query("rollback");
      } finally {
        await other.end();
      }
      await using database = await place.open();
      assert.equal(await count(database, "migrations"), migrationsFor(kind).length);
    });

  for (const [what, release] of [
    ["an empty one", undefined],
    ["the last release's", oldReleases(kind).at(-1)],
  ] as const) {
    test(`${what}: five processes that start at once all come up, and the steps are done once`, async () => {
      await using place = await fresh();
      if (release !== undefined) await restoreRelease(release, place.location);
      await using opened = new AsyncDisposableStack();
      const started = Array.from({ length: 5 }, () =>
        opened.use(startChild("./open-database.ts", JSON.stringify(place.location))),
      );
      const all = JSON.stringify(migrationsFor(kind).map(({ number }) => number));
      for (const child of started) {
        const [line] = await until(
          "it to open",
          () => (child.lines.length > 0 ? child.lines : undefined),
          60_000,
        );
        assert.equal(line, all);
      }
    });
  }
});

/** What a database's last server had not finished. */
async function openWork(place: { open(): Promise<Database> }) {
  await using database = await place.open();
  const unrouted = await database.read<{ id: string }>("select id from alerts where routed_at is null");
  const pending = await database.read<{ id: string }>("select id from deliveries where state = 'pending'");
  const [open] = await database.read<{ id: string }>(
    "select id from incidents where route = 'wrong' and closed_at is null",
  );
  assert.ok(unrouted[0] && open && pending.length > 1);
  const alert = (await alertById(database, unrouted[0].id))?.alert;
  assert.ok(await latestAlert(database, open.id));
  for (const { id } of pending) assert.ok(await deliveryById(database, id));
  const { url } = JSON.parse(new TextDecoder().decode(alert?.body)) as { url: string };
  return { unroutedUrl: url, openIncident: open.id, pending: pending.map(({ id }) => id) };
}
