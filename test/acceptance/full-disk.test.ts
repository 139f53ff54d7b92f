import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { answering } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { startReceiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

/** A small disk of the test's own; undefined where this user may not mount one. */
async function smallDisk() {
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-disk-"));
  const remove = () => rm(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", folder], { stdio: "pipe" });
  } catch (error) {
    console.log(`SKIPPED: a small disk takes root and mount: ${(error as Error).message}`);
    await remove();
    return undefined;
  }
  return {
    folder,
    async [Symbol.asyncDispose]() {
      execFileSync("umount", ["--lazy", folder]);
      await remove();
    },
  };
}

/** Writes until there is no room any more. */
async function fill(path: string): Promise<void> {
  await using file = await open(path, "w");
  for (const size of [65_536, 512]) {
    const full = await until("the disk to be full", async () => {
      try {
        for (;;) await file.write(Buffer.alloc(size, 1));
      } catch (error) {
        return (error as NodeJS.ErrnoException).code;
      }
    });
    assert.equal(full, "ENOSPC");
  }
}

suite("a full disk under database and spool", () => {
  test("what cannot be kept is told, refused only if nobody takes it, and kept again once there is room", async (t) => {
    await using disk = await smallDisk();
    if (disk === undefined) return t.skip("no small disk");
    await using receiver = await startReceiver();
    await using file = await configFile({
      controls: [],
      resolvers: [],
      routes: [{ name: "pass-on", actions: ["listener"] }],
      actions: ["listener", "pager"].map((name) => ({
        name,
        type: "webhook",
        url: `${receiver.url}/${name}`,
      })),
      server: { emergency: ["pager"] },
    });
    await using server = await startCrosscheck({
      config: file.path,
      database: { data: join(disk.folder, "data") },
    });
    await server.post({ number: 0 });
    await receiver.hears("/listener");
    await fill(join(disk.folder, "filler"));

    // What the database's log still has room for is stored.
    let number = 0;
    const padding = "x".repeat(20_000);
    await until("an alert to be told unchecked", async () => {
      number += 1;
      await server.post({ number, padding });
      return receiver.told("/pager").length > 0;
    });
    const [raw] = receiver.told("/pager");
    assert.match(raw?.firstLine ?? "", /^COULD NOT CHECK, treat as real/);
    const sent = createHash("sha256").update(JSON.stringify({ number, padding })).digest("hex");
    assert.equal(raw?.key, sent);

    receiver.always("/pager", answering(400));
    const refused = await server.request("/", {
      method: "POST",
      body: JSON.stringify({ number: -1, padding }),
    });
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);

    await rm(join(disk.folder, "filler"));
    const id = await until("alerts to be stored again", async () => {
      const answer = await server.request("/", { method: "POST", body: JSON.stringify({ number: -2 }) });
      return answer.status === 202 ? ((await answer.json()) as { id: string }).id : undefined;
    });
    await receiver.hears("/listener", id);
  });
});
