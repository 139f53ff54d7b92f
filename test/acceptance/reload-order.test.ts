import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

/** What is going on may go on for 10 s; a second more, and what it takes to end a process on a busy machine. */
const exitWithinMs = 15_000;
const slowFile = "slow.yaml";

/** A location of its own: a setup that nobody closes would keep the process alive. */
function configFor(url: string, listener: string, settings: object = {}) {
  return {
    locations: [{ name: "here", type: "local" }],
    routes: [{ name: "pass-on", actions: ["listener"] }],
    actions: [{ name: "listener", type: "webhook", url: `${url}/${listener}` }],
    unrouted: ["listener"],
    trouble: ["listener"],
    ...settings,
  };
}

/** A file that gives whoever reads it nothing until it is fed. */
async function slowFileIn(folder: string) {
  const path = join(folder, slowFile);
  await promisify(execFile)("mkfifo", [path]);
  return {
    /** Resolves once somebody waits for its content. */
    awaited: () => until("somebody to read it", () => open(path, constants.O_WRONLY | constants.O_NONBLOCK)),
    async feed(reader: FileHandle) {
      await reader.writeFile("catalogue: {}\n");
      await reader.close();
    },
  };
}

const hashOf = async (server: Crosscheck) =>
  (await server.read<{ config: { hash: string } }>("/readyz")).config.hash;

suite("a reload that takes its time", { concurrency: true }, () => {
  test("under way at SIGTERM: the process ends with 0, in time", async () => {
    await using receiver = await startReceiver();
    await using file = await configFile(configFor(receiver.url, "first"));
    await using database = await freshSqlite();
    await using server = await startCrosscheck({ config: file.path, database: database.location });
    const slow = await slowFileIn(file.folder);
    await file.write(configFor(receiver.url, "second", { "data-files": [slowFile] }));
    server.send("SIGHUP");
    const reader = await slow.awaited();
    // This one has not even begun when the server stops.
    server.send("SIGHUP");
    const ended: (number | null)[] = [];
    void server.stop().then((code) => ended.push(code));
    await until("it to stop", () => server.log.some(({ event }) => event === "stopping"));
    await slow.feed(reader);
    await until("it to end", () => ended.length > 0, exitWithinMs);
    assert.deepEqual(ended, [0]);
    assert.deepEqual(
      server.log.filter(({ level }) => level === "error"),
      [],
    );
  });

  test("another one asked for while the server stops: it ends with 0 all the same", async () => {
    await using receiver = await startReceiver();
    await using file = await configFile(configFor(receiver.url, "first"));
    await using database = await freshSqlite();
    await using server = await startCrosscheck({ config: file.path, database: database.location });
    const slow = await slowFileIn(file.folder);
    await file.write(configFor(receiver.url, "second", { "data-files": [slowFile] }));
    server.send("SIGHUP");
    const reader = await slow.awaited();
    const ended: (number | null)[] = [];
    void server.stop().then((code) => ended.push(code));
    await until("it to stop", () => server.log.some(({ event }) => event === "stopping"));
    server.send("SIGHUP");
    await slow.feed(reader);
    await until("it to end", () => ended.length > 0, exitWithinMs);
    assert.deepEqual(ended, [0]);
  });

  test("another one asked for meanwhile: the newest file is what counts", async () => {
    await using receiver = await startReceiver();
    await using file = await configFile(configFor(receiver.url, "first"));
    await using database = await freshSqlite();
    await using server = await startCrosscheck({ config: file.path, database: database.location });
    const slow = await slowFileIn(file.folder);
    const reload = async () => {
      const answer = await server.request("/reload", { method: "POST" });
      assert.equal(answer.status, 200);
      return ((await answer.json()) as { hash: string }).hash;
    };

    await file.write(configFor(receiver.url, "older", { "data-files": [slowFile] }));
    const older = reload();
    const reader = await slow.awaited();
    await file.write(configFor(receiver.url, "newest"));
    const newest = reload();
    // Time enough for it to overtake, if it could.
    for (let asked = 0; asked < 30; asked += 1) await hashOf(server);
    await slow.feed(reader);

    assert.notEqual(await older, await newest);
    assert.equal(await hashOf(server), await newest);
    const id = await server.post({ kind: "page" });
    await receiver.hears("/newest", id);
    assert.deepEqual(receiver.told("/older"), []);
  });
});
