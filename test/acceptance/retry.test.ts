import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { answering } from "../../src/notify/receiver.fixture.ts";
import { runCommand } from "../fixtures/command.ts";
import { configFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { eachDatabase } from "../fixtures/databases.ts";
import { outboxHas, toldByName } from "../fixtures/deliveries.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";

interface Answer {
  readonly retried: readonly string[];
  readonly skipped: readonly { readonly id: string; readonly why: string }[];
  readonly cursor: string | null;
}

const names = ["away", "moved", "strange", "removed"];

eachDatabase("dead letters", (fresh) => {
  const parts = new AsyncDisposableStack();
  let receiver: Receiver;
  let server: Crosscheck;
  let reload: (kept: readonly string[]) => Promise<void>;

  before(async () => {
    receiver = parts.use(await startReceiver());
    const configWith = (kept: readonly string[]) =>
      toldByName(receiver, Object.fromEntries(kept.map((name) => [name, { type: "webhook" }])));
    const file = parts.use(await configFile(configWith(names)));
    const database = parts.use(await fresh());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
    reload = async (kept) => {
      await file.write(configWith(kept));
      const response = await server.request("/reload", { method: "POST" });
      assert.equal(response.status, 200, await response.text());
    };
  });
  after(() => parts.disposeAsync());

  /** Their ids, oldest first. */
  const all = async (action: string, state: string, count: number) => {
    const found = await outboxHas(server, { action, state, count });
    return found.map(({ id }) => id).toSorted();
  };
  /** Gives up so many messages to an action, whose receiver is there again afterwards; their ids, oldest first. */
  const bury = async (action: string, count: number) => {
    receiver.always(`/${action}`, answering(410));
    for (let number = 0; number < count; number += 1) await server.post({ number }, `/tenant/${action}`);
    const ids = await all(action, "dead", count);
    receiver.always(`/${action}`);
    return ids;
  };
  const ask = (body: object) =>
    server.request("/api/v1/deliveries/retry", { method: "POST", body: JSON.stringify(body) });
  const retry = async (body: object) => {
    const response = await ask(body);
    assert.equal(response.status, 202, await response.clone().text());
    return (await response.json()) as Answer;
  };
  const cli = (...args: string[]) => runCommand([...args, "--server", server.url]);

  test("many are sent again, page by page, and the audit log says who asked", async () => {
    const ids = await bury("away", 5);
    const first = await retry({ action: "away", limit: 3 });
    assert.deepEqual(first, { retried: ids.slice(0, 3), skipped: [], cursor: ids[2] });
    const second = await retry({ action: "away", limit: 3, cursor: first.cursor });
    assert.deepEqual(second, { retried: ids.slice(3), skipped: [], cursor: null });
    assert.deepEqual(await all("away", "delivered", 5), ids);
    const { audit } = await server.read<{ audit: { action: string; actor: unknown; detail: object }[] }>(
      "/api/v1/audit",
    );
    const asked = audit.filter(({ action }) => action === "retry").map(({ detail }) => detail);
    assert.ok(
      asked.some((detail) => JSON.stringify(detail) === JSON.stringify({ deliveries: first.retried })),
    );
  });

  test("only those of a time, and nothing twice", async () => {
    const ids = await bury("moved", 2);
    const now = Date.now();
    const [before, later] = [now - 3_600_000, now + 3_600_000].map((at) => new Date(at).toISOString());
    assert.deepEqual((await retry({ action: "moved", until: before })).retried, []);
    assert.deepEqual((await retry({ action: "moved", since: later })).retried, []);
    assert.deepEqual((await retry({ action: "moved", since: before, until: later })).retried, ids);
    await all("moved", "delivered", 2);
    assert.deepEqual((await retry({ action: "moved" })).retried, []);
  });

  test("what the body may be", async () => {
    for (const body of [{ limit: 201 }, { since: "yesterday" }, { actions: "away" }, []]) {
      const response = await ask(body);
      assert.equal(response.status, 400, JSON.stringify(body));
    }
  });

  test("the commands list them and send them again", async () => {
    const [first = "", second = ""] = await bury("strange", 2);
    const listed = await cli("deliveries", "--state", "dead", "--action", "strange");
    assert.equal(listed.code, 0);
    assert.equal(listed.stdout.length, 2);
    assert.match(
      listed.stdout[0] ?? "",
      /^[0-9a-f-]{36} {2}\S+ {2}trigger to strange, dead after 1 try: answered 410/,
    );

    const one = await cli("retry", first);
    assert.deepEqual([one.code, one.stdout], [0, ["1 sent again, 0 left"]]);
    await all("strange", "delivered", 1);
    const again = await cli("retry", first);
    assert.equal(again.code, 1);
    assert.match(again.stdout[0] ?? "", /is left: .* this one is delivered$/);

    const others = await cli("retry", "--action", "strange", "--since", "1h");
    assert.deepEqual([others.code, others.stdout], [0, ["1 sent again, 0 left"]]);
    assert.deepEqual(await all("strange", "delivered", 2), [first, second].toSorted());

    for (const args of [[], ["--all", "--action", "strange"], [first, "--all"]])
      assert.equal((await cli("retry", ...args)).code, 2, args.join(" "));
  });

  test("what the configuration has no action for is left, and says so", async () => {
    const [id = ""] = await bury("removed", 1);
    await reload(names.filter((name) => name !== "removed"));
    assert.deepEqual(await retry({ action: "removed" }), {
      retried: [],
      skipped: [{ id, why: "the configuration has no action removed" }],
      cursor: null,
    });
    const byName = await cli("retry", id);
    assert.equal(byName.code, 1);
    assert.match(byName.stdout[0] ?? "", /is left: .* the configuration has no action removed$/);
    const everything = await cli("retry", "--all");
    assert.equal(everything.code, 0);
    assert.equal(everything.stdout.at(-1), "0 sent again, 1 left");
    await reload(names);
    assert.deepEqual((await retry({ action: "removed" })).retried, [id]);
    await all("removed", "delivered", 1);
  });
});
