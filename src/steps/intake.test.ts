import assert from "node:assert/strict";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { until } from "../../test/fixtures/until.ts";
import { silentLog, type Log } from "../log.ts";
import { createMetrics } from "../metrics.ts";
import type { Alert, AlertStatus } from "../model/alert.ts";
import { newId } from "../model/id.ts";
import { readRecords } from "../spool/record.ts";
import { Spool } from "../spool/spool.ts";
import { DiskFullError } from "../store/database.ts";
import type { Context } from "./context.ts";
import { Intake } from "./intake.ts";
import type { IntakeTimes } from "./intake-parts.ts";

const patient: IntakeTimes = { storeMs: 30_000, awayMs: 60_000, pauseMs: 5 };

function alertOf(text: string, status: AlertStatus = "firing"): Alert {
  const nothing = { onlyRoute: null, contentType: null, dedupKey: null, targetUrl: null, fault: null };
  const body = new TextEncoder().encode(text);
  return { ...nothing, id: newId(), receivedAt: Date.now(), source: "webhook", body, status };
}

interface World extends AsyncDisposable {
  readonly intake: Intake;
  readonly spool: Spool;
  readonly folder: string;
  /** What the database has, in the order in which it came. */
  readonly stored: string[];
  readonly told: string[];
  /** What a person is told afterwards. */
  readonly troubles: readonly string[];
  /** How the database and the emergency answer; what they throw is their answer. */
  store: (alert: Alert) => void | Promise<void>;
  tell: (alert: Alert) => boolean;
  limit: number;
}

async function startWorld(
  times: Partial<IntakeTimes> = {},
  { hasSpool = true, left = [] }: { readonly hasSpool?: boolean; readonly left?: readonly Alert[] } = {},
): Promise<World> {
  await using parts = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), "crosscheck-intake-"));
  parts.defer(() => rm(root, { recursive: true }));
  const folder = join(root, "spool");
  if (left.length > 0) {
    await using before = await Spool.open(folder, () => 1024 * 1024);
    await before.append(left);
  }
  const spool = parts.use(await Spool.open(folder, () => world.limit));
  const stored: string[] = [];
  const told: string[] = [];
  const troubles: string[] = [];
  const log: Log = {
    ...silentLog,
    warn: (event, { note } = {}) => void (event === "trouble" && troubles.push(String(note))),
  };
  // A cast, because a whole context takes a database: of one, the intake needs no more than this.
  const context = {
    log,
    metrics: createMetrics(),
    now: Date.now,
    setup: () => ({ config: { trouble: [] } }),
  } as unknown as Context;
  const intake = new Intake(
    context,
    {
      spool: hasSpool ? spool : null,
      async store(alerts) {
        for (const alert of alerts) {
          await world.store(alert);
          if (!stored.includes(alert.id)) stored.push(alert.id);
        }
      },
      async probe() {
        await world.store(alertOf("probe"));
      },
      async tell(alert) {
        const taken = world.tell(alert);
        if (taken) told.push(alert.id);
        return taken;
      },
    },
    { ...patient, ...times },
  );
  const stopping = new AbortController();
  const serving = intake.serve(stopping.signal);
  parts.defer(async () => {
    stopping.abort();
    await serving;
  });
  const opened = parts.move();
  const world: World = {
    intake,
    spool,
    folder,
    stored,
    told,
    troubles,
    store: () => undefined,
    tell: () => true,
    limit: 1024 * 1024,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
  return world;
}

const away = () => {
  throw new Error("the database is away");
};

suite("intake", () => {
  test("while the database is away alerts wait, and come out in order, once", async () => {
    await using world = await startWorld();
    const alerts = Array.from({ length: 40 }, (_, index) => alertOf(`${index}`));
    const [first, second, ...others] = alerts as [Alert, Alert, ...Alert[]];
    await world.intake.receive([first]);
    world.store = away;
    await world.intake.receive([second, ...others.slice(0, 3)]);
    for (const alert of others.slice(3)) await world.intake.receive([alert]);
    assert.deepEqual(world.stored, [first.id]);
    assert.ok(world.intake.awayMs() > 0);
    world.store = () => undefined;
    await until("the spool to be empty", () => world.intake.waiting() === 0 && world.intake.awayMs() === 0);
    assert.deepEqual(
      world.stored,
      alerts.map(({ id }) => id),
    );
    assert.deepEqual(world.told, []);
    assert.deepEqual(await readdir(world.folder), []);
  });

  test("a write that hangs is waited for a while, and is harmless when it ends after all", async () => {
    // Long enough for the disk, which has the same time and must take it.
    await using world = await startWorld({ storeMs: 2000 });
    const hung = Promise.withResolvers<void>();
    world.store = () => hung.promise;
    const alert = alertOf("slow");
    await world.intake.receive([alert]);
    assert.equal(world.intake.waiting(), 1);
    hung.resolve();
    await until("the spool to be empty", () => world.intake.waiting() === 0);
    assert.deepEqual(world.stored, [alert.id]);
  });

  test("once it stays away what waits and what comes is told, once, but for what is over", async () => {
    await using world = await startWorld({ awayMs: 30 });
    world.store = away;
    const [one, over, two] = [alertOf("one"), alertOf("over", "resolved"), alertOf("two")];
    await world.intake.receive([one, over]);
    await until("the first to be told", () => world.told.length === 1);
    await world.intake.receive([two]);
    await until("the second to be told", () => world.told.length === 2);
    assert.deepEqual(world.told, [one.id, two.id]);
    world.store = () => undefined;
    await until("the spool to be empty", () => world.intake.waiting() === 0);
    assert.deepEqual(world.stored, [one.id, over.id, two.id]);
    assert.equal(world.told.length, 2);
  });

  test("one that nobody takes is told again, and holds up no other", async () => {
    await using world = await startWorld({ awayMs: 1 });
    world.store = away;
    const [bad, good] = [alertOf("bad"), alertOf("good")];
    let tries = 0;
    world.tell = ({ id }) => {
      if (id === bad.id) tries += 1;
      return id !== bad.id || tries > 2;
    };
    await world.intake.receive([bad]);
    await world.intake.receive([good]);
    await until("both to be told", () => world.told.length === 2);
    assert.deepEqual(world.told.toSorted(), [bad.id, good.id].toSorted());
  });

  for (const hasSpool of [true, false]) {
    test(`${hasSpool ? "a full" : "no"} spool: told at once, and refused only if nobody takes it`, async () => {
      await using world = await startWorld({}, { hasSpool });
      world.store = away;
      world.limit = 10;
      const alert = alertOf("one");
      await world.intake.receive([alert]);
      assert.deepEqual(world.told, [alert.id]);
      world.tell = () => false;
      await assert.rejects(world.intake.receive([alertOf("two")]), {
        message: hasSpool
          ? /^neither stored \(the database is away\) nor spooled \(the spool is full.* nor told \(server\.emergency\)$/
          : /nor spooled \(there is no spool/,
      });
    });
  }

  test("a spool that is full while the database answers: what comes is stored beside it", async () => {
    await using world = await startWorld({ pauseMs: 200 });
    world.store = away;
    const [waits, answered, comes] = [alertOf("waits"), alertOf("answered"), alertOf("comes")];
    await world.intake.receive([waits]);
    await world.intake.receive([answered]);
    world.limit = 0;
    world.store = ({ id }) => {
      if (id === waits.id) throw new Error("not this one");
    };
    await until("the database to answer", () => world.intake.awayMs() === 0);
    await world.intake.receive([comes]);
    assert.ok(world.stored.includes(comes.id));
    assert.ok(!world.told.includes(comes.id));
  });

  test("one that the database refuses, alone in its file, holds up nobody", async () => {
    await using world = await startWorld();
    const [bad, good] = [alertOf("bad"), alertOf("good")];
    world.store = ({ id }) => {
      if (id === bad.id) throw new Error("never");
    };
    await world.intake.receive([bad]);
    await until("it to be set aside", () => world.told.includes(bad.id));
    await world.intake.receive([good]);
    await until("the spool to be empty", () => world.intake.waiting() === 0 && world.intake.awayMs() === 0);
    assert.deepEqual([world.stored, world.told], [[good.id], [bad.id]]);
    assert.deepEqual(await readdir(world.folder), [`${bad.id}.refused`]);
  });

  test("a full disk is nobody's fault, though what is small still finds room", async () => {
    await using world = await startWorld();
    const [large, small] = [alertOf("large"), alertOf("small")];
    let tries = 0;
    world.store = ({ id }) => {
      if (id !== large.id) return;
      tries += 1;
      if (tries <= 10) throw new DiskFullError("no room");
    };
    await world.intake.receive([large]);
    await world.intake.receive([small]);
    await until("the spool to be empty", () => world.intake.waiting() === 0);
    assert.deepEqual(world.stored.toSorted(), [large.id, small.id].toSorted());
    assert.deepEqual(world.told, []);
    assert.deepEqual(await readdir(world.folder), []);
  });

  test("what a process before has left is stored, and counted for whoever hears of it", async () => {
    const [one, bad] = [alertOf("one"), alertOf("bad")];
    await using world = await startWorld({}, { left: [one, bad] });
    world.store = ({ id }) => {
      if (id === bad.id) throw new Error("never");
    };
    await until("somebody to hear of it", () => world.troubles.length === 1);
    assert.deepEqual(world.stored, [one.id]);
    assert.deepEqual(world.troubles, [
      "the database took no alerts in time, before this process started: 1 waited in the spool and are stored now, 1 it refuses and are kept beside as ID.refused, 0 were told unchecked",
    ]);
  });

  test("one set aside by a process that was killed before it was done: so again", async () => {
    await using world = await startWorld();
    const bad = alertOf("bad");
    await writeFile(join(world.folder, `${bad.id}.refused`), "half of it");
    world.store = ({ id }) => {
      if (id === bad.id) throw new Error("never");
    };
    await world.intake.receive([bad]);
    await until("the spool to be empty", () => world.intake.waiting() === 0);
    assert.deepEqual(world.told, [bad.id]);
    assert.deepEqual(readRecords(await readFile(join(world.folder, `${bad.id}.refused`))).records, [
      { alert: bad },
    ]);
  });

  test("one that the database refuses while it takes others is set aside and told", async () => {
    await using world = await startWorld();
    world.store = away;
    const [bad, good] = [alertOf("bad"), alertOf("good")];
    await world.intake.receive([bad]);
    await world.intake.receive([good]);
    world.store = ({ id }) => {
      if (id === bad.id) throw new Error("never");
    };
    await until("the spool to be empty", () => world.intake.waiting() === 0);
    assert.deepEqual([world.stored, world.told], [[good.id], [bad.id]]);
    assert.deepEqual(await readdir(world.folder), [`${bad.id}.refused`]);
  });
});
