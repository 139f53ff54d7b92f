import assert from "node:assert/strict";
import { once } from "node:events";
import { suite, test } from "node:test";
import { startChild } from "../../test/fixtures/child.ts";
import { eachDatabase } from "../../test/fixtures/databases.ts";
import { startPostgres } from "../../test/fixtures/postgres.ts";
import { until } from "../../test/fixtures/until.ts";
import { openDatabase, type Database, type Statement } from "./database.ts";
import { jobClass, wake, type JobKey } from "./jobs.ts";
import { createWork, type JobHandler, type ServeOptions } from "./work.ts";

/** Serves until it is disposed; the errors it reported are kept. */
function serving(database: Database, handler: JobHandler, options: Partial<ServeOptions> = {}) {
  const stop = new AbortController();
  const errors: { error: Error; key: JobKey | undefined }[] = [];
  const ended = createWork(database).serve(handler, {
    signal: stop.signal,
    pollMs: 200,
    drainMs: 100,
    onError: (error, key) => errors.push({ error: error as Error, key }),
    ...options,
  });
  return {
    errors,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

/** Runs until its signal is aborted, as a handler that hangs on something does. */
async function hang(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
  signal.throwIfAborted();
}

async function jobs(
  database: Database,
): Promise<{ key: string; run_at: number | null; lease_until: number | null }[]> {
  return database.read("select key, run_at, lease_until from jobs order by key");
}

async function noneLeft(database: Database): Promise<void> {
  await until("all jobs to be done", async () => (await jobs(database)).length === 0);
}

/** Leaves a job for long after, if it changes as many rows as it says. */
function endingOf(key: JobKey, changes: number): Statement[] {
  return [
    { sql: "insert into jobs (key, class, run_at) values ($1, 'hold', 1)", params: [`ended ${key}`] },
    { sql: "update jobs set run_at = $2 where key = $1", params: [`ended ${key}`, 2 ** 50], changes },
  ];
}

test("a job's class is its kind, for a lane its action", () => {
  for (const [key, expected] of [
    ["inbox", "inbox"],
    ["retention", "retention"],
    ["hold:0192/x:y", "hold"],
    ["incident:0192", "incident"],
    ["lane:0192/slack", "lane:slack"],
    ["lane:0192/eu/web:hook", "lane:eu/web:hook"],
  ] as const) {
    assert.equal(jobClass(key), expected);
  }
});

eachDatabase("work", (fresh, kind) => {
  test("of two times for a key the earlier stays", async () => {
    await using place = await fresh();
    await using database = await place.open();
    await database.write([wake("inbox", 5000), wake("incident:1", 5000)]);
    await database.write([wake("inbox", 9000), wake("incident:1", 1000.7)]);
    assert.deepEqual(
      await jobs(database),
      [
        { key: "inbox", run_at: 5000, lease_until: null },
        { key: "incident:1", run_at: 1000, lease_until: null },
      ].toSorted((a, b) => (a.key < b.key ? -1 : 1)),
    );
  });

  test("a job runs when it is due, is told its key, and is gone", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const ran: { key: JobKey; at: number }[] = [];
    await using _serving = serving(database, async (key) => void ran.push({ key, at: Date.now() }));
    const soon = Date.now() + 3000;
    await database.write([
      wake("hold:later", Date.now() + 3_600_000),
      wake("hold:soon", soon),
      wake("inbox", 0),
    ]);
    await until("both", () => ran.length === 2);
    assert.deepEqual(
      ran.map(({ key }) => key),
      ["inbox", "hold:soon"],
    );
    assert.ok(ran[1] && ran[1].at >= soon);
    await until("only the late one to be left", async () => (await jobs(database)).length === 1);
  });

  test("a wake that is pulled forward is served at once", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const ran: JobKey[] = [];
    await using _serving = serving(database, async (key) => void ran.push(key), { pollMs: 60_000 });
    await database.write([wake("hold:1", Date.now() + 3_600_000)]);
    await database.write([wake("hold:1", Date.now())]);
    await until("it to run", () => ran.length === 1);
    await noneLeft(database);
  });

  test("woken while it runs, however often, it runs once more, never twice at a time", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const gates: (() => void)[] = [];
    let running = 0;
    let most = 0;
    await using _serving = serving(database, async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => gates.push(resolve));
      running -= 1;
    });
    await database.write([wake("incident:1", 0)]);
    await until("the first run", () => gates.length === 1);
    for (let time = 0; time < 5; time += 1) await database.write([wake("incident:1", Date.now())]);
    const [job] = await jobs(database);
    assert.ok(job?.lease_until && job.run_at, "the lease is undisturbed, the wake is kept");
    gates[0]?.();
    await until("the second run", () => gates.length === 2);
    gates[1]?.();
    await noneLeft(database);
    assert.equal(gates.length, 2);
    assert.equal(most, 1);
  });

  test("woken between its claim and its start, it runs once more at its end", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const ran: JobKey[] = [];
    let claims = 0;
    const claim: Database["claim"] = async <T>(statement: Statement) => {
      const claimed = await database.claim<T>(statement);
      if (claimed.length > 0 && claims++ === 0) await database.write([wake("hold:1", 0)]);
      return claimed;
    };
    const slow: Database = {
      kind,
      read: (sql, params) => database.read(sql, params),
      write: (statements) => database.write(statements),
      onWake: (callback) => database.onWake(callback),
      claim,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    const handler = async (key: JobKey) => {
      ran.push(key);
      if (ran.length > 1) return;
      // What is claimed meanwhile is another job: this one is running.
      await database.write([wake("hold:2", 0)]);
      await until("the other to run", () => ran.length === 2);
    };
    await using _serving = serving(slow, handler, { pollMs: 60_000, leaseMs: 60_000 });
    await database.write([wake("hold:1", 0)]);
    await until("it to run again", () => ran.length === 3);
    assert.deepEqual(ran, ["hold:1", "hold:2", "hold:1"]);
  });

  test("woken for later while it runs, and later when it ends: it runs at once", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const pollMs = 60_000;
    let now = Date.now();
    let runs = 0;
    const first = Promise.withResolvers<void>();
    const handler = async () => {
      runs += 1;
      if (runs === 1) await first.promise;
    };
    await using _serving = serving(database, handler, { pollMs, leaseMs: pollMs, now: () => now });
    await database.write([wake("hold:1", 0)]);
    await until("it to run", () => runs === 1);
    await database.write([wake("hold:1", now + 2 * pollMs)]);
    now += 3 * pollMs;
    first.resolve();
    await until("it to run again", () => runs === 2);
  });

  test("a handler may wake its own key for later", async () => {
    await using place = await fresh();
    await using database = await place.open();
    let runs = 0;
    await using _serving = serving(
      database,
      async (key) => {
        runs += 1;
        if (runs < 4) await database.write([wake(key, Date.now() + 50)]);
      },
      { pollMs: 60_000 },
    );
    await database.write([wake("incident:1", 0)]);
    await noneLeft(database);
    assert.equal(runs, 4);
  });

  test("what a handler returns is written with the end of its job, or fails it alone", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const refusals: JobKey[] = [];
    await using served = serving(database, async (key) => {
      const isRefused = key === "incident:bad" && refusals.length < 2;
      if (isRefused) refusals.push(key);
      return endingOf(key, isRefused ? 2 : 1);
    });
    const keys = ["incident:bad", "incident:good", "incident:fine", "lane:1/team"] as const;
    await database.write(keys.map((key) => wake(key, 0)));
    const left = async () => (await jobs(database)).filter(({ run_at }) => run_at === 2 ** 50);
    await until("all to be written", async () => (await left()).length === keys.length);
    await until("all to be gone", async () => (await jobs(database)).length === keys.length);
    assert.deepEqual(
      (await left()).map(({ key }) => key),
      keys.map((key) => `ended ${key}`).toSorted(),
    );
    assert.deepEqual(
      served.errors.map(({ error, key }) => [error.name, key]),
      refusals.map((key) => ["ConflictError", key]),
    );
  });

  test("a handler that ends by waking its key runs again", async () => {
    await using place = await fresh();
    await using database = await place.open();
    let runs = 0;
    await using _serving = serving(database, async (key) => {
      runs += 1;
      return runs < 4 ? [wake(key, Date.now() + 50)] : [];
    });
    await database.write([wake("incident:1", 0)]);
    await noneLeft(database);
    assert.equal(runs, 4);
  });

  test("two servers share the jobs and do each once", async () => {
    await using place = await fresh();
    await using one = await place.open();
    await using two = await place.open();
    const ran: string[] = [];
    await using _one = serving(one, async (key) => void ran.push(`one ${key}`), { limit: () => 4 });
    await using _two = serving(two, async (key) => void ran.push(`two ${key}`), { limit: () => 4 });
    const keys = Array.from({ length: 400 }, (_, index) => `incident:${index}` as const);
    await Promise.all(keys.map((key) => one.write([wake(key, Date.now())])));
    await noneLeft(one);
    assert.deepEqual(ran.map((line) => line.slice(4)).toSorted(), keys.toSorted());
    if (kind === "postgres") assert.equal(new Set(ran.map((line) => line.slice(0, 3))).size, 2);
  });

  test("a job that fails is reported, backs off, and stops nobody else", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const tries: number[] = [];
    const ran: JobKey[] = [];
    await using served = serving(
      database,
      async (key) => {
        if (key !== "incident:bad") return void ran.push(key);
        tries.push(Date.now());
        if (tries.length < 3) throw new Error(`try ${tries.length}`);
      },
      { limit: () => 1 },
    );
    await database.write([wake("incident:bad", 0), wake("incident:good", 1), wake("incident:fine", 2)]);
    await noneLeft(database);
    assert.deepEqual(ran, ["incident:good", "incident:fine"]);
    assert.deepEqual(
      served.errors.map(({ error, key }) => `${key} ${error.message}`),
      ["incident:bad try 1", "incident:bad try 2"],
    );
    const [first = 0, second = 0, third = 0] = tries;
    assert.ok(second - first >= 250 && second - first < 20_000, `first pause ${second - first}`);
    assert.ok(third - second >= 500, `second pause ${third - second}`);
  });

  test("lanes that hang delay no hold, no incident and no other lane", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const ran = new Set<JobKey>();
    let hanging = 0;
    await using _serving = serving(
      database,
      async (key, signal) => {
        ran.add(key);
        if (!key.includes("/hangs")) return;
        hanging += 1;
        await hang(signal);
      },
      { limit: () => 3 },
    );
    await database.write(
      Array.from({ length: 500 }, (_, index) => wake(`lane:${index}/hangs-${index % 20}`, index)),
    );
    await until("the limit of each action to be reached", () => hanging === 60);
    const others: JobKey[] = ["inbox", "retention", "hold:1", "incident:1", "lane:1/works", "lane:2/works"];
    const startedAt = performance.now();
    for (const key of others) await database.write([wake(key, Date.now())]);
    await until("all others", () => others.every((key) => ran.has(key)));
    assert.ok(performance.now() - startedAt < 20_000);
    assert.equal(hanging, 60);
  });

  test("a lease is renewed for as long as the handler runs", async () => {
    await using place = await fresh();
    await using one = await place.open();
    await using two = await place.open();
    // Renewed at a third of it, so that a machine which stands still for seconds does not lose it.
    const leaseMs = 5000;
    let runs = 0;
    const startedAt = performance.now();
    const handler: JobHandler = async () => {
      runs += 1;
      await until("more than two leases", () => performance.now() - startedAt > leaseMs * 2.2);
    };
    await using first = serving(one, handler, { leaseMs, drainMs: 10_000 });
    await using second = serving(two, handler, { leaseMs, drainMs: 10_000 });
    await one.write([wake("incident:1", 0)]);
    await noneLeft(one);
    assert.equal(runs, 1);
    assert.deepEqual([...first.errors, ...second.errors], []);
  });

  test("a handler whose lease is gone is told so, and does not finish the job of the new owner", async () => {
    await using place = await fresh();
    await using database = await place.open();
    let reason: Error | undefined;
    await using served = serving(
      database,
      async (_key, signal) => {
        await once(signal, "abort");
        reason = signal.reason as Error;
      },
      { leaseMs: 6000 },
    );
    await database.write([wake("incident:1", 0)]);
    // Another replica, as after a long pause of this one.
    const later = Date.now() + 3_600_000;
    await until("a lease to take over", async () => {
      const taken = await database.claim({
        sql: "update jobs set lease_until = $1 where lease_until is not null returning key",
        params: [later],
      });
      return taken.length === 1;
    });
    await until("the handler to hear of it", () => reason && served.errors.length > 0);
    assert.match(reason?.message ?? "", /the lease of job incident:1 is lost: somebody else has taken it/);
    assert.deepEqual(
      served.errors.map(({ key }) => key),
      ["incident:1"],
    );
    assert.deepEqual(await jobs(database), [{ key: "incident:1", run_at: null, lease_until: later }]);
  });

  test("the jobs of a process that was killed are taken over when their lease is over", async () => {
    await using place = await fresh();
    await using database = await place.open();
    await database.write([wake("incident:1", 0), wake("hold:1", 0)]);
    const leaseMs = 3000;
    await (async () => {
      await using child = startChild(
        "hold-jobs-until-killed.ts",
        JSON.stringify(place.location),
        String(leaseMs),
      );
      await until("it to have both", () => child.lines.length === 2);
    })();
    const killedAt = performance.now();
    const ran: JobKey[] = [];
    await using _serving = serving(database, async (key) => void ran.push(key), { pollMs: 60_000 });
    await until("both to be taken over", () => ran.length === 2);
    assert.ok(performance.now() - killedAt < leaseMs + 20_000);
    await noneLeft(database);
  });

  test("at the end running handlers may finish; who does not is aborted and given back", async () => {
    await using place = await fresh();
    await using database = await place.open();
    const ran: JobKey[] = [];
    const finish = Promise.withResolvers<void>();
    const rude = Promise.withResolvers<void>();
    {
      await using _serving = serving(
        database,
        async (key, signal) => {
          ran.push(key);
          if (key === "incident:quick") await finish.promise;
          if (key === "incident:slow") await hang(signal);
          if (key === "incident:rude") await rude.promise;
        },
        { drainMs: 3000 },
      );
      await database.write([wake("incident:quick", 0), wake("incident:slow", 0), wake("incident:rude", 0)]);
      await until("all to run", () => ran.length === 3);
      setImmediate(finish.resolve);
    }
    assert.equal(ran.length, 3);
    const left = await jobs(database);
    assert.deepEqual(
      left.map(({ key, lease_until }) => [key, lease_until]),
      [
        ["incident:rude", null],
        ["incident:slow", null],
      ],
    );
    assert.ok(left.every(({ run_at }) => run_at !== null && run_at <= Date.now()));
    rude.resolve();
  });
});

suite("work on a PostgreSQL that goes away", () => {
  test("it is reported once; served again when it is back; a handler that could not renew is aborted", async (t) => {
    await using server = await startPostgres();
    if (!server) return t.skip("PostgreSQL is not installed");
    await using database = await openDatabase({ url: await server.createDatabase() });
    const ran: JobKey[] = [];
    let aborted = 0;
    await using served = serving(
      database,
      async (key, signal) => {
        ran.push(key);
        if (key !== "incident:long" || ran.filter((each) => each === key).length > 1) return;
        await once(signal, "abort");
        aborted += 1;
      },
      { leaseMs: 3000 },
    );
    await database.write([wake("incident:1", 0), wake("incident:long", 0)]);
    await until("it to serve", () => ran.length === 2);
    await server.stop();
    await until("the long one to be aborted", () => aborted === 1);
    await until("the outage to be reported", () => served.errors.some(({ key }) => key === undefined));
    await server.start();
    await until("the next wake to be written", async () => {
      await database.write([wake("incident:2", 0)]);
      return true;
    });
    await until(
      "everything to be served",
      () => ran.includes("incident:2") && ran.filter((key) => key === "incident:long").length === 2,
    );
    await noneLeft(database);
    assert.equal(served.errors.filter(({ key }) => key === undefined).length, 1);
  });
});
