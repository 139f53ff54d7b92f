import assert from "node:assert/strict";
import { appendFile, mkdtemp, readFile, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { newId } from "../model/id.ts";
import type { Alert } from "../model/alert.ts";
import { Spool } from "./spool.ts";

const large = () => 64 * 1024 * 1024;

function alertOf(text: string, status: Alert["status"] = "firing"): Alert {
  return {
    id: newId(),
    receivedAt: 1_700_000_000_000,
    source: "webhook",
    onlyRoute: null,
    contentType: "application/json",
    // Not UTF-8 as a whole: bodies are kept byte for byte.
    body: new Uint8Array([...new TextEncoder().encode(text), 0xff, 0x00]),
    status,
    dedupKey: null,
    targetUrl: "https://shop.example/",
    fault: null,
  };
}

async function freshFolder(): Promise<{ readonly folder: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-spool-"));
  return { folder: join(folder, "spool"), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

/** Everything that comes out, in the order in which it does; the spool is empty then. */
async function drained(spool: Spool): Promise<Alert[]> {
  const alerts: Alert[] = [];
  for (let next = await spool.oldest(); next !== undefined; next = await spool.oldest()) {
    alerts.push(...next.alerts);
    await spool.remove(next);
  }
  return alerts;
}

suite("the spool", () => {
  test("gives back what it was given, in order, byte for byte, also to the next process", async () => {
    await using place = await freshFolder();
    const alerts = Array.from({ length: 600 }, (_, index) => alertOf(`alert ${index}`));
    {
      await using spool = await Spool.open(place.folder, large);
      await Promise.all(alerts.map((alert) => spool.append([alert])));
      assert.equal(spool.count, 600);
    }
    await using next = await Spool.open(place.folder, large);
    assert.equal(next.count, 600);
    assert.deepEqual(await drained(next), alerts);
    assert.equal(next.count, 0);
    assert.deepEqual(await readdir(place.folder), []);
  });

  test("what has been taken out and not removed comes again", async () => {
    await using place = await freshFolder();
    await using spool = await Spool.open(place.folder, large);
    const alert = alertOf("one");
    await spool.append([alert]);
    assert.deepEqual((await spool.oldest())?.alerts, [alert]);
    const later = alertOf("two");
    await spool.append([later]);
    assert.deepEqual(await drained(spool), [alert, later]);
  });

  test("begins another file when one is large", async () => {
    await using place = await freshFolder();
    await using spool = await Spool.open(place.folder, large);
    const alerts = Array.from({ length: 6 }, (_, index) => alertOf(`${index}`.padEnd(1_500_000, "x")));
    for (const alert of alerts) await spool.append([alert]);
    assert.equal((await readdir(place.folder)).length, 2);
    const ids = (await drained(spool)).map(({ id }) => id);
    assert.deepEqual(
      ids,
      alerts.map(({ id }) => id),
    );
  });

  test("keeps all alerts of a call or none, within its limit", async () => {
    await using place = await freshFolder();
    await using spool = await Spool.open(place.folder, () => 1000);
    const alert = alertOf("small");
    await spool.append([alert]);
    await assert.rejects(spool.append([alertOf("small"), alertOf("x".repeat(900))]), {
      message: "the spool is full: 1 alerts, 1000 bytes (server.spool)",
    });
    assert.deepEqual(await drained(spool), [alert]);
    await spool.append([alertOf("there is room again")]);
  });

  const torn = [
    { title: "its head only", keep: 4 },
    { title: "half of it", keep: 120 },
    { title: "all but its last byte", keep: -1 },
  ];
  for (const { title, keep } of torn) {
    test(`a record of which a crash left ${title} is left out, and nothing else`, async () => {
      await using place = await freshFolder();
      const alerts = [alertOf("one"), alertOf("two"), alertOf("torn")];
      const ends: number[] = [];
      {
        await using spool = await Spool.open(place.folder, large);
        for (const alert of alerts) {
          await spool.append([alert]);
          ends.push(spool.bytes);
        }
      }
      const [name = ""] = await readdir(place.folder);
      const [, before = 0, whole = 0] = ends;
      await truncate(join(place.folder, name), keep < 0 ? whole + keep : before + keep);
      await using next = await Spool.open(place.folder, large);
      const later = alertOf("later");
      await next.append([later]);
      assert.deepEqual(await drained(next), [...alerts.slice(0, 2), later]);
    });
  }

  test("room that was made and never written to is no record", async () => {
    await using place = await freshFolder();
    const alert = alertOf("one");
    {
      await using spool = await Spool.open(place.folder, large);
      await spool.append([alert]);
    }
    const [name = ""] = await readdir(place.folder);
    await appendFile(join(place.folder, name), Buffer.alloc(300));
    await using next = await Spool.open(place.folder, large);
    assert.deepEqual(await drained(next), [alert]);
    assert.deepEqual(await readdir(place.folder), []);
  });

  test("a damaged record costs no other one, and its file is kept", async () => {
    await using place = await freshFolder();
    const alerts = [alertOf("one"), alertOf("damaged"), alertOf("three")];
    {
      await using spool = await Spool.open(place.folder, large);
      await spool.append(alerts);
    }
    const [name = ""] = await readdir(place.folder);
    const path = join(place.folder, name);
    const bytes = await readFile(path);
    bytes[bytes.indexOf("damaged")] = 0;
    await writeFile(path, bytes);
    await using next = await Spool.open(place.folder, large);
    assert.deepEqual(await drained(next), [alerts[0], alerts[2]]);
    assert.deepEqual(await readdir(place.folder), [`${name}.damaged`]);
  });

  test("remembers what has been told, and that what is over wakes nobody", async () => {
    await using place = await freshFolder();
    const [one, two, over] = [alertOf("one"), alertOf("two"), alertOf("over", "resolved")];
    {
      await using spool = await Spool.open(place.folder, large);
      await spool.append([one, two, over]);
      assert.deepEqual(await spool.untold(), [one, two]);
      await spool.markTold([one.id]);
    }
    await using next = await Spool.open(place.folder, large);
    assert.deepEqual(await next.untold(), [two]);
    next.markedTold([two.id]);
    assert.deepEqual(await next.untold(), []);
    assert.deepEqual(await drained(next), [one, two, over]);
  });

  test("an alert that is set aside has a file of its own", async () => {
    await using place = await freshFolder();
    await using spool = await Spool.open(place.folder, large);
    const alert = alertOf("refused");
    assert.equal(await spool.setAside(alert), join(place.folder, `${alert.id}.refused`));
    assert.match((await readFile(join(place.folder, `${alert.id}.refused`))).toString(), /refused/);
  });

  test("a folder that cannot be written to is refused when it is opened", async () => {
    await using place = await freshFolder();
    await writeFile(`${place.folder}-file`, "");
    await assert.rejects(Spool.open(join(`${place.folder}-file`, "spool"), large), { code: "ENOTDIR" });
  });
});
