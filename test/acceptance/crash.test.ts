import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { answering, hanging } from "../../src/notify/receiver.fixture.ts";
import type { Statement } from "../../src/store/database.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import type { Receiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageCheck, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

/** A dead process keeps what it was working on for so long. */
const leaseMs = 15_000;
const hastyHoldMs = 10_500;

const hasty = { ...quick, deadline: "5s", "second-look-deadline": "5s", hold: `${hastyHoldMs}ms` };
const routes = [
  { ...pageRoute, verdict: { ...quick, hold: "10m" } },
  { ...pageRoute, name: "hasty", checks: ["hasty"], verdict: hasty },
  { name: "pass-on", actions: ["team"] },
  { name: "pass-on-slowly", actions: ["slowpoke"] },
];

function configFor(world: World) {
  const { url } = world.receiver;
  return configIn(world, {
    checks: [pageCheck, { ...pageCheck, name: "hasty", timeout: "4500ms" }],
    routes,
    actions: [
      { name: "oncall", type: "webhook", url: `${url}/oncall` },
      { name: "team", type: "webhook", url: `${url}/team` },
      { name: "slowpoke", type: "webhook", url: `${url}/slowpoke`, timeout: "60s" },
      { name: "ops", type: "webhook", url: `${url}/ops` },
    ],
  });
}

suite("kill -9 loses nothing", { concurrency: 2 }, () => {
  eachDatabase("crash", (fresh) => {
    test("killed again and again under load: every 202 is delivered, under one key", async () => {
      await using world = await startWorld();
      await using file = await configFile(configFor(world));
      await using database = await fresh();
      const serve = () => startCrosscheck({ config: file.path, database: database.location });
      await using load = new Load();

      for (let kills = 0; kills < 2; kills += 1) {
        await using server = await serve();
        await load.accepted(server, load.ids.length + 30);
      }
      await using _server = await serve();

      await until(
        "every alert to be delivered",
        () => load.ids.every((id) => keysOf(world.receiver, id).size > 0),
        8 * leaseMs,
      );
      const keys = load.ids.map((id) => keysOf(world.receiver, id).size);
      assert.deepEqual(new Set(keys), new Set([1]));
    });

    test("killed in the middle of a run, a hold and a delivery: each goes on, and is told once", async () => {
      await using world = await startWorld();
      const { site, receiver } = world;
      await using file = await configFile(configFor(world));
      await using database = await fresh();
      const serve = () => startCrosscheck({ config: file.path, database: database.location });
      for (const path of ["/running", "/held"]) site.set(path, "silent");
      receiver.always("/slowpoke", hanging);

      const first = await serve();
      await first.post({ sent: 1 }, "/tenant/pass-on-slowly");
      await receiver.hears("/slowpoke");
      await first.post({ url: site.page("/running") }, "/tenant/page");
      await until("the run to begin", () => site.visits("/running").length > 0);
      await first.post({ url: site.page("/held") }, "/tenant/hasty");
      const heldAt = Date.now();
      await until("the other run to begin", () => site.visits("/held").length > 0);
      await first.kill();
      assert.deepEqual(receiver.told("/oncall"), []);

      site.set("/running", "down");
      receiver.always("/slowpoke");
      await using opened = await database.open();
      // As if it had died just after taking them, with a lease of many minutes.
      await opened.write([lastingUntil(Date.now() + 600_000, 0)]);
      await until("the hold to be over", () => Date.now() > heldAt + hastyHoldMs);
      await using second = await serve();

      const [overdue] = await receiver.hears("/oncall", site.page("/held"));
      assert.match(overdue?.firstLine ?? "", /^COULD NOT CHECK, treat as real/);
      assert.match(overdue?.body ?? "", /"reason":"(overdue|interrupted)"/);
      // It has not waited for the dead process; what that was working on does, on PostgreSQL.
      await opened.write([lastingUntil(Date.now(), Date.now() + 300_000)]);

      const [down] = await receiver.hears("/oncall", site.page("/running"), 1, 6 * leaseMs);
      assert.match(down?.firstLine ?? "", /^DOWN/);
      const run = (await second.incidentOf(site.page("/running")))?.runs[0];
      assert.equal(run?.cause, "alert");
      assert.equal(run?.verdict?.reason, "enough-domains-fail");

      const tries = await receiver.hears("/slowpoke", "", 2, 6 * leaseMs);
      assert.equal(tries[0]?.key, tries[1]?.key);
      await until("the delivery to be settled", async () => {
        const { deliveries } = await second.read<Deliveries>("/api/v1/deliveries?state=pending");
        return deliveries.length === 0;
      });
      assert.equal(receiver.told("/slowpoke").length, 2);
      const verdicts = receiver.told("/oncall").filter(({ event }) => event === "verdict");
      assert.equal(verdicts.length, 2);
    });

    test("killed while a receiver is out of order: what it was owed comes after the restart", async () => {
      await using world = await startWorld();
      const { site, receiver } = world;
      await using file = await configFile(configFor(world));
      await using database = await fresh();
      const serve = () => startCrosscheck({ config: file.path, database: database.location });
      site.set("/owed", "down");
      receiver.always("/oncall", answering(500));

      const first = await serve();
      await first.post({ url: site.page("/owed") }, "/tenant/page");
      const [refused] = await receiver.hears("/oncall");
      await first.kill();
      receiver.always("/oncall");
      await using _second = await serve();

      const heard = await receiver.hears("/oncall", "", 2, 6 * leaseMs);
      assert.deepEqual(new Set(heard.map(({ key }) => key)), new Set([refused?.key]));
    });
  });
});

/** Leases that end after a time (ms since 1970) end at another. */
function lastingUntil(end: number, after: number): Statement {
  return { sql: "update jobs set lease_until = $1 where lease_until > $2", params: [end, after] };
}

interface Deliveries {
  readonly deliveries: readonly unknown[];
}

/** The keys under which an alert was told. */
function keysOf(receiver: Receiver, alertId: string): Set<string | undefined> {
  return new Set(receiver.told("/team", alertId).map(({ key }) => key));
}

/** Somebody who sends alert after alert, whether the server is up or not, and remembers those that were accepted. */
class Load implements AsyncDisposable {
  readonly ids: string[] = [];
  #server: Crosscheck | undefined;
  #ended = false;
  readonly #senders = Promise.all([this.#send(), this.#send(), this.#send()]);

  async accepted(server: Crosscheck, count: number): Promise<void> {
    this.#server = server;
    await until(`${count} alerts to be accepted`, () => this.ids.length >= count, 180_000);
  }

  async #send(): Promise<void> {
    while (!this.#ended) {
      const server = this.#server;
      if (server === undefined) {
        await until("somebody to send to", () => this.#ended || this.#server, 180_000);
        continue;
      }
      try {
        this.ids.push(await server.post({ number: this.ids.length }, "/tenant/pass-on"));
      } catch {
        // Killed, perhaps after it was stored: only what was answered with 202 counts.
        if (this.#server === server) this.#server = undefined;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    await this.#senders;
  }
}
