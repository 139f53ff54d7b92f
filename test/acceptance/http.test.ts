import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import { configFile } from "../fixtures/config-file.ts";
import { runCommand } from "../fixtures/command.ts";
import { startCrosscheck, type Crosscheck, type IncidentJson } from "../fixtures/crosscheck.ts";
import { freshSqlite } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";
import { configIn, pageRoute, quick, startWorld, type World } from "../fixtures/world.ts";

const ingestToken = "ingest-token-of-the-tests";
const apiToken = "api-token-of-the-tests";
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

suite("HTTP on loopback without tokens", () => {
  let parts: AsyncDisposableStack;
  let world: World;
  let server: Crosscheck;

  before(async () => {
    parts = new AsyncDisposableStack();
    world = parts.use(await startWorld());
    const routes = [
      pageRoute,
      { ...pageRoute, name: "still", verdict: { ...quick, "open-recheck": ["1h"] } },
    ];
    const file = parts.use(await configFile(configIn(world, { routes })));
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
  });
  after(() => parts.disposeAsync());

  test("an alert is answered with its id once it is stored, on / and /scan", async () => {
    for (const path of ["/", "/scan"]) {
      const response = await server.request(path, { method: "POST", body: '{"any": "thing"}' });
      assert.equal(response.status, 202);
      const { id } = (await response.json()) as { id: string };
      assert.match(id, uuid);
      const stored = await server.request(`/api/v1/alerts/${id}`);
      assert.equal(await stored.text(), '{"any": "thing"}');
    }
  });

  test("an alert is given back byte for byte, and never as a page", async () => {
    const body = Buffer.from([0xff, 0x00, ...Buffer.from('<script>alert("ö")</script>\r\n')]);
    const headers = { "content-type": "text/html" };
    const response = await server.request("/", { method: "POST", body, headers });
    const { id } = (await response.json()) as { id: string };
    const stored = await server.request(`/api/v1/alerts/${id}`);
    assert.deepEqual(Buffer.from(await stored.arrayBuffer()), body);
    assert.equal(stored.headers.get("content-type"), "application/octet-stream");
    assert.equal(stored.headers.get("x-content-type-options"), "nosniff");
    assert.equal(stored.headers.get("x-crosscheck-source"), "webhook");
    assert.match(stored.headers.get("x-crosscheck-received-at") ?? "", rfc3339);
  });

  test("?wait= gives the verdict, and 202 when there is none yet", async () => {
    world.site.set("/waited", "down");
    const body = JSON.stringify({ url: world.site.page("/waited") });
    const answer = await server.request("/tenant/page?wait=60s", { method: "POST", body });
    assert.equal(answer.status, 200);
    const { id, incidents } = (await answer.json()) as { id: string; incidents: IncidentJson[] };
    assert.deepEqual(
      incidents.map(({ outcome, alerts }) => [outcome, alerts.map((alert) => alert.id)]),
      [["confirmed", [id]]],
    );

    world.site.set("/awaited", "silent");
    const silent = JSON.stringify({ url: world.site.page("/awaited") });
    const early = await server.request("/tenant/page?wait=50ms", { method: "POST", body: silent });
    assert.equal(early.status, 202);
    assert.deepEqual(Object.keys((await early.json()) as object), ["id"]);
    world.site.set("/awaited", "up");
  });

  test("?wait= never costs an alert: too long is cut, what is no duration is ignored and said so", async () => {
    for (const wait of ["soon", "-1s", ""]) {
      const response = await server.request(`/?wait=${wait}`, { method: "POST", body: "{}" });
      assert.equal(response.status, 202, wait);
      const { id, waitIgnored } = (await response.json()) as { id: string; waitIgnored: string };
      assert.equal(waitIgnored, "write a duration such as ?wait=30s, at most 120s");
      assert.equal(await (await server.request(`/api/v1/alerts/${id}`)).text(), "{}");
    }
    for (const wait of ["10m", "0s"]) {
      const response = await server.request(`/?wait=${wait}`, { method: "POST", body: "{}" });
      assert.equal(response.status, wait === "0s" ? 202 : 200, wait);
      assert.equal("waitIgnored" in ((await response.json()) as object), false);
    }
  });

  test("an incident has the shape that the design promises", async () => {
    world.site.set("/shape", "up", { apac: "down" });
    const subject = world.site.page("/shape");
    const alert = await server.post({ url: subject }, "/tenant/still");
    await world.receiver.hears("/oncall", subject);
    const incident = await until("the delivery to be settled", async () => {
      const found = await server.incidentOf(subject);
      return found?.deliveries[0]?.state === "delivered" ? found : undefined;
    });
    assert.match(incident.id, uuid);
    assert.partialDeepStrictEqual(incident, {
      route: "still",
      subject,
      state: "open",
      alertCount: 1,
      alerts: [{ id: alert }],
      runs: [
        {
          verdict: {
            outcome: "regional",
            reason: "some-domains-fail",
            headline: "PARTLY DOWN 1/3 apac",
            votes: { fail: 1, flaky: 0, degraded: 0, pass: 2, none: 0, needed: 2, toSpare: 2 },
            scope: {
              locations: ["apac"],
              layer: "http",
              errorClass: "http.status",
              common: [{ attribute: "location", value: "apac" }],
            },
          },
        },
      ],
      deliveries: [{ action: "oncall", event: "verdict", state: "delivered", attempts: 1 }],
    });
    // The fixture's type names what most tests read; these are the times beside it.
    const whole = incident as unknown as { alerts: { receivedAt: string }[]; runs: Run[] };
    assert.match(whole.alerts[0]?.receivedAt ?? "", rfc3339);
    const [run] = whole.runs;
    assert.ok(run !== undefined);
    assert.match(run.id, uuid);
    assert.match(run.startedAt, rfc3339);
    assert.ok(run.durationMs >= 100 && run.durationMs < 45_000);
    assert.match(run.verdict?.summary ?? "", /^page fails from apac only \(1 of 3\).*eu and na pass$/);
    const observation = run.observations.find(({ location, look }) => location === "apac" && look === 2);
    assert.partialDeepStrictEqual(observation, {
      check: "page",
      location: "apac",
      outcome: "fail",
      failureSource: "target",
      layer: "http",
      errorClass: "http.status",
      remoteAddress: "127.0.0.1",
      ipVersion: 4,
      attempts: [{ outcome: "fail" }],
    });
    const timings = observation?.timings ?? {};
    assert.deepEqual(Object.keys(timings), ["dns", "tcp", "tls", "firstByte", "download", "total"]);
    assert.deepEqual([timings["dns"], timings["tls"], typeof timings["total"]], [null, null, "number"]);
    assert.match(incident.deliveries[0]?.id ?? "", uuid);
  });

  const listed = (query: string) => server.read<Page>(`/api/v1/incidents?${query}`);

  test("incidents are listed newest first, page by page, by outcome and by route", async () => {
    const subjects = ["/list-1", "/list-2", "/list-3"].map((path) => world.site.page(path));
    for (const url of subjects)
      await server.request("/tenant/page?wait=60s", { method: "POST", body: JSON.stringify({ url }) });
    const first = await listed("limit=2&route=page");
    const second = await listed(`limit=2&route=page&cursor=${first.cursor}`);
    const subjectsListed = [...first.incidents, ...second.incidents].map(({ subject }) => subject);
    assert.deepEqual(subjectsListed.slice(0, 3), subjects.toReversed());
    assert.ok(first.incidents.every(({ runs }) => runs.length === 1));

    const { incidents: spared } = await listed("outcome=not-reproduced");
    assert.ok(spared.length >= 3 && spared.every(({ outcome }) => outcome === "not-reproduced"));
    assert.deepEqual((await listed("route=nowhere")).incidents, []);
    assert.equal((await listed("limit=200")).cursor, null);
    for (const query of ["limit=0", "limit=201", "limit=x", "outcome=bad"])
      assert.equal((await problemOf(await server.request(`/api/v1/incidents?${query}`))).status, 400);
  });

  test("recheck looks again now, and refuses where nothing is left to look at", async () => {
    world.site.set("/recheck", "down");
    const url = world.site.page("/recheck");
    await server.post({ url }, "/tenant/still");
    await world.receiver.hears("/oncall", url);
    const { id } = await until("the incident", () => server.incidentOf(url));
    const recheck = () => server.request(`/api/v1/incidents/${id}/recheck`, { method: "POST" });
    const asked = await recheck();
    assert.deepEqual([asked.status, await asked.json()], [202, { id }]);
    await until("a second run", async () => (await server.incidentOf(url))?.runs[1]?.verdict);
    world.site.set("/recheck", "up");
    await recheck();
    await until("the end", async () => (await server.incidentOf(url))?.state === "closed");
    assert.equal((await problemOf(await recheck())).status, 409);
  });

  test("what does not exist is 404, a wrong method 405, both as problem details", async () => {
    const nothing = ["/nowhere", "/api/v1/incidents/x", "/api/v1/alerts/x", "/api/v1/nothing", "/healthz/x"];
    for (const path of nothing) assert.equal((await problemOf(await server.request(path))).status, 404, path);
    for (const path of ["/api/v1/incidents/x/recheck", "/api/v1/deliveries/x/retry"]) {
      const response = await server.request(path, { method: "POST", body: "{}" });
      assert.equal((await problemOf(response)).status, 404, path);
    }
    const wrong = [
      ["DELETE", "/api/v1/incidents", "GET"],
      ["GET", "/scan", "POST"],
      ["GET", "/tenant/page", "POST"],
      ["PUT", "/reload", "POST"],
      ["PUT", "/healthz", "GET"],
    ] as const;
    for (const [method, path, allowed] of wrong) {
      const response = await server.request(path, { method });
      assert.equal((await problemOf(response)).status, 405, `${method} ${path}`);
      assert.match(response.headers.get("allow") ?? "", new RegExp(allowed));
    }
  });

  test("health: the process, its readiness, Postee's ping, and figures for Prometheus", async () => {
    assert.partialDeepStrictEqual(await server.read("/healthz"), { status: "ok" });
    assert.partialDeepStrictEqual(await server.read("/readyz"), { status: "ready" });
    assert.equal(await (await server.request("/ping")).text(), "Crosscheck alive!");
    const metrics = await server.request("/metrics");
    assert.match(metrics.headers.get("content-type") ?? "", /^text\/plain/);
    assert.match(await metrics.text(), /^crosscheck_\w+\{.*\} \d+$/m);
  });

  test("a web page elsewhere can neither send nor read", async () => {
    const foreign = [{ origin: "https://evil.example" }, { host: "evil.example" }, { origin: "null" }];
    for (const headers of foreign) {
      for (const [method, path] of [
        ["POST", "/"],
        ["POST", "/reload"],
        ["GET", "/api/v1/incidents"],
        ["GET", "/metrics"],
      ] as const)
        assert.equal(
          await statusOf(server.url + path, { method, headers }),
          403,
          `${path} ${JSON.stringify(headers)}`,
        );
    }
    const { port } = new URL(server.url);
    for (const headers of [{ origin: server.url }, { host: `localhost:${port}` }])
      assert.equal(await statusOf(`${server.url}/api/v1/incidents`, { method: "GET", headers }), 200);
  });
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (token: string) => ({
  authorization: `Basic ${Buffer.from(`anybody:${token}`).toString("base64")}`,
});

suite("HTTP with tokens", () => {
  let parts: AsyncDisposableStack;
  let server: Crosscheck;

  before(async () => {
    parts = new AsyncDisposableStack();
    const world = parts.use(await startWorld(["eu"]));
    const file = parts.use(
      await configFile(
        configIn(world, {
          sources: [{ name: "monitor", type: "generic", token: "a-token-of-its-own" }],
          server: { "ingest-tokens": ["another", ingestToken], "api-tokens": [apiToken] },
        }),
      ),
    );
    const database = parts.use(await freshSqlite());
    server = parts.use(
      await startCrosscheck({ config: file.path, database: database.location, listen: "0.0.0.0:0" }),
    );
  });
  after(() => parts.disposeAsync());

  const post = (path: string, headers: Record<string, string> = {}) =>
    server.request(path, { method: "POST", body: '{"any":"thing"}', headers });

  test("an alert is taken with a token: bearer, basic password or in the query", async () => {
    assert.equal((await post("/", bearer(ingestToken))).status, 202);
    assert.equal((await post("/scan", basic(ingestToken))).status, 202);
    assert.equal((await post(`/tenant/page?token=${ingestToken}`)).status, 202);
  });

  test("and refused without one, with a wrong one, or with the other door's", async () => {
    const wrong = [
      {},
      bearer("wrong"),
      bearer(""),
      bearer(apiToken),
      basic(""),
      { authorization: ingestToken },
    ];
    for (const headers of wrong) {
      const refused = await post("/", headers);
      assert.equal(refused.status, 401, JSON.stringify(headers));
      assert.match(refused.headers.get("content-type") ?? "", /^application\/problem\+json/);
      assert.match(refused.headers.get("www-authenticate") ?? "", /^Bearer/);
    }
    assert.equal((await post("/?token=")).status, 401);
  });

  test("a source's own token takes the place of the common ones", async () => {
    assert.equal((await post("/alerts/monitor", bearer("a-token-of-its-own"))).status, 202);
    assert.equal((await post("/alerts/monitor", bearer(ingestToken))).status, 401);
  });

  test("a source that does not exist is no reason to refuse an alert, only a wrong token is", async () => {
    const taken = await post("/alerts/nobody", bearer(ingestToken));
    assert.equal(taken.status, 202);
    const { id } = (await taken.json()) as { id: string };
    const stored = await server.request(`/api/v1/alerts/${id}`, { headers: bearer(apiToken) });
    assert.equal(stored.headers.get("x-crosscheck-source"), "generic");
    assert.equal(await stored.text(), '{"any":"thing"}');
    for (const headers of [{}, bearer("wrong"), bearer("a-token-of-its-own")])
      assert.equal((await post("/alerts/nobody", headers)).status, 401);
  });

  test("the API wants its own token; liveness wants none", async () => {
    for (const path of ["/api/v1/incidents", "/api/v1/alerts/x", "/api/v1/deliveries", "/metrics"]) {
      assert.equal((await server.request(path)).status, 401, path);
      assert.equal((await server.request(path, { headers: bearer(ingestToken) })).status, 401, path);
    }
    assert.equal((await post("/reload", bearer(ingestToken))).status, 401);
    assert.equal((await server.request("/api/v1/incidents", { headers: bearer(apiToken) })).status, 200);
    for (const path of ["/healthz", "/readyz", "/ping"])
      assert.equal((await server.request(path)).status, 200, path);
  });

  test("with a token it does not matter which page asks", async () => {
    const headers = { ...bearer(apiToken), origin: "https://dashboard.example" };
    assert.equal((await server.request("/api/v1/incidents", { headers })).status, 200);
  });
});

test("tokens are read once; one that has gone lets nobody in, and takes nobody else's away", async () => {
  await using world = await startWorld(["eu"]);
  await using file = await configFile("");
  const names = ["common", "only-api", "own"];
  for (const name of names) await writeFile(join(file.folder, name), `token-of-${name}`);
  const server = { "ingest-tokens": ["file:common", ingestToken], "api-tokens": ["file:only-api"] };
  const sources = [{ name: "monitor", type: "generic", token: "file:own" }];
  await file.write(configIn(world, { sources, server }));
  await using database = await freshSqlite();
  await using running = await startCrosscheck({ config: file.path, database: database.location });
  const status = async (path: string, token: string, method = "POST") =>
    (
      await running.request(path, {
        method,
        headers: bearer(token),
        ...(method === "GET" ? {} : { body: "{}" }),
      })
    ).status;
  for (const name of names) await rm(join(file.folder, name));

  for (const _time of ["first", "second"]) {
    assert.equal(await status("/", ingestToken), 202);
    assert.equal(await status("/", "token-of-common"), 401);
    assert.equal(await status("/alerts/monitor", "token-of-own"), 401);
    // The only one of its door: without it the door is shut, not open.
    assert.equal(await status("/api/v1/incidents", "token-of-only-api", "GET"), 401);
    assert.equal((await running.request("/api/v1/incidents")).status, 401);
  }
  const [notice] = await world.receiver.hears("/ops", "refused-ingest: monitor");
  assert.match(notice?.body ?? "", /a token cannot be read.*the file own cannot be read/);
  const unread = await until("the log", () => {
    const lines = running.log.filter(({ event }) => event === "token-not-read");
    return lines.length >= 3 ? lines : undefined;
  });
  assert.deepEqual(
    unread.map(({ level, error }) => `${String(level)}: ${String(error)}`).toSorted(),
    ["common", "only-api", "own"].map((name) => `error: the file ${name} cannot be read`),
  );

  for (const name of names) await writeFile(join(file.folder, name), `token-of-${name}`);
  assert.equal(await status("/", "token-of-common"), 401);
  running.send("SIGHUP");
  await until("the reload", async () => (await status("/", "token-of-common")) === 202);
  await rm(join(file.folder, "common"));
  assert.equal(await status("/", "token-of-common"), 202);
  assert.equal(await status("/api/v1/incidents", "token-of-only-api", "GET"), 200);
});

test("a public address without tokens is refused at start", async () => {
  await using world = await startWorld(["eu"]);
  await using database = await freshSqlite();
  if (!("data" in database.location)) return;
  const doors = [{}, { "api-tokens": [apiToken] }, { "ingest-tokens": [ingestToken] }];
  for (const server of doors) {
    await using file = await configFile(configIn(world, { server }));
    const place = ["--data", database.location.data, "--listen", "0.0.0.0:0"];
    const { code, stderr } = await runCommand(["serve", "--config", file.path, ...place]);
    assert.deepEqual([code, stderr.length], [1, 1], stderr.join("\n"));
    assert.match(stderr[0] ?? "", /listening on 0\.0\.0\.0:0 without server\.(ingest|api)-tokens/);
  }
});

interface Page {
  readonly incidents: readonly IncidentJson[];
  readonly cursor: string | null;
}

interface Run {
  readonly id: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: { readonly summary: string };
  readonly observations: readonly {
    readonly location: string;
    readonly look: number;
    readonly timings: Readonly<Record<string, number | null>>;
  }[];
}

/** fetch does not send a Host or an Origin of our choosing. */
async function statusOf(
  url: string,
  options: { method: string; headers: object },
): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
  const request = httpRequest(url, { ...options, headers: { ...options.headers } }, (response) => {
    void text(response).then(() => resolve(response.statusCode), reject);
  });
  request.on("error", reject);
  request.end();
  return promise;
}

async function problemOf(response: Response) {
  assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/);
  const problem = (await response.json()) as { status: number; title: string; detail: string };
  assert.equal(problem.status, response.status);
  assert.ok(problem.title !== "" && problem.detail !== "");
  return problem;
}
