import assert from "node:assert/strict";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { runCommand, startCommand } from "../fixtures/command.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

interface Ready {
  readonly config: { readonly hash: string; readonly stale?: true; readonly faults?: readonly string[] };
}

async function startPlace() {
  await using parts = new AsyncDisposableStack();
  const receiver = parts.use(await startReceiver());
  const config = (generation: number, more: object = {}) => ({
    controls: [],
    resolvers: [],
    "data-files": ["catalogue.yaml"],
    routes: [{ name: "pass-on", actions: ["listener"] }],
    actions: [
      { name: "listener", type: "webhook", url: `${receiver.url}/listener-${generation}` },
      { name: "ops", type: "webhook", url: `${receiver.url}/ops` },
    ],
    trouble: ["ops"],
    ...more,
  });
  const file = parts.use(await configFile(config(1)));
  const catalogue = join(file.folder, "catalogue.yaml");
  await writeFile(catalogue, "owners: {}\n");
  const database = parts.use(await freshSqlite());
  const { data } = database.location as { data: string };
  const start = (...args: string[]) =>
    startCrosscheck({ config: file.path, database: database.location, args });
  const opened = parts.move();
  return {
    receiver,
    config,
    file,
    catalogue,
    data,
    start,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

suite("the last good configuration", { concurrency: 2 }, () => {
  test("a broken file: serve starts with what ran last, says so, and a good file heals it", async () => {
    await using place = await startPlace();
    const { receiver, file, config } = place;
    {
      await using server = await place.start();
      await server.stop();
    }
    assert.equal((await stat(join(place.data, "last-good.json"))).mode & 0o777, 0o600);
    await file.write({ ...config(2), routes: [{ name: "pass-on", actions: ["listner"] }] });
    // What else it consists of is broken as well: it runs as it was.
    await writeFile(place.catalogue, "owners: [");

    await using command = startCommand([
      "serve",
      "--config",
      file.path,
      "--listen",
      "127.0.0.1:0",
      "--data",
      place.data,
    ]);
    const listening = () => command.stdout.map((line) => /^crosscheck listens on (\S+)$/.exec(line)?.[1]);
    const url = await until("it to listen", () => listening().find(Boolean));
    assert.match(
      command.stdout[0] ?? "",
      /crosscheck\.yaml cannot be used, the last good configuration of 20\d\d-.*Z runs in its place: .*crosscheck\.yaml:\d+:\d+: error: /,
    );
    const ready = (await (await fetch(`${url}/readyz`)).json()) as Ready;
    assert.equal(ready.config.stale, true);
    assert.match(ready.config.faults?.join("\n") ?? "", /did you mean "listener"/);
    await fetch(url, { method: "POST", body: "{}" });
    await receiver.hears("/listener-1");
    const [trouble] = await receiver.hears("/ops", "stale-config");
    assert.match(trouble?.body ?? "", /the last good configuration of/);
    const event = command.stderr.map(
      (line) => line.startsWith("{") && (JSON.parse(line) as { event: string }).event,
    );
    assert.equal(event.find(Boolean), "stale-config");

    await writeFile(place.catalogue, "owners: {}\n");
    await file.write(config(3));
    assert.equal((await fetch(`${url}/reload`, { method: "POST" })).status, 200);
    const healed = (await (await fetch(`${url}/readyz`)).json()) as Ready;
    assert.equal(healed.config.stale, undefined);
    await fetch(url, { method: "POST", body: "{}" });
    await receiver.hears("/listener-3");
    command.send("SIGTERM");
    assert.equal(await command.ended, 0);

    await file.write("routes: [");
    await using again = await place.start();
    await again.post({ number: 3 });
    await receiver.hears("/listener-3", "", 2);
  });

  test("--strict-start refuses it, and so does a first start", async () => {
    await using place = await startPlace();
    await place.file.write("routes: 7");
    const serve = ["serve", "--config", place.file.path, "--listen", "127.0.0.1:0", "--data", place.data];
    const first = await runCommand(serve);
    assert.equal(first.code, 1);
    assert.match(first.stderr.join("\n"), /crosscheck\.yaml:1:\d+: error: /);
    await place.file.write(place.config(1));
    {
      await using server = await place.start("--strict-start");
      await server.stop();
    }
    await place.file.write("routes: 7");
    const strict = await runCommand([...serve, "--strict-start"]);
    assert.deepEqual([strict.code, strict.stdout], [1, []]);
    assert.deepEqual(strict.stderr, first.stderr);
  });

  test("a secret that is gone is a fault like any other; the file itself may say where its folder is", async () => {
    await using place = await startPlace();
    const { config, file, data } = place;
    await file.write(config(1, { server: { data } }));
    const serve = ["serve", "--config", file.path];
    const listening = { env: {}, cwd: file.folder };
    {
      await using command = startCommand([...serve, "--listen", "127.0.0.1:0"], listening);
      await until("it to listen", () => command.stdout.length > 0);
      command.send("SIGTERM");
      await command.ended;
    }
    await file.write(config(2, { server: { data, listen: "0.0.0.0:0", "api-tokens": ["$NO_SUCH_TOKEN"] } }));
    await using command = startCommand([...serve, "--listen", "127.0.0.1:0"], listening);
    await until("it to listen", () => command.stdout.length > 1);
    assert.match(command.stdout[0] ?? "", /NO_SUCH_TOKEN is not set/);
  });
});
