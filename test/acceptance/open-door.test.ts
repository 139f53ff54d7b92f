import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

const tokens = { "ingest-tokens": ["token-of-the-senders"], "api-tokens": ["token-of-the-people"] };

suite("a reload never opens the door of a server that others can reach", () => {
  const parts = new AsyncDisposableStack();
  let receiver: Receiver;
  let file: ConfigFile;
  let server: Crosscheck;

  before(async () => {
    receiver = parts.use(await startReceiver());
    file = parts.use(await configFile(config(tokens, "before")));
    const database = parts.use(await freshSqlite());
    server = parts.use(
      await startCrosscheck({ config: file.path, database: database.location, listen: "0.0.0.0:0" }),
    );
  });
  after(() => parts.disposeAsync());

  const config = (settings: object, listener: string) => ({
    routes: [{ name: "pass-on", actions: ["listener"] }],
    actions: [
      { name: "listener", type: "webhook", url: `${receiver.url}/${listener}` },
      { name: "ops", type: "webhook", url: `${receiver.url}/ops` },
    ],
    unrouted: ["ops"],
    trouble: ["ops"],
    server: settings,
  });
  const withToken = (path: string, token: string | undefined, init: RequestInit = {}) =>
    server.request(path, {
      ...init,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    });
  const people = tokens["api-tokens"][0];
  const senders = tokens["ingest-tokens"][0];
  const post = (token?: string) => withToken("/", token, { method: "POST", body: '{"kind":"page"}' });

  const { "ingest-tokens": ingest, "api-tokens": api } = tokens;
  const cases = [
    { lost: "both kinds of tokens", settings: {}, fault: /without server\.ingest-tokens would take pages/ },
    { lost: "ingest-tokens", settings: { "api-tokens": api }, fault: /without server\.ingest-tokens/ },
    { lost: "api-tokens", settings: { "ingest-tokens": ingest }, fault: /without server\.api-tokens would/ },
  ];
  for (const { lost, settings, fault } of cases) {
    test(`${lost} taken away: refused by request and by SIGHUP, and nothing changes`, async () => {
      const running = await server.read("/readyz");
      await file.write(config(settings, "after"));
      const answer = await withToken("/reload", people, { method: "POST" });
      assert.equal(answer.status, 422);
      const { faults } = (await answer.json()) as { faults: string[] };
      assert.match(faults.join("\n"), fault);
      const refused = () => server.log.filter(({ event }) => event === "config-refused").length;
      const before = refused();
      server.send("SIGHUP");
      await until("SIGHUP to be refused", () => refused() > before);

      assert.deepEqual(await server.read("/readyz"), running);
      assert.equal((await post()).status, 401);
      assert.equal((await withToken("/api/v1/incidents", undefined)).status, 401);
      const { id } = (await (await post(senders)).json()) as { id: string };
      await receiver.hears("/before", id);
      assert.deepEqual(receiver.told("/after"), []);
      await receiver.hears("/ops", "refused-reload");
    });
  }

  test("other tokens in their place are taken", async () => {
    await file.write(config({ ...tokens, "ingest-tokens": ["another-token-of-the-senders"] }, "after"));
    assert.equal((await withToken("/reload", people, { method: "POST" })).status, 200);
    assert.equal((await post(senders)).status, 401);
    const { id } = (await (await post("another-token-of-the-senders")).json()) as { id: string };
    await receiver.hears("/after", id);
  });
});
