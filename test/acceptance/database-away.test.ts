import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { findPostgres, startPostgres, type PostgresServer } from "../fixtures/postgres.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

const skip = findPostgres() === undefined && "PostgreSQL is not installed";

function configFor(world: World, server: object = {}) {
  const { url } = world.receiver;
  return configIn(world, {
    routes: [
      { ...pageRoute, verdict: { ...quick, hold: "60s" } },
      { name: "pass-on", input: "input.number", actions: ["listener"] },
    ],
    actions: ["oncall", "team", "ops", "listener", "pager"].map((name) => ({
      name,
      type: "webhook",
      url: `${url}/${name}`,
    })),
    server: { "allow-private-targets": ["127.0.0.0/8"], emergency: ["pager"], ...server },
  });
}

/** A server on a PostgreSQL of its own, with a data folder beside it. */
async function startPlace(server: object = {}) {
  await using parts = new AsyncDisposableStack();
  const world = parts.use(await startWorld(["eu", "na"]));
  const file = parts.use(await configFile(configFor(world, server)));
  const postgres = parts.use((await startPostgres({ fsync: true })) as PostgresServer);
  const database = { url: await postgres.createDatabase() };
  const data = await mkdtemp(join(tmpdir(), "crosscheck-data-"));
  parts.defer(() => rm(data, { recursive: true }));
  const serve = () => startCrosscheck({ config: file.path, database, args: ["--data", data] });
  const opened = parts.move();
  return { world, postgres, data, serve, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

suite("PostgreSQL goes away", { skip, concurrency: 2 }, () => {
  test("under load: every alert is taken, and all are delivered once it is back", async () => {
    await using place = await startPlace();
    const { world, postgres } = place;
    await using server = await place.serve();
    const ids: string[] = [];
    const ended = new AbortController();
    const load = async () => {
      for (let number = 1; !ended.signal.aborted; number += 1) ids.push(await server.post({ number }));
    };
    const sending = Promise.all([load(), load(), load()]);
    await until("alerts to be stored", () => ids.length > 20);
    await postgres.stop();
    const before = ids.length;
    world.site.set("/down", "down");
    const page = await server.post({ url: world.site.page("/down") });
    await until("alerts to be taken meanwhile", () => ids.length > before + 200);
    const ready = await server.read<{ status: string; database: string; degraded: string[] }>("/readyz");
    assert.deepEqual([ready.status, ready.database], ["ready", "away"]);
    assert.deepEqual(ready.degraded, ["the database is away: alerts wait in the spool"]);
    assert.match(await (await server.request("/metrics")).text(), /^crosscheck_spool_alerts [1-9]\d*$/m);
    await postgres.start();
    await until("alerts to be taken again", () => ids.length > before + 300);
    ended.abort();
    await sending;

    await until("every alert to be delivered", () =>
      ids.every((id) => world.receiver.told("/listener", id).length > 0),
    );
    const [told] = await world.receiver.hears("/oncall", world.site.page("/down"));
    assert.match(told?.firstLine ?? "", /^DOWN/);
    assert.match(told?.body ?? "", new RegExp(page));
    for (const id of ids) {
      const keys = new Set(world.receiver.told("/listener", id).map(({ key }) => key));
      assert.equal(keys.size, 1, "sent twice only under one key");
    }
    await until("the spool to be empty", async () => (await readdir(join(place.data, "spool"))).length === 0);
  });

  test("for longer than 15 s: the raw alert is told under a key of its bytes, and judged when it is back", async () => {
    await using place = await startPlace();
    const { world, postgres } = place;
    await using server = await place.serve();
    await postgres.stop();
    world.site.set("/down", "down");
    const subject = world.site.page("/down");
    const body = JSON.stringify({ url: subject });
    await server.post({ url: subject });
    const [raw] = await world.receiver.hears("/pager", subject, 1, 60_000);
    assert.match(raw?.firstLine ?? "", /^COULD NOT CHECK, treat as real .*: Crosscheck's database is away/);
    assert.equal(raw?.key, createHash("sha256").update(body).digest("hex"));
    assert.equal(raw?.event, "trigger");

    const later = { number: 7 };
    await server.post(later);
    const [second] = await world.receiver.hears("/pager", JSON.stringify(JSON.stringify(later)).slice(1, -1));
    assert.notEqual(second?.key, raw?.key);
    await postgres.start();
    const [verdict] = await world.receiver.hears("/oncall", subject);
    assert.match(verdict?.firstLine ?? "", /^DOWN/);
    await world.receiver.hears("/listener");
    assert.equal(world.receiver.told("/pager", subject).length, 1);
    assert.match((await world.receiver.hears("/ops", "database-away"))[0]?.firstLine ?? "", /TROUBLE/);
  });

  test("killed with alerts in the spool: the next process stores them", async () => {
    await using place = await startPlace();
    const { world, postgres } = place;
    const ids: string[] = [];
    {
      await using server = await place.serve();
      await postgres.stop();
      for (let number = 1; number <= 30; number += 1) ids.push(await server.post({ number }));
    }
    await postgres.start();
    await using _next = await place.serve();
    await until("every alert to be delivered", () =>
      ids.every((id) => world.receiver.told("/listener", id).length === 1),
    );
  });

  test("in the middle of a run: whom its verdict would wake is told, and again later under the same key", async () => {
    await using place = await startPlace();
    const { world, postgres } = place;
    await using server = await place.serve();
    world.site.set("/mid-run", "silent");
    const subject = world.site.page("/mid-run");
    await server.post({ url: subject });
    await until("the run to begin", () => world.site.visits("/mid-run").length > 0);
    await postgres.stop();
    const [told] = await world.receiver.hears("/oncall", subject, 1, 60_000);
    assert.match(told?.firstLine ?? "", /^(DOWN|COULD NOT CHECK)/);
    assert.match(told?.body ?? "", /[Tt]old while Crosscheck's database is away/);
    await postgres.start();
    const [, again] = await world.receiver.hears("/oncall", subject, 2, 60_000);
    assert.equal(again?.key, told?.key);
    assert.equal((await server.incidentOf(subject))?.state, "open");
  });

  test("a full spool: told at once; and refused, to be sent again, when nobody can be told", async () => {
    await using place = await startPlace({ spool: "1 B" });
    const { world, postgres } = place;
    await using server = await place.serve();
    await postgres.stop();
    await server.post({ number: 1 });
    const [raw] = world.receiver.told("/pager");
    assert.match(raw?.firstLine ?? "", /^COULD NOT CHECK/);
    world.receiver.always("/pager", (response) => response.writeHead(400).end());
    const answer = await server.request("/", { method: "POST", body: JSON.stringify({ number: 2 }) });
    assert.equal(answer.status, 503);
    assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
    // Who turned the senders away here would tell nobody once the receiver is well again.
    const ready = await server.read<{ status: string; database: string; degraded: string[] }>("/readyz");
    assert.deepEqual([ready.status, ready.database], ["ready", "away"]);
    assert.equal(ready.degraded[0], "the database is away: alerts are told unchecked to server.emergency");
    await postgres.start();
    await until("alerts to be stored again", async () => {
      const again = await server.request("/", { method: "POST", body: JSON.stringify({ number: 2 }) });
      return again.status === 202;
    });
    await world.receiver.hears("/listener");
  });

  test("a full spool, and nobody to be told: it is not ready, until the database is back", async () => {
    await using place = await startPlace({ spool: "1 B", emergency: [] });
    const { postgres } = place;
    await using server = await place.serve();
    const ready = async () => (await server.request("/readyz")).status;
    assert.equal(await ready(), 200);
    await postgres.stop();
    const refused = await server.request("/", { method: "POST", body: JSON.stringify({ number: 1 }) });
    assert.equal(refused.status, 503);
    assert.equal(await ready(), 503);
    await postgres.start();
    await until("it to be ready again", async () => (await ready()) === 200);
  });
});
