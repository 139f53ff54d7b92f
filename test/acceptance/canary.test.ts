/**
 * No secret of the configuration comes out. Each has a value of its own, written into the file, in a variable or in a file;
 * all receivers, targets and locations repeat what they are told, in every spelling; then everything that leaves the process
 * is read: logs, answers, messages of errors, dead letters, metrics, and the bytes of the database.
 */
import assert from "node:assert/strict";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import {
  startReceiver as startServer,
  type Receiver,
  type Received,
} from "../../src/notify/receiver.fixture.ts";
import { configJsonSchema } from "../../src/config/json-schema.ts";
import { Planted, spelled } from "../fixtures/planted.ts";
import { runCommand, type CommandOptions } from "../fixtures/command.ts";
import { configFile, type ConfigFile } from "../fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck, type DeliveryJson } from "../fixtures/crosscheck.ts";
import { freshSqlite, type FreshDatabase } from "../fixtures/databases.ts";
import { until } from "../fixtures/until.ts";

interface Schema {
  readonly title?: string;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** `actions webhook headers *` and others: every place of the file that holds a secret. */
function secretPlaces(): string[] {
  return [...new Set(placesIn(configJsonSchema() as Schema, ""))];
}

function placesIn(schema: Schema, path: string): string[] {
  if (schema.title === "secret") return [path];
  const { properties = {}, items, additionalProperties, anyOf = [], oneOf = [] } = schema;
  const type = properties["type"]?.const;
  const here = typeof type === "string" ? `${path}${type} ` : path;
  return [
    ...Object.entries(properties).flatMap(([key, one]) => placesIn(one, `${here}${key} `)),
    ...(items === undefined ? [] : placesIn(items, path)),
    ...(typeof additionalProperties === "object" ? placesIn(additionalProperties, `${here}* `) : []),
    ...[...anyOf, ...oneOf].flatMap((one) => placesIn(one, path)),
  ];
}

/** Says what it was told. How: the next spelling each time, and now and then nothing. */
function startEcho(): Promise<Receiver> {
  let count = 0;
  return startServer((response: ServerResponse, { path, headers, body }: Received) => {
    count += 1;
    if (count % 11 === 0) {
      response.destroy();
      return;
    }
    const values = Object.entries(headers).map(([name, value]) => `${name}: ${[value].flat().join(", ")}`);
    const said = values.filter((line) => !/^(host|connection|user-agent|accept|content-length)/.test(line));
    const spell = spelled[count % spelled.length] ?? String;
    // Answers are quoted by their beginning: what is telling stands there.
    const telling = said.toSorted(
      (a, b) => Number(/^(authorization|x-)/.test(b)) - Number(/^(authorization|x-)/.test(a)),
    );
    const words = count % 2 === 0 ? [...telling, path, body] : [path, body, ...telling];
    const status = [401, 500, 400, 403, 503][count % 5] ?? 500;
    const inHeader = Buffer.from(words.join(" ")).toString("base64").slice(0, 2000);
    response
      .writeHead(status, { "x-said": inHeader, "content-type": "text/plain" })
      .end(spell(words.join("\n")));
  });
}

/** The actions that are scripts. */
function isScript(name: string): boolean {
  return name === "list" || name === "map";
}

suite("no secret comes out", () => {
  const parts = new AsyncDisposableStack();
  let echo: Receiver;
  let tcpPort: number;
  let file: ConfigFile;
  let database: FreshDatabase;
  let planted: Planted;
  let server: Crosscheck;
  let options: CommandOptions;
  let written: ReturnType<typeof config>;

  before(async () => {
    echo = parts.use(await startEcho());
    const tcp = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => socket.end(`unknown command: ${bytes.toString()}`));
    });
    tcp.listen(0, "127.0.0.1");
    await once(tcp, "listening");
    parts.defer(() => void tcp.close());
    tcpPort = (tcp.address() as AddressInfo).port;
    file = parts.use(await configFile({}));
    planted = new Planted(file.folder);
    written = config();
    await file.write(written);
    await planted.settled();
    options = { env: planted.env };
    database = parts.use(await freshSqlite());
    server = parts.use(
      await startCrosscheck({
        config: file.path,
        database: database.location,
        args: ["--allow-exec"],
        env: planted.env,
      }),
    );
  });
  after(() => parts.disposeAsync());

  const config = () => {
    const { url } = echo;
    const at = (name: string) => planted.plant(name, `${url}/hook/*?sig=x`);
    const { port } = new URL(url);
    const key = (name: string) => planted.plant(name, "*");
    const whsec = (name: string) => planted.plant(name, "whsec_*");
    const tokensOf = (source: string) => ({
      token: planted.plant(`sources ${source} token`),
      tokens: [planted.plant(`sources ${source} tokens`)],
    });
    const dump = "env; env | base64; env | od -An -tx1 | tr -d ' \\n'; exit 3";
    return {
      controls: [],
      resolvers: [],
      locations: [
        { name: "here", type: "local" },
        { name: "office", type: "agent", url, token: planted.plant("locations agent token") },
        {
          name: "cloud",
          type: "lambda",
          url,
          auth: "bearer",
          token: planted.plant("locations lambda token"),
        },
      ],
      checks: [
        {
          name: "page",
          type: "http",
          url: `${url}/page`,
          method: "POST",
          "basic-auth": { username: "me", password: planted.plant("checks http basic-auth password") },
          headers: {
            "x-key": planted.plant("checks http headers *"),
            cookie: planted.plant("a cookie", "sid=*"),
          },
          body: planted.plant("checks http body", '{"login": {"password": "*"}}'),
          assertions: [{ source: "body", comparison: "contains", target: "nothing that it says" }],
          retry: { attempts: 1 },
        },
        {
          name: "feed",
          type: "websocket",
          url: `ws://127.0.0.1:${port}/`,
          headers: { "x-key": planted.plant("checks websocket headers *") },
        },
        {
          name: "call",
          type: "grpc",
          host: "127.0.0.1",
          port: Number(port),
          tls: false,
          metadata: { "x-key": planted.plant("checks grpc metadata *") },
        },
        {
          name: "talk",
          type: "tcp",
          host: "127.0.0.1",
          port: tcpPort,
          send: planted.plant("checks tcp send", "AUTH me *\r\n"),
          assertions: [{ source: "received", comparison: "equals", target: "OK" }],
        },
      ],
      routes: [
        {
          name: "all",
          subject: "input.subject",
          checks: ["page", "feed", "call", "talk"],
          locations: ["here", "office", "cloud"],
          actions: [
            "vote",
            "hook",
            "chat",
            "bot",
            "teams",
            "pager",
            "old-pager",
            "genie",
            "old-genie",
            "call-out",
            "list",
            "map",
            "nobody",
            "no-tls",
            "mail",
          ],
          verdict: { samples: 1, "second-look": "0ms", "open-recheck": ["1h"] },
          notify: { confirmed: ["hook", "chat"], inconclusive: ["hook", "chat"] },
        },
      ],
      actions: [
        {
          name: "hook",
          type: "webhook",
          url: at("actions webhook url"),
          headers: { authorization: planted.plant("actions webhook headers *", "Bearer *") },
          secret: whsec("actions webhook secret"),
        },
        { name: "chat", type: "slack", url: at("actions slack url") },
        {
          name: "bot",
          type: "slack",
          token: planted.plant("actions slack token", "xoxb-*"),
          channel: "C1",
          "api-url": `${url}/slack`,
        },
        { name: "teams", type: "teams", url: at("actions teams url") },
        {
          name: "pager",
          type: "pagerduty",
          "routing-key": key("actions pagerduty routing-key"),
          "pagerduty-auth-token": planted.plant("actions pagerduty pagerduty-auth-token"),
          url,
        },
        {
          name: "old-pager",
          type: "pagerduty",
          "pagerduty-routing-key": key("actions pagerduty pagerduty-routing-key"),
          url,
        },
        { name: "genie", type: "opsgenie", "api-key": planted.plant("actions opsgenie api-key"), url },
        { name: "old-genie", type: "opsgenie", token: planted.plant("actions opsgenie token"), url },
        {
          name: "call-out",
          type: "http",
          method: "POST",
          url: at("actions http url"),
          headers: {
            "x-one": planted.plant("actions http headers *"),
            "x-more": [planted.plant("a header of a list")],
          },
        },
        {
          name: "vote",
          type: "http",
          method: "POST",
          check: true,
          url: at("url of a vote"),
          headers: { "x-one": planted.plant("header of a vote") },
        },
        {
          name: "list",
          type: "exec",
          env: [planted.plant("actions exec env", "LISTED=*")],
          "exec-script": dump,
        },
        {
          name: "map",
          type: "exec",
          env: { MAPPED: planted.plant("actions exec env *") },
          "exec-script": dump,
        },
        {
          name: "nobody",
          type: "webhook",
          url: planted.plant("url where nobody listens", "http://127.0.0.1:1/*"),
        },
        {
          name: "no-tls",
          type: "webhook",
          url: planted.plant("url without TLS", `https://127.0.0.1:${port}/*`),
        },
        {
          name: "mail",
          type: "email",
          host: "127.0.0.1",
          port: tcpPort,
          user: "me@example.com",
          password: planted.plant("actions email password"),
          recipients: ["you@example.com"],
        },
      ],
      sources: [
        {
          name: "am",
          type: "alertmanager",
          ...tokensOf("alertmanager"),
        },
        { name: "grafana", type: "alertmanager", secrets: [planted.plant("sources alertmanager secrets")] },
        {
          name: "generic",
          type: "generic",
          ...tokensOf("generic"),
        },
        {
          name: "signed",
          type: "generic",
          "signature-header": "x-signature",
          secrets: [planted.plant("sources generic secrets")],
        },
        {
          name: "pd",
          type: "pagerduty",
          ...tokensOf("pagerduty"),
        },
        { name: "pd-signed", type: "pagerduty", secrets: [planted.plant("sources pagerduty secrets")] },
        {
          name: "sns",
          type: "sns",
          ...tokensOf("sns"),
          topics: ["arn:aws:sns:eu-west-1:123456789012:a"],
        },
      ],
      unrouted: ["hook"],
      trouble: ["hook"],
      server: {
        "ingest-tokens": [planted.plant("server ingest-tokens", "ingest-*")],
        "api-tokens": [planted.plant("server api-tokens", "api-*")],
        "read-tokens": [planted.plant("server read-tokens", "read-*")],
        heartbeat: { url: at("server heartbeat url"), every: "5s" },
      },
    };
  };

  const assertClean = (text: string, where: string) => {
    assert.deepEqual(planted.foundIn(text), [], where);
  };
  const ingest = () => ({ authorization: `Bearer ${planted.textOf("server ingest-tokens", "ingest-*")}` });
  const api = () => ({ authorization: `Bearer ${planted.textOf("server api-tokens", "api-*")}` });

  test("every secret of the schema is planted", () => {
    const names = new Set(planted.names);
    const missing = secretPlaces()
      .map((place) => place.trim())
      .filter((place) => !names.has(place));
    assert.deepEqual(missing, []);
  });

  test("into what is kept, logged, answered and counted", async () => {
    const subjects = Array.from({ length: 14 }, (_, index) => `subject ${index}`);
    for (const subject of subjects) {
      const body = JSON.stringify({ subject });
      // A machine that others share may be too slow for a while.
      await until("the alert to be taken", async () => {
        const response = await server.request("/", { method: "POST", headers: ingest(), body });
        assertClean(await response.text(), "POST /");
        return response.status === 202;
      });
    }
    const get = async (path: string) => {
      const response = await server.request(path, { headers: api() });
      const text = await response.text();
      assertClean(text, `GET ${path}`);
      return text;
    };
    const deliveries = async () =>
      (JSON.parse(await get("/api/v1/deliveries?limit=200")) as { deliveries: DeliveryJson[] }).deliveries;
    // Of each action but those whose message waits behind one that is tried again.
    await until(
      "deliveries to have failed",
      async () => (await deliveries()).filter(({ error }) => error !== null).length >= subjects.length * 12,
      120_000,
    );
    const errors = (await deliveries()).map(({ error }) => error ?? "");
    assert.ok(errors.filter((error) => error.includes("[secret]")).length > 20, errors.join("\n"));

    await get("/api/v1/deliveries?state=dead&limit=200");
    const { incidents } = JSON.parse(await get("/api/v1/incidents?limit=200")) as {
      incidents: { id: string }[];
    };
    for (const { id } of incidents) await get(`/api/v1/incidents/${id}`);
    for (const path of [
      "/",
      "/metrics",
      "/healthz",
      "/readyz",
      "/events",
      "/ping",
      "/api/v1/mutes",
      "/api/v1/report?since=7d",
      "/api/v1/replicas",
      "/api/v1/audit",
      "/nothing",
    ])
      await get(path);
    await refusals();

    const log = server.log.map((line) => JSON.stringify(line)).join("\n");
    assertClean(log, "the log");
    assert.equal(await server.stop(), 0);
    const { data } = database.location as { readonly data: string };
    for (const name of await readdir(data, { recursive: true, withFileTypes: true })) {
      if (!name.isFile()) continue;
      const path = join(name.parentPath, name.name);
      const bytes = await readFile(path, "latin1");
      if (name.name !== "last-good.json") {
        assertClean(bytes, name.name);
        continue;
      }
      // A copy of the configuration: what it holds is the file's, for nobody else's eyes.
      assert.deepEqual(planted.foundIn(bytes, planted.literals), [], name.name);
      assert.equal((await stat(path)).mode & 0o077, 0);
    }
  });

  const refusals = async () => {
    const wrong = { authorization: "Bearer not-the-token-of-anybody" };
    const asked: readonly (readonly [string, RequestInit])[] = [
      ["/", { method: "POST", headers: wrong, body: "{}" }],
      ["/", { method: "POST", body: "{}" }],
      ...["am", "grafana", "generic", "signed", "pd", "pd-signed", "sns", "nobody"].map(
        (name) => [`/alerts/${name}`, { method: "POST", headers: wrong, body: "{}" }] as const,
      ),
      ["/api/v1/incidents", { headers: wrong }],
      [
        "/api/v1/mutes",
        { method: "POST", headers: { ...api(), "content-type": "application/json" }, body: "{" },
      ],
      ["/api/v1/incidents/x/mark", { method: "POST", headers: api(), body: "{}" }],
      ["/api/v1/deliveries/x/retry", { method: "POST", headers: api() }],
      ["/reload?key=wrong", {}],
      [`/reload?key=${encodeURIComponent(planted.textOf("server api-tokens", "api-*"))}`, {}],
      [
        `/?token=${encodeURIComponent(planted.textOf("server ingest-tokens", "ingest-*"))}`,
        { method: "POST", body: "{" },
      ],
    ];
    for (const [path, init] of asked) {
      const response = await server.request(path, init);
      const headers = JSON.stringify(Object.fromEntries(response.headers));
      assertClean(
        `${headers}\n${await response.text()}`,
        `${init.method ?? "GET"} ${path.replace(/=.*/, "=…")}`,
      );
    }
  };

  const run = async (...args: string[]) => {
    const { stdout, stderr, code } = await runCommand(args, options, 120_000);
    assertClean([...stdout, ...stderr].join("\n"), `crosscheck ${args.join(" ")}`);
    return { code, text: [...stdout, ...stderr].join("\n") };
  };

  test("from commands", async () => {
    const { path } = file;
    await run("config", "check", path, "--lenient");
    await run("config", "check", path, "--lenient", "--json");
    const alert = join(file.folder, "alert.json");
    await writeFile(alert, JSON.stringify({ subject: "by hand" }));
    await run("route", path, "--alert", alert, "--lenient");
    await run("route", path, "--alert", alert, "--lenient", "--json");
    await file.write(withoutScripts());
    for (const check of ["page", "talk"]) {
      const { text } = await run("check", "--config", path, "--check", check, "--json");
      assert.match(text, /"observations"/);
    }
    for (const action of ["hook", "bot", "pager", "genie", "call-out", "nobody"])
      assert.equal((await run("test", action, "--config", path)).code, 1);
  });

  /** Scripts have no place in these commands. */
  const withoutScripts = () => {
    const routes = written.routes.map((route) => ({
      ...route,
      actions: route.actions.filter((name) => !isScript(name)),
    }));
    return { ...written, routes, actions: written.actions.filter(({ name }) => !isScript(name)) };
  };
});
