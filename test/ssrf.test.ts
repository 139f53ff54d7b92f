/**
 * The sender of an alert names what is looked at, and servers that are looked at send on to others: neither may have a
 * location ask what they could not reach themselves. Every try of fixtures/ssrf-tries.ts, with every type of check, from the
 * server's own probe thread, an agent and the function; at the end nobody has come to the canary.
 */
import assert from "node:assert/strict";
import { createServer as createHttp1 } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { agent } from "../src/check/locations/agent.ts";
import { lambda } from "../src/check/locations/lambda.ts";
import { local } from "../src/check/locations/local.ts";
import type { Location } from "../src/check/location-type.ts";
import type { Observation } from "../src/model/observation.ts";
import type { ProbeRequest } from "../src/model/probe-protocol.ts";
import { Secret } from "../src/model/secret.ts";
import { startCanary, type Canary } from "./fixtures/canary.ts";
import { startCommand } from "./fixtures/command.ts";
import { configFile } from "./fixtures/config-file.ts";
import { startCrosscheck, type Crosscheck, type IncidentJson } from "./fixtures/crosscheck.ts";
import { freshSqlite } from "./fixtures/databases.ts";
import { a, startDnsServer, zone, type DnsServer } from "./fixtures/dns-server.ts";
import { startFunctionUrl, type FunctionUrl } from "./fixtures/function-url.ts";
import { buildLambda, type LambdaBundle } from "./fixtures/lambda-bundle.ts";
import * as tries from "./fixtures/ssrf-tries.ts";
import { until } from "./fixtures/until.ts";

const token = "token-of-the-locations-in-tests";

/** Listed in `allow-private-targets`: it stands for a public server of somebody who means harm. */
const doorHost = "127.7.7.7";

const types = ["http", "websocket", "tcp", "tls", "grpc"] as const;
const topic = "arn:aws:sns:eu-west-1:123456789012:alarms";

function answer(url: string) {
  const { searchParams, pathname } = new URL(url, "http://door");
  const status = Number(searchParams.get("status") ?? 302);
  const location = searchParams.get("location");
  return { status, headers: pathname !== "/to" || location === null ? {} : { location } };
}

/** Sends everybody on to where the request says. */
async function startDoor(http2: boolean): Promise<AsyncDisposable & { readonly port: number }> {
  const server: Server = http2
    ? createHttp2((request, response) => {
        const { status, headers } = answer(request.url);
        response.writeHead(status, headers).end();
      })
    : createHttp1((request, response) => {
        const { status, headers } = answer(request.url ?? "/");
        response.writeHead(status, headers).end();
      });
  server.listen(0, doorHost);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

/** One try of a check, and no second. */
const single = { timeout: "10s", retry: { attempts: 1, backoff: "0ms" } };

/** As the server gives it. */
interface Seen extends Observation {
  readonly look: number;
}

suite("nobody is sent where they may not go", () => {
  const parts = new AsyncDisposableStack();
  let canary: Canary;
  let dns: DnsServer;
  /** For which every name is loopback. */
  let others: DnsServer;
  let bundle: LambdaBundle;
  let door: number;
  let door2: number;
  let server: Crosscheck;
  let places: readonly Location[];

  before(async () => {
    door = parts.use(await startDoor(false)).port;
    door2 = parts.use(await startDoor(true)).port;
    canary = parts.use(await startCanary(door, door2));
    dns = parts.use(await startDnsServer(answering));
    others = parts.use(await startDnsServer(() => ({ records: [a("127.0.0.1")] })));
    bundle = parts.use(await buildLambda());
    const file = parts.use(await configFile({}));
    const tokenFile = join(file.folder, "token");
    await writeFile(tokenFile, token);
    const listening = parts.use(
      startCommand(["agent", "--listen", "127.0.0.1:0", "--token-file", tokenFile]),
    );
    const agentUrl = await until("the agent", () =>
      listening.stdout.map((line) => /listens on (\S+)/.exec(line)?.[1]).find(Boolean),
    );
    const front = parts.use(await startFunction({ CROSSCHECK_TOKEN: token }));
    const locations = [
      { name: "here", type: "local" },
      { name: "office", type: "agent", url: agentUrl, token },
      { name: "cloud", type: "lambda", url: front.url, auth: "bearer", token },
    ] as const;
    await file.write(configFor(locations));
    const database = parts.use(await freshSqlite());
    server = parts.use(await startCrosscheck({ config: file.path, database: database.location }));
    const secret = new Secret(token);
    places = [
      parts.use(await local.open({ type: "local", name: "here" })),
      parts.use(await agent.open({ ...locations[1], token: secret })),
      parts.use(await lambda.open({ ...locations[2], token: secret })),
    ];
  });
  after(() => parts.disposeAsync());

  const startFunction = (env: Record<string, string>): Promise<FunctionUrl> =>
    startFunctionUrl({ code: bundle.file, env, timeoutMs: 60_000 });

  /** Names that are not what they were a question ago. */
  let flips = new Map<string, number>();
  const inZone = zone({ ...tries.names, "door.test": [a(doorHost)] });
  const answering = (name: string, type: number) => {
    if (!name.startsWith("flips-")) return inZone(name, type);
    if (type !== 1) return { records: [] };
    const asked = flips.get(name) ?? 0;
    flips.set(name, asked + 1);
    return { records: [a(asked === 0 ? doorHost : "127.0.0.1")] };
  };

  const configFor = (locations: readonly object[]) => {
    const { port } = canary;
    const resolver = dns.address;
    const below = { host: "{{ input.host }}", port, resolver, ...single };
    const page = { type: "http", resolver, ...single };
    const socket = { type: "websocket", resolver, ...single };
    const checks = [
      { name: "http", ...page, url: `http://{{ input.host }}:${port}/` },
      { name: "websocket", ...socket, url: `ws://{{ input.host }}:${port}/` },
      { name: "tcp", type: "tcp", ...below },
      { name: "tls", type: "tls", ...below },
      { name: "grpc", type: "grpc", ...below },
      { name: "dns", type: "dns", query: "{{ input.host }}", resolver, ...single },
      { name: "url", ...page, url: "{{ input.url }}" },
      { name: "url-websocket", ...socket, url: "{{ input.ws }}" },
      { name: "system", ...single, type: "http", url: `http://{{ input.host }}:${port}/` },
      { name: "system-tcp", ...single, type: "tcp", host: "{{ input.host }}", port },
      { name: "redirect", ...page, url: "{{ input.url }}" },
      { name: "redirect2", ...page, url: "{{ input.h2 }}", "http-version": "2" },
      { name: "upgrade", ...socket, url: "{{ input.ws }}" },
    ];
    const verdict = { samples: 1, "second-look": "0ms", "open-recheck": ["1h"], recheck: ["1h"] };
    const route = (kind: string, ...names: string[]) => ({
      name: kind,
      input: `input.kind == "${kind}"`,
      subject: "input.subject",
      checks: names,
      verdict,
      "record-only": true,
    });
    return {
      controls: [],
      resolvers: [others.address],
      locations,
      checks,
      routes: [
        route("host", ...types),
        route("dns", "dns"),
        route("url", "url", "url-websocket"),
        route("system", "system", "system-tcp"),
        route("redirect", "redirect", "redirect2", "upgrade"),
        { ...route("contrast", "redirect"), "record-only": false, notify: { confirmed: ["log"] } },
      ],
      actions: [{ name: "log", type: "stdout" }],
      unrouted: ["log"],
      trouble: ["log"],
      sources: [{ name: "sns", type: "sns", topics: [topic] }],
      server: { "allow-private-targets": [`${doorHost}/32`], "runs-at-once": 3 },
    };
  };

  /** What all places saw of an alert, by check. */
  const look = async (alert: Readonly<Record<string, string>> & { readonly subject: string }) => {
    const body = JSON.stringify(alert);
    const response = await server.request("/?wait=120s", { method: "POST", body });
    const { incidents = [] } = (await response.json()) as { incidents?: { id: string }[] };
    const incident = await server.read<IncidentJson>(`/api/v1/incidents/${incidents[0]?.id}`);
    // The fixture's type names what most tests read; this is what else there is of an observation.
    const seen = incident.runs.flatMap((run) => run.observations as unknown as Seen[]);
    const byCheck = Map.groupBy(seen, ({ check }) => check);
    return { incident, seenBy: (check: string) => byCheck.get(check) ?? [] };
  };

  const blocked = { outcome: "error", errorClass: "location.blocked-target" };

  /** One after the other at each of three hands: a test for each would only say the same more slowly. */
  const each = async <T>(list: readonly T[], work: (one: T) => Promise<void>) => {
    const rest = list.values();
    const hand = async () => {
      for (const one of rest) await work(one);
    };
    await Promise.all([hand(), hand(), hand()]);
    assert.deepEqual(canary.visits, []);
  };

  const assertEnd = (seen: readonly Seen[], end: tries.End, what: string) => {
    const from = [...new Set(seen.map(({ location }) => location))].toSorted();
    assert.deepEqual(from, end === "unbuildable" ? [] : ["cloud", "here", "office"], what);
    for (const { outcome, errorClass, message } of seen) {
      if (end === "blocked") assert.deepEqual({ outcome, errorClass }, blocked, `${what}: ${message}`);
      else assert.equal(errorClass, "dns.nxdomain", `${what}: ${message}`);
      if (end === "blocked") assert.match(message, /^not probed: .*(public address|metadata service)/, what);
    }
  };

  const overHttp = new Set(["http", "websocket"]);
  const hostTries = [
    ...tries.addressTries,
    ...tries.nameTries,
    ...tries.metadataAddresses.map((host): tries.HostTry => ({ host })),
  ];
  test(`by ${hostTries.length} hosts that an alert names, with ${types.length} types of check`, async () => {
    assert.ok(hostTries.length >= 80);
    await each(hostTries, async ({ host, http = "blocked", below = "blocked" }) => {
      const { seenBy } = await look({ kind: "host", host, subject: `host ${host}` });
      for (const type of types) assertEnd(seenBy(type), overHttp.has(type) ? http : below, `${type} ${host}`);
    });
  });

  test(`by ${tries.urlTries.length} URLs that an alert names`, async () => {
    await each(tries.urlTries, async ({ url: written, end = "blocked" }) => {
      const url = written.replaceAll("PORT", String(canary.port));
      const { seenBy } = await look({
        kind: "url",
        url,
        ws: url.replace(/http/i, "ws"),
        subject: `url ${url}`,
      });
      assertEnd(seenBy("url"), end, url);
      // Its scheme is cut through: there is no `ws` to write.
      if (!url.includes("\t")) assertEnd(seenBy("url-websocket"), end, `websocket ${url}`);
    });
  });

  test("by names that the system knows", async () => {
    await each(tries.systemNames, async (host) => {
      const { seenBy } = await look({ kind: "system", host, subject: `system ${host}` });
      for (const { errorClass, message } of [...seenBy("system"), ...seenBy("system-tcp")])
        assert.match(`${errorClass}`, /^(location\.(blocked-target|resolver)|dns\.)/, `${host}: ${message}`);
    });
    const { seenBy } = await look({ kind: "system", host: "localhost", subject: "again" });
    assertEnd(seenBy("system"), "blocked", "localhost");
  });

  test("by names that an alert has looked up: they are asked of the check's own resolver", async () => {
    await each(["loopback.test", "169.254.169.254", "localhost"], async (host) => {
      const { seenBy } = await look({ kind: "dns", host, subject: `dns ${host}` });
      for (const { remoteAddress } of seenBy("dns")) assert.equal(remoteAddress, "127.0.0.1");
    });
  });

  test(`by ${tries.redirectTries.length} redirects of a server that may be asked`, async () => {
    await each(tries.redirectTries, async ({ location, errorClass }) => {
      const to = `/to?location=${encodeURIComponent(location.replaceAll("PORT", String(canary.port)))}`;
      const { seenBy } = await look({
        kind: "redirect",
        url: `http://door.test:${door}${to}`,
        h2: `http://door.test:${door2}${to}`,
        ws: `ws://door.test:${door}${to}`,
        subject: `redirect ${location}`,
      });
      for (const seen of [...seenBy("redirect"), ...seenBy("redirect2")]) {
        // HTTP/2 knows no blanks around a value.
        const expected = location.startsWith(" ") && seen.check === "redirect2" ? "http.status" : errorClass;
        assert.equal(seen.errorClass, expected ?? "location.blocked-target", `${location}: ${seen.message}`);
        assert.notEqual(seen.message, "");
      }
      for (const seen of seenBy("upgrade")) assert.equal(seen.errorClass, "http.status");
    });
  });

  test("by what a failing check is asked in contrast: others say that its name is loopback", async () => {
    const url = `http://door.test:${door}/to?status=500`;
    const { incident } = await look({ kind: "contrast", url, subject: "contrast" });
    assert.equal(incident.outcome, "confirmed");
    const contrasts = await until("the contrasts", async () => {
      const { runs } = await server.read<IncidentJson>(`/api/v1/incidents/${incident.id}`);
      return runs.find((run) => run.contrasts.length > 0)?.contrasts;
    });
    const byResolver = contrasts.filter(({ factor }) => factor === "resolver");
    assert.notEqual(byResolver.length, 0);
    for (const { outcome, errorClass } of byResolver) assert.deepEqual({ outcome, errorClass }, blocked);
    assert.deepEqual(canary.visits, []);
  });

  test("by a message of SNS that wants its certificate fetched", async () => {
    for (const written of tries.callbackTries) {
      const message = {
        Type: "SubscriptionConfirmation",
        MessageId: "1",
        TopicArn: topic,
        Message: "x",
        Token: "x",
        Timestamp: new Date().toISOString(),
        SignatureVersion: "2",
        Signature: "x",
        SigningCertURL: written.replaceAll("PORT", String(canary.port)),
        SubscribeURL: `https://127.0.0.1:${canary.port}/`,
      };
      const response = await server.request("/alerts/sns", { method: "POST", body: JSON.stringify(message) });
      assert.equal(response.status, 403, `${written}: ${await response.text()}`);
    }
    assert.deepEqual(canary.visits, []);
  });

  const ask = (place: Location, check: object, more: Partial<ProbeRequest> = {}): Promise<Observation> =>
    place.ask(
      {
        version: 1,
        // As a configuration writes it: the place that is asked makes of it what it works with.
        check: { name: "asked", ...single, ...check } as unknown as ProbeRequest["check"],
        samples: { count: 1, intervalMs: 0 },
        controls: [],
        deadlineMs: 30_000,
        target: { from: "alert", allowPrivate: [`${doorHost}/32`] },
        ...more,
      },
      AbortSignal.timeout(60_000),
    );
  const everywhere = async (work: (place: Location) => Promise<void>) => {
    for (const place of places) await work(place);
    assert.deepEqual(canary.visits, []);
  };
  const config = { from: "config" as const, allowPrivate: ["0.0.0.0/0", "::/0"] };

  test("by a name that is another address as soon as it has been looked up", async () => {
    await everywhere(async (place) => {
      const { name } = place;
      const resolver = dns.address;
      const retry = { attempts: 2, backoff: "0ms" };
      const more = { samples: { count: 3, intervalMs: 0 } };
      const below = { host: `flips-${name}.test`, port: door, resolver, retry };
      const page = { type: "http", resolver, retry, url: `http://flips-${name}.test:${door}/to?status=500` };
      const checks = [
        page,
        { ...page, url: `http://flips-${name}.test:${door2}/to?status=500`, "http-version": "2" },
        { ...page, type: "websocket", url: `ws://flips-${name}.test:${door}/` },
        { type: "tcp", ...below },
        { type: "tls", ...below },
        { type: "grpc", ...below, tls: false },
      ];
      for (const check of checks) {
        flips = new Map();
        const seen = await ask(place, check, more);
        assert.equal(seen.remoteAddress, doorHost, `${check.type} at ${name}: ${seen.message}`);
        assert.equal(flips.get(`flips-${name}.test`), 1, "it is looked up once for all samples and tries");
        const again = await ask(place, check, more);
        assert.equal(again.errorClass, "location.blocked-target");
      }
    });
  });

  test("by a redirect to the same name at another port, which is looked up anew", async () => {
    await everywhere(async (place) => {
      flips = new Map();
      const to = encodeURIComponent(`http://flips-door.test:${canary.port}/`);
      const url = `http://flips-door.test:${door}/to?location=${to}`;
      const seen = await ask(place, { type: "http", url, resolver: dns.address });
      assert.equal(seen.errorClass, "location.blocked-target", seen.message);
    });
  });

  test("to a metadata service, not even by the configuration, in any spelling", async () => {
    await everywhere(async (place) => {
      for (const host of tries.metadataAddresses) {
        const checks = [
          { type: "http", url: `http://${host}/` },
          { type: "http", url: `http://${host}/`, "http-version": "2" },
          { type: "tcp", host, port: 80 },
          { type: "grpc", host, port: 80 },
          { type: "tls", host },
          { type: "tls", host, starttls: "smtp" },
          { type: "websocket", url: `ws://${host}/` },
        ];
        for (const check of checks) {
          const { errorClass, message } = await ask(place, check, { target: config });
          assert.equal(errorClass, "location.blocked-target", `${check.type} ${host}: ${message}`);
        }
      }
    });
  });

  test("to a metadata service by a redirect of a target of the configuration", async () => {
    await everywhere(async (place) => {
      for (const host of ["169.254.169.254", "[fd00:ec2::254]", "metadata.google.internal"]) {
        for (const status of tries.redirectStatuses) {
          const to = encodeURIComponent(`http://${host}/latest/meta-data/`);
          const url = `http://door.test:${door}/to?status=${status}&location=${to}`;
          const seen = await ask(place, { type: "http", url, resolver: dns.address }, { target: config });
          assert.equal(seen.errorClass, "location.blocked-target", seen.message);
        }
      }
    });
  });

  test("by an address that is given along", async () => {
    await everywhere(async (place) => {
      const check = { type: "http", url: `http://door.test:${canary.port}/` };
      for (const address of ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.0.0.1"])
        assert.equal((await ask(place, check, { address })).errorClass, "location.blocked-target");
      const { errorClass } = await ask(place, check, { address: "169.254.169.254", target: config });
      assert.equal(errorClass, "location.blocked-target");
    });
  });

  suite("in the function", () => {
    test("to its runtime API, whoever asks and however it is spelled", async () => {
      const sealed = `127.0.0.1:${canary.port}`;
      await using front = await startFunction({ CROSSCHECK_TOKEN: token, AWS_LAMBDA_RUNTIME_API: sealed });
      const settings = { type: "lambda", name: "cloud", auth: "bearer", url: front.url } as const;
      await using place = await lambda.open({ ...settings, token: new Secret(token) });
      const { port } = canary;
      for (const host of [
        "127.0.0.1",
        "127.0.0.2",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "loopback.test",
      ]) {
        const resolver = host.endsWith(".test") ? { resolver: dns.address } : {};
        const checks = [
          { type: "http", url: `http://${host}:${port}/2018-06-01/runtime/invocation/next`, ...resolver },
          { type: "tcp", host, port, ...resolver },
        ];
        for (const check of checks) {
          const { errorClass, message } = await ask(place, check, { target: config });
          assert.equal(errorClass, "location.blocked-target", `${host}: ${message}`);
          assert.match(message, /own runtime API, which is never probed/);
        }
      }
      const to = encodeURIComponent(`http://127.0.0.1:${port}/`);
      const url = `http://door.test:${door}/to?location=${to}`;
      const seen = await ask(place, { type: "http", url, resolver: dns.address }, { target: config });
      assert.match(seen.message, /own runtime API/);
      assert.deepEqual(canary.visits, []);
    });

    test("by a stranger who found its URL, and says that it is the configuration's word", async () => {
      await using front = await startFunction({});
      const settings = { type: "lambda", name: "cloud", auth: "none", url: front.url } as const;
      await using place = await lambda.open(settings);
      const { port } = canary;
      const here = `127.0.0.1:${port}`;
      const page = { type: "http", url: `http://${here}/` };
      const checks = [
        page,
        { type: "tcp", host: "127.0.0.1", port },
        { type: "tls", host: "127.0.0.1", port },
        { type: "grpc", host: "127.0.0.1", port },
        { type: "websocket", url: `ws://${here}/` },
        { type: "dns", query: "public.example", resolver: here },
        { type: "http", url: "http://public.example/", resolver: here },
      ];
      for (const check of checks) {
        const { errorClass, message } = await ask(place, check, { target: config });
        assert.equal(errorClass, "location.blocked-target", `${check.type}: ${message}`);
      }
      await ask(place, page, { target: config, controls: [`http://${here}/`], resolvers: [here] });
      const lost = { type: "http", url: "http://nobody.invalid/" };
      await ask(place, lost, { target: config, controls: [`http://${here}/`], resolvers: [here] });
      assert.deepEqual(canary.visits, []);
    });
  });
});
