import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { configFile } from "../fixtures/config-file.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver } from "../fixtures/receiver.ts";

const program = fileURLToPath(new URL("../../bin/crosscheck.js", import.meta.url));

suite("nobody reads the log any more", () => {
  test("the server goes on: it takes alerts, tells them, answers, and ends with 0", async () => {
    await using receiver = await startReceiver();
    await using file = await configFile({
      routes: [{ name: "pass-on", actions: ["team"] }],
      actions: [{ name: "team", type: "webhook", url: `${receiver.url}/team` }],
      unrouted: ["team"],
      trouble: ["team"],
    });
    await using database = await freshSqlite();
    assert.ok("data" in database.location);
    const where = ["--listen", "127.0.0.1:0", "--data", database.location.data];
    const server = spawn(process.execPath, [program, "serve", "--config", file.path, ...where], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    using _killed = { [Symbol.dispose]: () => void server.kill("SIGKILL") };
    const ended = once(server, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
    const [line] = (await Promise.race([
      once(createInterface({ input: server.stdout }), "line"),
      ended.then((how) => assert.fail(`it ended: ${how.join(" ")}`)),
    ])) as [string];
    const url = line.replace("crosscheck listens on ", "");

    server.stderr.destroy();
    await once(server.stderr, "close");
    // Each is several lines of log.
    for (let number = 0; number < 5; number += 1) {
      const answer = await fetch(url, { method: "POST", body: JSON.stringify({ number }) });
      assert.equal(answer.status, 202);
      await receiver.hears("/team", ((await answer.json()) as { id: string }).id);
    }
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    server.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  });
});
