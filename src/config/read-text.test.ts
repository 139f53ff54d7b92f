import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { readText } from "./read-text.ts";

suite("the text of a file", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "crosscheck-read-text-"));
  });
  after(() => rm(folder, { recursive: true }));

  const contents = [
    { title: "a text", bytes: "routes: []\n", read: { text: "routes: []\n" } },
    { title: "more than is read at once", bytes: "ü".repeat(100_000), read: { text: "ü".repeat(100_000) } },
    { title: "an empty file", bytes: "", read: { text: "" } },
    { title: "with a NUL", bytes: "a\0b", read: { problem: "this is not a text file" } },
    {
      title: "not UTF-8",
      bytes: Uint8Array.of(0xff, 0xfe),
      read: { problem: "this is not a text file: its bytes are not UTF-8" },
    },
  ];
  for (const [number, { title, bytes, read }] of contents.entries()) {
    test(title, async () => {
      const path = join(folder, `file-${number}`);
      await writeFile(path, bytes);
      assert.deepEqual(await readText(path), read);
    });
  }

  test("what is no file", async () => {
    assert.deepEqual(await readText(join(folder, "nowhere")), { problem: "there is no such file" });
    assert.deepEqual(await readText(folder), { problem: "this is a folder, not a file" });
    assert.deepEqual(await readText("/dev/zero", 60_000), { problem: "it is larger than 64 MiB" });
  });

  test("a pipe is read to its end, also one that is slow", async () => {
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    const held = openSync(pipe, constants.O_RDWR);
    const reading = readText(pipe);
    await writeFile(pipe, "routes: []");
    closeSync(held);
    assert.deepEqual(await reading, { text: "routes: []" });
  });

  test("a pipe that nobody ends is given up, and no thread is left waiting for it", async () => {
    const pipe = join(folder, "silent");
    execFileSync("mkfifo", [pipe]);
    const held = openSync(pipe, constants.O_RDWR);
    assert.deepEqual(await readText(pipe, 200), { problem: "it cannot be read: no answer within 0.2 s" });
    closeSync(held);
  });
});
