import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import type { ReadStream } from "node:fs";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import type { TestContext } from "node:test";
import * as z from "zod";
import { DeliveryError, describeError } from "../../model/errors.ts";
import type { Message } from "../../model/message.ts";
import { revealSecrets } from "../../model/secret.ts";
import { alert } from "../facts.fixture.ts";
import { composeMessage } from "../message.ts";
import { regional, scenes, trigger } from "../scenes.fixture.ts";
import { exec } from "./exec.ts";

const arrival = composeMessage(trigger);

interface Workplace {
  readonly folder: string;
  readonly run: (keys: object, message?: Message, signal?: AbortSignal) => Promise<void>;
  /** What scripts wrote to `$OUT`. */
  readonly out: () => Promise<string>;
}

async function workplace(t: TestContext): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-exec-test-"));
  t.after(() => rm(folder, { recursive: true }));
  const out = join(folder, "out");
  return {
    folder,
    async run({ env = {}, ...keys }: { readonly env?: object }, message = arrival, signal = t.signal) {
      const settings = exec.settings.parse({ type: "exec", name: "a", env: { OUT: out, ...env }, ...keys });
      await exec.send(message, settings, { signal, thread: null });
    },
    out: () => readFile(out, "utf8"),
  };
}

async function failureOf(sent: Promise<void>): Promise<DeliveryError> {
  return sent.then(
    () => assert.fail("it was taken"),
    (error: unknown) => (assert.ok(error instanceof DeliveryError, String(error)), error),
  );
}

test("a script gets the event and what it is about", async (t) => {
  const { run, out } = await workplace(t);
  await run({ "exec-script": 'printf %s "$POSTEE_EVENT" > "$OUT"' });
  assert.equal(await out(), '{\n "ServiceURL": {\n  "Reachable": "false"\n }\n}');
  const script =
    'for v in DELIVERY EVENT INCIDENT OUTCOME ROUTE SUBJECT FIRST_LINE; do eval "echo \\$CROSSCHECK_$v"; done > "$OUT"';
  const message = composeMessage(regional);
  await run({ "exec-script": script }, message);
  const { id, event, incident, route, subject, firstLine } = message;
  const lines = [id, event, incident.id, "regional", route, subject, firstLine];
  assert.deepEqual((await out()).trimEnd().split("\n"), lines);
});

test("a file is run with /bin/sh", async (t) => {
  const { folder, run, out } = await workplace(t);
  const file = join(folder, "script");
  await writeFile(file, 'cat > "$OUT"; printf %s "$0" >> "$OUT"');
  await run({ "input-file": file });
  assert.equal(await out(), file);
});

test("every event can be told", async (t) => {
  const { run } = await workplace(t);
  for (const scene of Object.values(scenes)) await run({ "exec-script": "exit 0" }, composeMessage(scene));
});

test("nothing of the server's environment is handed on", async (t) => {
  process.env["CROSSCHECK_TEST_SECRET"] = "hush";
  t.after(() => delete process.env["CROSSCHECK_TEST_SECRET"]);
  const { run, out } = await workplace(t);
  await run({ "exec-script": 'env > "$OUT"', env: { MINE: "a=b" } });
  const names = (await out()).match(/^\w+(?==)/gm) ?? [];
  const expected = ["HOME", "LANG", "PATH", "OUT", "MINE", "POSTEE_EVENT"];
  // What a shell adds by itself.
  const added = new Set(["PWD", "OLDPWD", "SHLVL", "_"]);
  const others = names.filter((name) => !name.startsWith("CROSSCHECK_") && !added.has(name));
  assert.deepEqual(others.toSorted(), expected.toSorted());
  assert.match(await out(), /^MINE=a=b$/m);
  assert.doesNotMatch(await out(), /hush/);
});

test("env is Postee's list, too, and its entries may be secrets", async (t) => {
  const { folder, out } = await workplace(t);
  const env = [`OUT=${folder}/out`, "$ENTRY", "EMPTY="];
  const settings = exec.settings.parse({
    type: "exec",
    name: "a",
    "exec-script": 'echo "$A-$EMPTY" > $OUT',
    env,
  });
  const revealed = revealSecrets(settings, (reference) => (reference === "$ENTRY" ? "A=x=y" : reference));
  await exec.send(arrival, revealed, { signal: t.signal, thread: null });
  assert.equal(await out(), "x=y-\n");
  const wrong = revealSecrets(settings, (reference) => (reference === "$ENTRY" ? "hush" : reference));
  await assert.rejects(exec.send(arrival, wrong, { signal: t.signal, thread: null }), {
    message: "an entry of env: write NAME=value, or a map of names and values",
    permanent: true,
  });
});

test("an event too long for a variable is in a file while the script runs", async (t) => {
  const { run, out } = await workplace(t);
  const body = `x${"é".repeat(70_000)}`;
  const message = composeMessage({ ...trigger, alert: { ...alert, body: Buffer.from(body) } });
  const before = await leftovers();
  await run(
    { "exec-script": '{ cat "$POSTEE_EVENT_FILE"; echo; printf %s "$POSTEE_EVENT"; } > "$OUT"' },
    message,
  );
  const [whole, cut = ""] = (await out()).split("\n");
  assert.equal(whole, body);
  assert.equal(cut, body.slice(0, cut.length));
  assert.equal(Buffer.byteLength(cut), 119_999);
  assert.deepEqual(await leftovers(), before);
});

async function leftovers(): Promise<string[]> {
  return (await readdir(tmpdir())).filter((name) => /^crosscheck-exec-(?!test-)/.test(name));
}

test("a null character in an event ends nothing", async (t) => {
  const { run, out } = await workplace(t);
  const message = composeMessage({ ...trigger, alert: { ...alert, body: Buffer.from("a\0b") } });
  await run({ "exec-script": 'printf %s "$POSTEE_EVENT" > "$OUT"' }, message);
  assert.equal(await out(), "a\ufffdb");
});

test("another status than 0 is a failure for good, with the end of what was printed, without secrets", async (t) => {
  const { folder, run } = await workplace(t);
  const script = 'yes filler | head -c 200000; echo " is $TOKEN wrong?" >&2; exit 3';
  const error = await failureOf(run({ "exec-script": script, env: { TOKEN: "t0kent0ken" } }));
  assert.match(error.message, /^the script ended with status 3: (\w+ )+is \[secret\] wrong\?$/);
  assert.equal(error.permanent, true);
  assert.equal(
    (await failureOf(run({ "exec-script": "kill -9 $$" }))).message,
    "the script was ended by SIGKILL",
  );
  const missing = await failureOf(run({ "input-file": join(folder, "none") }));
  assert.match(missing.message, /^the script ended with status \d+: .*none/);
});

test("a script that does not read all of its text is no trouble", async (t) => {
  const { run } = await workplace(t);
  await run({ "exec-script": `exit 0\n${"# filler\n".repeat(100_000)}` });
});

/** A pipe that ends for its reader when all processes that have it open for writing have ended. */
function pipeIn(folder: string): { readonly path: string; readonly reader: ReadStream } {
  const path = join(folder, "pipe");
  execFileSync("mkfifo", [path]);
  return { path, reader: createReadStream(path) };
}

// A shell waits where it opens the pipe until the reader has it open, too.
const background = (pipe: string) => `exec 3> ${pipe}; echo started >&3; sleep 1000 >&3 &\n`;

test("what a script leaves behind ends with it", async (t) => {
  const { folder, run } = await workplace(t);
  const { path, reader } = pipeIn(folder);
  const ended = text(reader);
  await run({ "exec-script": `${background(path)} exit 0` });
  assert.equal(await ended, "started\n");
});

test("when it is cut off, all that it started ends", async (t) => {
  const { folder, run } = await workplace(t);
  const { path, reader } = pipeIn(folder);
  const controller = new AbortController();
  reader.once("data", () => {
    controller.abort(new Error("stopping"));
  });
  const ended = once(reader, "end");
  const error = await failureOf(
    run({ "exec-script": `${background(path)} wait` }, arrival, controller.signal),
  );
  await ended;
  assert.equal(describeError(error), "the script was not run to its end: stopping");
  assert.equal(error.permanent, false);
});

test("a script that is not over in time has failed for good", async (t) => {
  const { run } = await workplace(t);
  const error = await failureOf(run({ "exec-script": "sleep 1000", timeout: "50ms" }));
  assert.equal(describeError(error), "the script was not run to its end: no answer within 50 ms");
  assert.equal(error.permanent, true);
});

test("a stop of the server's is passing", async (t) => {
  const { run } = await workplace(t);
  const stopped = run({ "exec-script": "sleep 1000" }, arrival, AbortSignal.abort(new Error("stopping")));
  assert.equal((await failureOf(stopped)).permanent, false);
});

test("settings are refused with a reason", () => {
  const script = { "exec-script": "true" };
  const cases: readonly (readonly [keys: object, path: string])[] = [
    [{}, "exec-script"],
    [{ ...script, "input-file": "a" }, "exec-script"],
    [{ ...script, env: ["A"] }, "env.0"],
    [{ ...script, env: ["=A"] }, "env.0"],
    [{ ...script, env: { "A B": "c" } }, "env"],
  ];
  for (const [keys, path] of cases) {
    const [issue] = exec.settings.safeParse({ type: "exec", name: "a", ...keys }).error?.issues ?? [];
    assert.equal(issue?.path.join("."), path, JSON.stringify(keys));
  }
});

test("settings are written back as they were read", () => {
  const written = {
    type: "exec",
    name: "a",
    enable: true,
    fallback: [],
    timeout: "60s",
    concurrency: 20,
    "exec-script": "true",
  };
  for (const env of [["A=b", "$C"], { A: "$B" }, []])
    assert.deepEqual(z.encode(exec.settings, exec.settings.parse({ ...written, env })), {
      ...written,
      timeout: "1m",
      env,
    });
});
