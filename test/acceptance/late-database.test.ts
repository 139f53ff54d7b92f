import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { Client } from "pg";
import { configFile } from "../fixtures/config-file.ts";
import { startCommand } from "../fixtures/command.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { findPostgres, startPostgres, type PostgresServer } from "../fixtures/postgres.ts";
import { startReceiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

const skip = findPostgres() === undefined && "PostgreSQL is not installed";

/** A PostgreSQL that is stopped, with an empty database, and what a server on it needs. */
async function startPlace() {
  await using parts = new AsyncDisposableStack();
  const receiver = parts.use(await startReceiver());
  const file = parts.use(
    await configFile({
      controls: [],
      resolvers: [],
      routes: [{ name: "pass-on", actions: ["listener"] }],
      actions: ["listener", "ops"].map((name) => ({ name, type: "webhook", url: `${receiver.url}/${name}` })),
      unrouted: ["ops"],
      trouble: ["ops"],
    }),
  );
  const postgres = parts.use((await startPostgres()) as PostgresServer);
  const url = await postgres.createDatabase();
  await postgres.stop();
  const data = await mkdtemp(join(tmpdir(), "crosscheck-data-"));
  parts.defer(() => rm(data, { recursive: true }));
  const opened = parts.move();
  return {
    receiver,
    config: file.path,
    postgres,
    url,
    data,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

suite("a start while PostgreSQL is away", { skip, concurrency: 2 }, () => {
  test("alerts are taken at once, and delivered once it is there", async () => {
    await using place = await startPlace();
    const { receiver, config, url, data } = place;
    await using server = await startCrosscheck({ config, database: { url }, args: ["--data", data] });
    const ids = await Promise.all([1, 2, 3].map((number) => server.post({ number })));
    assert.equal((await server.request("/healthz")).status, 200);
    const ready = await server.read<{ status: string; database: string; fault: string }>("/readyz");
    assert.deepEqual([ready.status, ready.database], ["ready", "away"]);
    assert.match(
      ready.fault,
      /away since the start: cannot open the PostgreSQL database test_1 .*ECONNREFUSED/,
    );
    await until(
      "it to say more than once what it waits for",
      () => server.log.filter(({ event }) => event === "database-awaited").length > 1,
    );
    await place.postgres.start();
    await until("the alerts to be delivered", () =>
      ids.every((id) => receiver.told("/listener", id).length === 1),
    );
    await until("the spool to be empty", async () => (await readdir(join(data, "spool"))).length === 0);
    const after = await server.read<{ database?: string }>("/readyz");
    assert.equal(after.database, undefined);
    await receiver.hears("/ops", "database-away");
    assert.equal(await server.stop(), 0);
  });

  test("with nowhere to keep an alert: it is refused, to be sent again, and not ready", async () => {
    await using place = await startPlace();
    await using server = await startCrosscheck({ config: place.config, database: { url: place.url } });
    const post = () => server.request("/", { method: "POST", body: "{}" });
    const refused = await post();
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
    assert.equal((await server.request("/readyz")).status, 503);
    assert.equal((await server.request("/healthz")).status, 200);
    await place.postgres.start();
    await until("alerts to be taken", async () => (await post()).status === 202);
    await place.receiver.hears("/listener");
  });

  test("it comes up without the database: that is said, and waited for as well", async () => {
    await using place = await startPlace();
    const { receiver, config, data } = place;
    const url = place.url.replace(/[^/]+$/, "later");
    await using server = await startCrosscheck({ config, database: { url }, args: ["--data", data] });
    const id = await server.post({ number: 1 });
    await place.postgres.start();
    await until("it to say what is missing", () =>
      server.log.some(
        ({ event, error }) => event === "database-awaited" && /"later" does not exist/.test(String(error)),
      ),
    );
    const client = new Client({ connectionString: place.url });
    await client.connect();
    await client.query("create database later");
    await client.end();
    await until("the alert to be delivered", () => receiver.told("/listener", id).length === 1);
  });

  test("stopped before it is there: a good end, and no password in what was said", async () => {
    await using place = await startPlace();
    const url = place.url.replace("postgres@", "postgres:hunter2@");
    const options = ["--config", place.config, "--listen", "127.0.0.1:0", "--database", url];
    await using command = startCommand(["serve", ...options, "--data", place.data]);
    await until("it to listen", () => command.stdout.some((line) => line.startsWith("crosscheck listens")));
    const said = () => [...command.stderr, ...command.stdout].join("\n");
    assert.match(
      said(),
      /^cannot open the PostgreSQL database test_1 at .*ECONNREFUSED.*: it is opened as soon/m,
    );
    command.send("SIGTERM");
    assert.equal(await command.ended, 0);
    assert.doesNotMatch(said(), /hunter2/);
  });
});
