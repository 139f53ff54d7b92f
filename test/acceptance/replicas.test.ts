import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { hanging } from "../../src/notify/receiver.fixture.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck } from "../fixtures/crosscheck.ts";
import { findPostgres, sharedPostgres } from "../fixtures/postgres.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

/** Within this a dead replica's work is with another. */
const takeoverMs = 15_000;
const shortHoldMs = 11_000;

const hasty = { ...quick, deadline: "5s", "second-look-deadline": "5s", hold: `${shortHoldMs}ms` };

const routes = [
  { ...pageRoute, verdict: { ...quick, hold: "60s" } },
  { ...pageRoute, name: "impatient", checks: ["hasty"], verdict: hasty },
  { name: "pass-on", actions: ["team"] },
];

function configFor(world: World) {
  const { url } = world.receiver;
  return configIn(world, {
    checks: [pageCheck, { ...pageCheck, name: "hasty", timeout: "4500ms" }],
    routes,
    actions: [
      { name: "oncall", type: "webhook", url: `${url}/oncall` },
      { name: "team", type: "webhook", url: `${url}/team`, timeout: "60s" },
      { name: "ops", type: "webhook", url: `${url}/ops` },
    ],
  });
}

const binaries = findPostgres();
const skip = binaries === undefined && "PostgreSQL is not installed";

suite("two replicas on one PostgreSQL", { concurrency: true, skip }, () => {
  test("each alert's work is done once, whichever of them took it", async () => {
    await using world = await startWorld();
    const { site, receiver } = world;
    await using file = await configFile(configFor(world));
    const options = { config: file.path, database: await freshDatabase() };
    // Both at once: they also take turns to make the tables.
    const [left, right] = await Promise.all([startCrosscheck(options), startCrosscheck(options)]);
    await using _left = left;
    await using _right = right;

    const paths = Array.from({ length: 12 }, (_, number) => `/shared-${number}.html`);
    for (const path of paths) site.set(path, "down");
    const post = (path: string, index: number) =>
      (index % 2 === 0 ? left : right).post({ url: site.page(path) }, "/tenant/page");
    // Of each page one alert to either: they join.
    await Promise.all(paths.flatMap((path, index) => [post(path, index), post(path, index + 1)]));
    for (const path of paths) await receiver.hears("/oncall", site.page(path));
    await until("both alerts of each page to be in its incident", async () => {
      const incidents = await right.incidents();
      return incidents.every(({ alertCount }) => alertCount === 2);
    });
    for (const path of paths) site.set(path, "up");
    const over = await until("everything to be over", async () => {
      const incidents = await right.incidents();
      return incidents.every(({ state }) => state === "closed") ? incidents : undefined;
    });

    assert.equal(over.length, paths.length);
    assert.deepEqual(new Set(over.map(({ alertCount }) => alertCount)), new Set([2]));
    for (const path of paths) {
      await receiver.hears("/oncall", site.page(path), 2);
      const incident = await left.incidentOf(site.page(path));
      const runs = incident?.runs ?? [];
      assert.deepEqual(
        runs.filter(({ cause }) => cause === "alert").map(({ verdict }) => verdict?.outcome),
        ["confirmed"],
        `${JSON.stringify(incident)}\n${routingOf(left)}\n${routingOf(right)}`,
      );
      const told = receiver.told("/oncall", site.page(path));
      assert.deepEqual(
        told.map(({ event }) => event),
        ["verdict", "recovered"],
      );
      assert.equal(new Set(told.map(({ key }) => key)).size, 2);
    }
    const working = [left, right].map(({ log }) =>
      log.some(({ event }) => event === "verdict" || event === "delivery"),
    );
    assert.deepEqual(working, [true, true]);
  });

  test("one is killed in the middle of its work: the other takes over within 15 s, and no hold waits", async () => {
    await using world = await startWorld();
    const { site, receiver } = world;
    await using file = await configFile(configFor(world));
    const options = { config: file.path, database: await freshDatabase() };
    for (const path of ["/running", "/held"]) site.set(path, "silent");
    receiver.answer("/team", hanging);

    const doomed = await startCrosscheck(options);
    await doomed.post({ url: site.page("/running") }, "/tenant/page");
    await doomed.post({ url: site.page("/held") }, "/tenant/impatient");
    const heldAt = Date.now();
    const id = await doomed.post({ number: 1 }, "/tenant/pass-on");
    await receiver.hears("/team", id);
    await until(
      "both runs to begin",
      () => site.visits("/running").length > 0 && site.visits("/held").length > 0,
    );
    await doomed.kill();
    const killedAt = Date.now();
    site.set("/running", "down");
    await using heir = await startCrosscheck(options);

    const [overdue] = await receiver.hears("/oncall", site.page("/held"), 1, shortHoldMs + 3 * takeoverMs);
    assert.match(overdue?.firstLine ?? "", /^COULD NOT CHECK, treat as real|^DOWN/);
    assert.ok((overdue?.at ?? Infinity) - heldAt < shortHoldMs + 15_000);

    const [down] = await receiver.hears("/oncall", site.page("/running"), 1, 4 * takeoverMs);
    assert.match(down?.firstLine ?? "", /^DOWN/);
    const [first, again] = await receiver.hears("/team", id, 2, 4 * takeoverMs);
    assert.equal(first?.key, again?.key);
    // The lease, and what it takes to notice, look and tell.
    for (const { at } of [down, again].filter((notice) => notice !== undefined))
      assert.ok(at - killedAt < takeoverMs + 15_000, `${at - killedAt} ms`);

    const incident = await heir.incidentOf(site.page("/running"));
    assert.equal(incident?.runs[0]?.verdict?.outcome, "confirmed");
    assert.equal(receiver.told("/team", id).length, 2);
  });
});

suite("three replicas on one PostgreSQL", { skip }, () => {
  test("under load one is killed: what was accepted is delivered, soon, and twice only under the same key", async (t) => {
    await using world = await startWorld(["eu", "na"]);
    const { site, receiver } = world;
    await using file = await configFile(configFor(world));
    const options = { config: file.path, database: await freshDatabase() };
    const replicas = await Promise.all([1, 2, 3].map(() => startCrosscheck(options)));
    await using parts = new AsyncDisposableStack();
    for (const replica of replicas) parts.use(replica);
    const [doomed] = replicas;
    const accepted: { readonly about: string; readonly path: string }[] = [];
    const stopping = new AbortController();
    const send = async (sender: number) => {
      for (let number = 0; !stopping.signal.aborted; number += 1) {
        const replica = replicas[(sender + number) % replicas.length];
        const page = number % 10 === 0 ? site.page(`/load-${sender}-${number}`) : undefined;
        if (page !== undefined) site.set(new URL(page).pathname, "down");
        // Whoever is killed takes no more; what it had taken counts.
        const id = await replica
          ?.post(
            page === undefined ? { sender, number } : { url: page },
            `/tenant/${page ? "page" : "pass-on"}`,
          )
          .catch(() => undefined);
        if (id !== undefined)
          accepted.push(page ? { about: page, path: "/oncall" } : { about: id, path: "/team" });
      }
    };
    const load = [0, 1, 2].map(send);

    const some = 30 + Math.round(Math.random() * 100);
    await until("some load", () => accepted.length >= some);
    await doomed?.kill();
    const [killedAt, before] = [Date.now(), accepted.length];
    await until("more load", () => accepted.length >= before + 30);
    stopping.abort();
    await Promise.all(load);

    const late: string[] = [];
    for (const [index, { about, path }] of accepted.entries()) {
      const [first] = await receiver.hears(path, about, 1, 4 * takeoverMs);
      if (index < before && (first?.at ?? Infinity) - killedAt > 2 * takeoverMs) late.push(about);
    }
    assert.deepEqual(late, []);
    const twice = accepted.filter(({ about, path }) => {
      const news = receiver.told(path, about).filter(({ event }) => event !== "recovered");
      return new Set(news.map(({ key }) => key)).size > 1;
    });
    assert.deepEqual(twice, []);
    t.diagnostic(`${accepted.length} accepted, ${before} of them before the kill`);
  });
});

async function freshDatabase(): Promise<{ readonly url: string }> {
  const server = await sharedPostgres(binaries ?? "");
  return { url: await server.createDatabase() };
}

/** When which replica routed what, for a failure's message. */
function routingOf({ log }: { readonly log: readonly Readonly<Record<string, unknown>>[] }): string {
  const telling = ["incident", "routing-batch-failed", "job-failed"];
  return log
    .filter(({ event }) => telling.includes(String(event)))
    .map((line) => JSON.stringify(line))
    .join("\n");
}
