import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { startReceiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

const program = join(import.meta.dirname, "../../bin/crosscheck.js");

/** Everything is read-only but one folder, as in a container: there is no /tmp to write to. */
const script = `set -e
mount --make-rprivate /
mount --bind "$1" "$1"
for place in / /tmp /var/tmp /dev/shm "$2"; do
  if mountpoint -q "$place"; then mount -o remount,bind,ro "$place"; fi
done
for place in /tmp /var/tmp "$2"; do
  if touch "$place/crosscheck-probe" 2>/dev/null; then echo "$place can be written to" >&2; exit 1; fi
done
cd /
shift 2
exec "$@"`;

test("nothing but the data folder need be writable: alerts are routed and told", async (t) => {
  if (spawnSync("unshare", ["--mount", "true"]).status !== 0)
    return t.skip("a mount namespace takes root and unshare");
  const data = await mkdtemp(join(tmpdir(), "crosscheck-read-only-"));
  await chmod(data, 0o700);
  await using receiver = await startReceiver();
  await using file = await configFile({
    controls: [],
    resolvers: [],
    checks: [{ name: "site", type: "http", url: "http://127.0.0.1:1/" }],
    routes: [
      { name: "all", actions: ["team"], input: "not input.check" },
      { name: "checked", checks: ["site"], actions: ["oncall"], input: "input.check" },
    ],
    actions: ["team", "oncall"].map((name) => ({ name, type: "webhook", url: `${receiver.url}/${name}` })),
  });
  const serve = [program, "serve", "--config", file.path, "--listen", "127.0.0.1:0", "--data", data];
  const child = spawn(
    "unshare",
    ["--mount", "sh", "-c", script, "sh", data, dirname(data), process.execPath, ...serve],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = once(child, "exit");
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on("line", (line) => lines.push(line));
  try {
    const listening = () =>
      lines.map((line) => /^crosscheck listens on (\S+)$/.exec(line)?.[1]).find(Boolean);
    const url = await until("it to listen", listening, 60_000);
    for (const alert of [{ note: "here" }, { check: true }]) {
      const answer = await fetch(url, { method: "POST", body: JSON.stringify(alert) });
      assert.equal(answer.status, 202);
      await answer.arrayBuffer();
    }
    await receiver.hears("/team");
    await receiver.hears("/oncall");
    assert.deepEqual(
      lines.filter((line) => line.includes('"level":"error"')),
      [],
    );
  } finally {
    child.kill("SIGTERM");
    await ended;
    await rm(data, { recursive: true });
  }
});
