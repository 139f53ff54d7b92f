import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { playDemo } from "../src/demo/play.ts";
import { scenes } from "../src/demo/scenes.ts";
import type { Scene } from "../src/demo/scenes.ts";
import { startCommand } from "./fixtures/command.ts";
import { until } from "./fixtures/until.ts";

/** It is over in less than one; the rest is for machines that others share. */
const limitMs = 180_000;

/** A folder for the demo to make its own in. */
function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "crosscheck-demo-test-"));
  t.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

function startDemo(folder: string) {
  return startCommand(["demo"], { env: { TMPDIR: folder, TEMP: folder } });
}

/** The processes that the demo says it has started: server, three agents, site, receiver. */
function processesIn(lines: readonly string[]): number[] {
  return lines.flatMap((line) => /\bpid (\d+)/.exec(line)?.[1] ?? []).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("the demo plays its scenes, each with the verdict that it should have, and leaves nothing behind", async (t) => {
  const folder = temporaryFolder(t);
  const started = performance.now();
  await using demo = startDemo(folder);
  const code = await demo.ended;
  const took = performance.now() - started;
  const output = demo.stdout.join("\n");
  assert.equal(code, 0, `${output}\n${demo.stderr.join("\n")}`);
  assert.ok(took < limitMs, `it took ${took} ms`);
  for (const [index, { title, expected }] of scenes.entries()) {
    const heading = `${index + 1}. ${title}`;
    const [summary = ""] = demo.stdout.filter((line) => line.startsWith(`${heading} `));
    assert.ok(demo.stdout.includes(heading), heading);
    assert.equal(
      summary.replaceAll(/ {2,}/g, " | "),
      `${heading} | ${expected.outcome} | pager: ${expected.pager} | ok`,
    );
  }
  const verdicts = demo.stdout.flatMap((line) => /^ *verdict: (.+)$/.exec(line)?.[1] ?? []);
  assert.deepEqual(verdicts, [
    "not-reproduced (NOT SEEN FROM OUTSIDE 3/3 ok)",
    "regional (PARTLY DOWN 1/3 apac)",
    "confirmed (DOWN 3/3)",
    "not-reproduced (NOT SEEN FROM OUTSIDE 2/2 ok)",
  ]);
  assert.match(output, /│ ⚠️ PARTLY DOWN 1\/3 apac .*: connection reset/, "the message");
  assert.match(output, /│ ✅ RECOVERED/);
  assert.match(output, /^ *location .*first byte/m, "the table");
  assert.match(output, /^ *na .* none .*the agent cannot be reached/m);
  assert.ok(!output.includes("\u001B"), "no colours in a pipe");
  const processes = processesIn(demo.stdout);
  assert.equal(processes.length, 6);
  assert.deepEqual(processes.filter(isAlive), []);
  assert.deepEqual(readdirSync(folder), []);
});

test("a verdict that is not the expected one fails the demo, which says what came instead", async (t) => {
  const lines: string[] = [];
  const screen = {
    print: (text = "") => void lines.push(text),
    progress() {},
    columns: Number.POSITIVE_INFINITY,
    colour: false,
  };
  const wrong: Scene = { ...scenes[0], expected: { outcome: "confirmed", pager: "rang" } };
  assert.equal(await playDemo([wrong], screen, t.signal), false);
  const output = lines.join("\n");
  assert.match(output, /NOT OK: the verdict is not-reproduced instead of confirmed; the pager was spared/);
  assert.match(output, /0 of 1 scenes as expected/);
  assert.deepEqual(processesIn(lines).filter(isAlive), []);
});

test("interrupted, the demo ends its processes and removes its folder", async (t) => {
  const folder = temporaryFolder(t);
  await using demo = startDemo(folder);
  await until("the second scene", () => demo.stdout.some((line) => line.startsWith("2. ")), limitMs);
  assert.equal(readdirSync(folder).length, 1);
  demo.send("SIGINT");
  assert.equal(await demo.ended, 130);
  const processes = processesIn(demo.stdout);
  assert.equal(processes.length, 6);
  assert.deepEqual(processes.filter(isAlive), []);
  assert.deepEqual(readdirSync(folder), []);
});

test("a process of the demo that ends by itself ends the demo", async (t) => {
  const folder = temporaryFolder(t);
  await using demo = startDemo(folder);
  await until("the second scene", () => demo.stdout.some((line) => line.startsWith("2. ")), limitMs);
  const processes = processesIn(demo.stdout);
  const [server = 0] = processes;
  process.kill(server, "SIGKILL");
  assert.equal(await demo.ended, 1);
  assert.match(
    demo.stderr.join("\n"),
    /^crosscheck: the server was ended by SIGKILL\n(?: {2}.*\n)* {2}\{"time"/,
  );
  assert.deepEqual(processes.filter(isAlive), []);
  assert.deepEqual(readdirSync(folder), []);
});
