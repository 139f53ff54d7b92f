import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, suite, test } from "node:test";
import { answering } from "../../src/notify/receiver.fixture.ts";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { startReceiver, type Receiver } from "../fixtures/receiver.ts";
import { until } from "../fixtures/until.ts";

const tokens = {
  ingest: ["ingest-token-of-the-tests", "another-ingest-token-of-the-tests"],
  api: ["api-token-of-the-tests", "another-api-token-of-the-tests"],
  read: ["read-token-of-the-tests"],
};
const post = (body: object = {}) => ({ method: "POST", body: JSON.stringify(body) });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const [sender = "", , api = "", otherApi = "", reader = ""] = [
  ...tokens.ingest,
  ...tokens.api,
  ...tokens.read,
];

interface AuditPage {
  readonly audit: readonly {
    readonly id: string;
    readonly at: string;
    readonly actor: string;
    readonly address: string | null;
    readonly action: string;
    readonly detail: Readonly<Record<string, unknown>>;
  }[];
  readonly cursor: string | null;
}

suite("who may do what", () => {
  const parts = new AsyncDisposableStack();
  let receiver: Receiver;
  let file: ConfigFile;
  let server: Crosscheck;

  before(async () => {
    receiver = parts.use(await startReceiver());
    file = parts.use(await configFile(config()));
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  const config = (more: object = {}) => ({
    controls: [],
    resolvers: [],
    routes: [{ name: "pass-on", actions: ["listener", "broken"] }],
    actions: [
      { name: "listener", type: "webhook", url: `${receiver.url}/listener` },
      { name: "broken", type: "webhook", url: `${receiver.url}/broken` },
      { name: "ops", type: "webhook", url: `${receiver.url}/ops` },
    ],
    unrouted: ["ops"],
    trouble: ["ops"],
    sources: [
      { name: "changing", type: "generic", tokens: ["the-old-token-of-it", "the-new-token-of-it"] },
      { name: "both", type: "generic", token: "the-first-of-both-x", tokens: ["the-second-of-both"] },
    ],
    server: { "ingest-tokens": tokens.ingest, "api-tokens": tokens.api, "read-tokens": tokens.read },
    ...more,
  });
  const ask = (path: string, token: string | undefined, init: RequestInit = {}) =>
    server.request(path, { ...init, headers: token === undefined ? {} : bearer(token) });
  const status = async (path: string, token: string | undefined, init: RequestInit = {}) =>
    (await ask(path, token, init)).status;
  const audit = async (query = "") => {
    const response = await ask(`/api/v1/audit${query}`, api);
    assert.equal(response.status, 200);
    return (await response.json()) as AuditPage;
  };

  const wrongTokens = async () => {
    const metrics = await (await ask("/metrics", reader)).text();
    return Number(/^crosscheck_api_refused_total\{reason="wrong-token"\} (\d+)$/m.exec(metrics)?.[1]);
  };

  const readable = ["/api/v1/incidents", "/api/v1/deliveries", "/api/v1/mutes", "/api/v1/report"];
  const changing = [
    ["POST", "/api/v1/mutes"],
    ["DELETE", "/api/v1/mutes/x"],
    ["POST", "/api/v1/incidents/x/recheck"],
    ["POST", "/api/v1/incidents/x/mark"],
    ["POST", "/api/v1/deliveries/x/retry"],
    ["POST", "/reload"],
    ["GET", "/reload"],
    ["GET", "/api/v1/audit"],
  ] as const;

  test("a token that reads, reads: the API, the metrics, the events", async () => {
    for (const path of [...readable, "/metrics", "/events"]) {
      assert.equal(await status(path, reader), 200, path);
      assert.equal(await status(path, reader, { method: "HEAD" }), 200, path);
    }
  });

  test("and changes nothing: 403, and what to show instead", async () => {
    for (const [method, path] of changing) {
      const refused = await ask(path, reader, { method });
      assert.equal(refused.status, 403, `${method} ${path}`);
      assert.match(await refused.text(), /one of server\.read-tokens.*Show one of server\.api-tokens/);
    }
    assert.equal(await status(`/reload?key=${reader}`, undefined), 403);
    assert.equal(await status("/", reader, post()), 401);
  });

  test("each kind of token opens its own door only, and each of a kind opens it", async () => {
    for (const token of tokens.ingest) assert.equal(await status("/", token, post()), 202);
    for (const token of tokens.api) assert.equal(await status("/api/v1/incidents", token), 200);
    for (const path of [...readable, "/metrics", "/events", "/api/v1/audit"])
      assert.equal(await status(path, sender), 401, path);
    assert.equal(await status("/", api, post()), 401);
  });

  test("a source takes the old token and the new, and `token` beside `tokens`", async () => {
    for (const token of ["the-old-token-of-it", "the-new-token-of-it"])
      assert.equal(await status("/alerts/changing", token, post()), 202);
    for (const token of ["the-first-of-both-x", "the-second-of-both"])
      assert.equal(await status("/alerts/both", token, post()), 202);
    assert.equal(await status("/alerts/changing", "the-first-of-both-x", post()), 401);
    assert.equal(await status("/alerts/changing", sender, post()), 401);
  });

  test("without a token the health says nothing but itself; with one that reads, more", async () => {
    assert.deepEqual(await server.read("/healthz"), { status: "ok" });
    assert.deepEqual(await server.read("/readyz"), { status: "ready" });
    const health = (await (await ask("/healthz", reader)).json()) as { version: string };
    assert.match(health.version, /^\d+\.\d+\.\d+/);
    const ready = (await (await ask("/readyz", reader)).json()) as { config: { hash: string } };
    assert.match(ready.config.hash, /^[0-9a-f]{64}$/);
    assert.deepEqual(await (await ask("/healthz", sender)).json(), { status: "ok" });
  });

  test("nor can a token be guessed there without being counted", async () => {
    const before = await wrongTokens();
    for (const path of ["/healthz", "/readyz"]) {
      assert.equal(await status(path, "a-guess"), 200);
      assert.equal(await status(path, undefined), 200);
      assert.equal(await status(path, reader), 200);
    }
    assert.equal(await wrongTokens(), before + 2);
  });

  test("an answer of any kind carries the headers that keep browsers from using it", async () => {
    const answers = [
      await ask("/", sender, post()),
      await ask("/", undefined, post()),
      await ask("/api/v1/incidents", reader),
      await ask("/nowhere", reader),
      await ask("/ping", undefined),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [202, 401, 200, 404, 200],
    );
    for (const { headers, url } of answers) {
      assert.equal(headers.get("x-content-type-options"), "nosniff", url);
      assert.match(headers.get("content-security-policy") ?? "", /^default-src 'none'/, url);
      assert.equal(headers.get("cache-control"), "no-store", url);
    }
  });

  test("no way of writing a path leads past the door", async () => {
    const ways = [
      "/api/v1/incidents/",
      "//api/v1/incidents",
      "/api//v1/incidents",
      "/api/v1/../v1/incidents",
      "/healthz/../api/v1/incidents",
      "/healthz/%2e%2e/api/v1/incidents",
      "/%61pi/v1/incidents",
      "/api%2fv1%2fincidents",
      "/api/v1%2fincidents",
      "/api/v1/incidents;x",
      "/api/v1/incidents%00",
      "/API/V1/incidents",
      "/api\\v1\\incidents",
      "/./metrics",
      "/metrics%2f",
      "/metrics/",
      "/events?",
      "http://127.0.0.1/api/v1/incidents",
      "http://elsewhere.example/metrics",
      "*",
    ];
    for (const path of ways) {
      for (const method of ["GET", "HEAD", "POST", "OPTIONS", "PUT", "TRACE"]) {
        const got = await rawStatus(server.url, method, path);
        // `POST /` in an absolute form is none of these; what is let through would be 200 or 202.
        assert.ok(got >= 400 && got < 500, `${method} ${path}: ${got}`);
      }
    }
  });

  test("a token in the URL is nowhere in the log, nor in what is answered", async () => {
    const shown = `wrong-token-${"x".repeat(20)}`;
    for (const path of [`/?token=${shown}`, `/nowhere?token=${shown}`, `/api/v1/incidents?token=${shown}`]) {
      const response = await server.request(path, { method: "POST", body: "{}" });
      assert.doesNotMatch(await response.text(), new RegExp(shown));
    }
    assert.doesNotMatch(JSON.stringify(server.log), new RegExp(shown));
  });

  test("what anybody changes is in the audit log: who, from where, what", async () => {
    const begun = await ask("/api/v1/mutes", otherApi, post({ route: "pass-on", for: "1h", reason: "work" }));
    const { id } = (await begun.json()) as { id: string };
    await ask(`/api/v1/mutes/${id}`, api, { method: "DELETE" });
    await ask("/reload", otherApi, { method: "POST" });
    server.send("SIGHUP");
    await until("the reload", async () => (await audit("?limit=1")).audit[0]?.actor === "signal");
    await file.write({ ...config(), routes: "none" });
    await ask(`/reload?key=${api}`, undefined);
    await file.write(config());

    const seen = (await audit()).audit.map(({ actor, address, action }) => [action, actor, address]);
    assert.deepEqual(seen, [
      ["reload", "api-token 1", "127.0.0.1"],
      ["reload", "signal", null],
      ["reload", "api-token 2", "127.0.0.1"],
      ["mute-end", "api-token 1", "127.0.0.1"],
      ["mute", "api-token 2", "127.0.0.1"],
    ]);
    const [refused, accepted, , ended] = (await audit()).audit;
    assert.deepEqual(Object.keys(refused?.detail ?? {}), ["faults"]);
    assert.match(String(accepted?.detail["hash"]), /^[0-9a-f]{64}$/);
    assert.deepEqual(ended?.detail, { id });

    const first = await audit("?limit=2");
    const second = await audit(`?limit=2&cursor=${first.cursor}`);
    assert.deepEqual(
      [...first.audit, ...second.audit].map((entry) => entry.id),
      (await audit("?limit=4")).audit.map((entry) => entry.id),
    );
    assert.equal(await status("/api/v1/audit?limit=0", api), 400);
  });

  test("a dead letter that is sent again is in it, too; what is refused is not", async () => {
    receiver.answer("/broken", answering(400));
    await ask("/", sender, post({ for: "the-audit" }));
    const dead = await until("the dead letter", async () => {
      const page = await (await ask("/api/v1/deliveries?state=dead", api)).json();
      return (page as { deliveries: { id: string; action: string }[] }).deliveries.find(
        ({ action }) => action === "broken",
      );
    });
    const before = (await audit("?limit=1")).audit[0]?.id;
    assert.equal(await status("/api/v1/deliveries/nothing/retry", api, { method: "POST" }), 404);
    assert.equal((await audit("?limit=1")).audit[0]?.id, before);
    assert.equal(await status(`/api/v1/deliveries/${dead.id}/retry`, api, { method: "POST" }), 202);
    const [newest] = (await audit("?limit=1")).audit;
    assert.deepEqual([newest?.action, newest?.detail], ["retry", { delivery: dead.id }]);
  });

  test("whoever tries token after token is counted and told of, and keeps nobody out", async () => {
    for (let guess = 0; guess < 12; guess += 1)
      assert.equal(await status("/api/v1/incidents", `guess-${guess}`), 401);
    const [notice] = await receiver.hears("/ops", "refused-api");
    assert.match(notice?.body ?? "", /with a wrong token came from 127\.0\.0\.1/);
    assert.equal(await status("/api/v1/incidents", api), 200);
    const metrics = await (await ask("/metrics", reader)).text();
    assert.match(metrics, /^crosscheck_api_refused_total\{reason="wrong-token"\} \d+$/m);
    assert.match(metrics, /^crosscheck_api_refused_total\{reason="read-only"\} \d+$/m);
  });
});

/** `fetch` tidies paths up before it sends them. */
function rawStatus(url: string, method: string, path: string): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    httpRequest({ hostname, port, method, path, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}
