import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { lambda } from "../src/check/locations/lambda.ts";
import { readRequest } from "../src/check/read-request.ts";
import { runProbe } from "../src/check/run-probe.ts";
import { observation } from "../src/model/observation.ts";
import { makeAuthority } from "./fixtures/certificates.ts";
import { startFaultServer, type FaultServer } from "./fixtures/fault-server.ts";
import { startFunctionUrl, type FunctionUrl, type FunctionUrlOptions } from "./fixtures/function-url.ts";
import { buildLambda, type LambdaBundle } from "./fixtures/lambda-bundle.ts";
import { probeRequestFor } from "./fixtures/probe-requests.ts";
import { until } from "./fixtures/until.ts";

const signal = () => AbortSignal.timeout(60_000);
const token = "token-of-the-function";
const withToken = { CROSSCHECK_TOKEN: token };
const expected = "Text I expect to find";

const post = (url: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: "POST", body, headers });

suite("the function, as it is deployed", () => {
  const parts = new AsyncDisposableStack();
  let bundle: LambdaBundle;
  let site: FaultServer;

  before(async () => {
    bundle = parts.use(await buildLambda());
    site = parts.use(await startFaultServer());
  });
  after(() => parts.disposeAsync());

  const start = (options: Omit<FunctionUrlOptions, "code"> = {}): Promise<FunctionUrl> =>
    startFunctionUrl({ code: bundle.file, ...options });

  const bearer = { authorization: `Bearer ${token}` };

  const ask = async (options: Omit<FunctionUrlOptions, "code">, path: string, check: object = {}) => {
    await using front = await start({ env: withToken, ...options });
    const response = await post(
      front.url,
      JSON.stringify(probeRequestFor(`${site.url}${path}`, { check })),
      bearer,
    );
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/json");
    const answer = (await response.json()) as { version: number; observation: unknown };
    assert.equal(answer.version, 1);
    return observation.parse(answer.observation);
  };

  const walk = async (
    env: Record<string, string>,
    { timeoutMs = 30_000, ...request }: RequestInit & { readonly timeoutMs?: number } = { method: "POST" },
  ) => {
    await using front = await start({ env, timeoutMs });
    const response = await fetch(front.url, request);
    return { status: response.status, text: await response.text(), log: front.log };
  };
  const own = (path: string) => ({ SITE: `${site.url}${path}`, EXPECTED: expected });

  test("is one small file, without undici", async () => {
    const { size } = await stat(bundle.file);
    assert(size <= 150_000, `${size} bytes`);
    assert.deepEqual(
      bundle.inputs.filter((path) => /undici|hono|\/pg\//.test(path)),
      [],
    );
    const text = await readFile(bundle.file, "utf8");
    assert.doesNotMatch(text, /undici|\bfetch\(/);
    assert.doesNotMatch(text, /^import /m, "nothing is left to be found beside it");
  });

  suite("asked in the probe protocol", () => {
    const cases: {
      name: string;
      path: string;
      check?: object;
      options?: Omit<FunctionUrlOptions, "code">;
      outcome: string;
      errorClass: string | null;
      message?: RegExp;
    }[] = [
      { name: "pass", path: "/", outcome: "pass", errorClass: null },
      {
        name: "pass, body in base64",
        path: "/",
        options: { base64: true },
        outcome: "pass",
        errorClass: null,
      },
      { name: "fail", path: "/status?code=500", outcome: "fail", errorClass: "http.status" },
      {
        name: "text missing",
        path: "/",
        check: { assertions: [{ source: "body", comparison: "contains", target: "Grüße" }] },
        outcome: "fail",
        errorClass: "content.assertion",
        message: /body does not contain "Grüße"/,
      },
      {
        name: "a target that hangs",
        path: "/hang",
        check: { timeout: "2s", retry: { attempts: 1, backoff: "1ms" } },
        outcome: "fail",
        errorClass: "http.timeout-first-byte",
      },
      {
        name: "a target that outlives the function",
        path: "/hang",
        check: { timeout: "20s" },
        options: { timeoutMs: 5000 },
        outcome: "error",
        errorClass: "location.timeout",
        message: /the function's own timeout leaves no more: give it 30s and 2s/,
      },
    ];
    for (const { name, path, check, options = {}, outcome, errorClass, message = /./ } of cases) {
      test(name, async () => {
        const seen = await ask(options, path, check);
        assert.deepEqual([seen.outcome, seen.errorClass], [outcome, errorClass]);
        if (errorClass !== null) assert.match(seen.message, message);
        assert.equal(seen.coldStart, true);
      });
    }

    test("keeps nothing warm but itself: each look is a connection of its own", async () => {
      await using front = await start({ env: withToken });
      const connections = site.connections;
      const text = JSON.stringify(probeRequestFor(site.url));
      const cold: (boolean | undefined)[] = [];
      for (const _ of [1, 2, 3]) {
        const { observation: seen } = (await (await post(front.url, text, bearer)).json()) as {
          observation: { coldStart?: boolean };
        };
        cold.push(seen.coldStart);
      }
      assert.deepEqual(cold, [true, undefined, undefined]);
      assert.equal(front.coldStarts, 1);
      assert.equal(site.connections - connections, 3);
      await until("all of them to be closed", () => site.open === 0);
    });

    test("logs one line a check", async () => {
      const front = await start({ env: withToken });
      await post(front.url, JSON.stringify(probeRequestFor(`${site.url}/status?code=404`)), bearer);
      await front[Symbol.asyncDispose]();
      const lines = front.log.map((line) => JSON.parse(line) as object);
      assert.equal(lines.length, 1);
      assert.partialDeepStrictEqual(lines[0], {
        level: "info",
        event: "check",
        requestId: "request-1",
        check: "storefront",
        outcome: "fail",
        errorClass: "http.status",
        coldStart: true,
      });
    });

    test("asked by its location", async () => {
      await using front = await start({ env: withToken });
      const settings = { type: "lambda", name: "eu", url: front.url, auth: "bearer", token };
      await using eu = await lambda.open(lambda.settings.parse(settings));
      const seen = await eu.ask(probeRequestFor(`${site.url}/status?code=503`), signal());
      assert.equal(seen.errorClass, "http.status");
    });

    test("throttled once, its location asks again; twice, it gives up", async () => {
      await using front = await start({ env: withToken });
      const settings = { type: "lambda", name: "eu", url: front.url, auth: "bearer", token };
      await using eu = await lambda.open(lambda.settings.parse(settings));
      front.throttle(1);
      assert.equal((await eu.ask(probeRequestFor(site.url), signal())).outcome, "pass");
      front.throttle(2);
      const asked = eu.ask(probeRequestFor(site.url), signal());
      await assert.rejects(asked, { errorClass: "location.throttled" });
    });

    test("whoever has signed may ask, too", async () => {
      await using front = await start({ auth: "iam" });
      assert.equal((await post(front.url, "")).status, 403);
      const text = JSON.stringify(probeRequestFor(site.url));
      const response = await post(front.url, text, {
        authorization: "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE",
      });
      assert.partialDeepStrictEqual(await response.json(), { observation: { outcome: "pass" } });
    });

    test("without a token it looks at public addresses only", async () => {
      await using front = await start();
      const { connections } = site;
      const response = await post(front.url, JSON.stringify(probeRequestFor(site.url)));
      const { observation: seen } = (await response.json()) as { observation: Record<string, unknown> };
      assert.equal(seen["errorClass"], "location.blocked-target");
      assert.match(String(seen["message"]), /give it a CROSSCHECK_TOKEN$/);
      assert.equal(site.connections, connections);
    });
  });

  suite("refuses", () => {
    const cases: {
      name: string;
      body: object;
      headers?: Record<string, string>;
      status: number;
      detail: RegExp;
    }[] = [
      { name: "no token", body: {}, headers: {}, status: 401, detail: /CROSSCHECK_TOKEN/ },
      {
        name: "another token",
        body: {},
        headers: { authorization: `Bearer ${token}!` },
        status: 401,
        detail: /CROSSCHECK_TOKEN/,
      },
      { name: "another version", body: { version: 2, check: {} }, status: 400, detail: /version: / },
      { name: "half a request", body: { version: 1, check: {} }, status: 400, detail: /deadlineMs: / },
      {
        name: "an unknown check",
        body: probeRequestFor("http://x/", { check: { type: "icmp" } }),
        status: 400,
        detail: /there is no type "icmp" here/,
      },
    ];
    for (const { name, body, headers = bearer, status, detail } of cases) {
      test(name, async () => {
        await using front = await start({ env: { ...withToken, SITE: site.url, EXPECTED: expected } });
        const response = await post(front.url, JSON.stringify(body), headers);
        assert.equal(response.status, status);
        assert.equal(response.headers.get("content-type"), "application/problem+json");
        const problem = (await response.json()) as { status: number; detail: string };
        assert.equal(problem.status, status);
        assert.match(problem.detail, detail);
      });
    }

    test("in the server's words: no part of a schema that is needed was left out", async () => {
      const check = {
        name: "-",
        timeout: "5",
        retry: { attempts: 9, backoff: "soon", more: true },
        headers: { "a b": "x", "x-y": "" },
        method: "PUT",
        "max-body": 0.5,
        "follow-redirects": "yes",
        assertions: [
          { source: "body", comparison: "matches", target: "(" },
          { source: "json-body", property: "$[", comparison: "equals", target: "1" },
          { source: "nothing" },
        ],
        unknown: 1,
      };
      const requests = [
        { version: 1, check: {}, samples: { count: 9 }, controls: "", deadlineMs: -1, target: { from: "" } },
        probeRequestFor("ftp://x/", { check }),
        probeRequestFor("http://x/", { check: { ...check, name: "named" } }),
        probeRequestFor("http://x/", { target: { from: "alert", allowPrivate: ["10.0.0.0/99"] } }),
      ];
      await using front = await start({ env: withToken });
      for (const request of requests) {
        const text = JSON.stringify(request);
        const response = await post(front.url, text, bearer);
        const { detail } = (await response.json()) as { detail: string };
        await assert.rejects(async () => runProbe(readRequest(text), { signal: signal() }), {
          message: detail,
        });
      }
    });
  });

  suite("asked anything else, it checks its own site", () => {
    const requests: Record<string, RequestInit> = {
      "a bare POST": { method: "POST" },
      "a GET": {},
      "an alert": {
        method: "POST",
        body: '{"ServiceURL": {"Reachable": "false"}, "version": "4", "check": 1}',
      },
      "no JSON": { method: "POST", body: '{"version": 1, "check": ' },
      "a list": { method: "POST", body: "[1]" },
      Postee: {
        method: "POST",
        body: JSON.stringify(probeRequestFor("http://127.0.0.1:9/")),
        headers: { "postee-event": "e30=" },
      },
    };
    for (const [name, request] of Object.entries(requests)) {
      test(`${name}: it is up`, async () => {
        const { status, text } = await walk(own("/"), request);
        assert.equal(status, 200);
        const [head, time = ""] = text.split(" is up! at ");
        assert.equal(head, `${site.url}/`);
        assert.equal(new Date(time).toISOString(), time);
      });
    }

    const text = 'Grüße, "Welt"\n';
    const words: {
      name: string;
      env: () => Record<string, string>;
      timeoutMs?: number;
      status: number;
      says?: RegExp;
      log?: RegExp;
    }[] = [
      {
        name: "a text beyond ASCII, with quotes and a line break",
        env: () => ({
          SITE: `${site.url}/json?body=${encodeURIComponent(`<p>${text}</p>`)}`,
          EXPECTED: text,
        }),
        status: 200,
      },
      { name: "no text in particular", env: () => ({ ...own("/"), EXPECTED: "" }), status: 200 },
      {
        name: "text missing",
        env: () => ({ ...own("/"), EXPECTED: "nothing like it" }),
        status: 502,
        log: /content\.assertion/,
      },
      { name: "500", env: () => own("/status?code=500"), status: 502, log: /http\.status/ },
      {
        name: "a target that hangs",
        env: () => own("/hang"),
        timeoutMs: 5000,
        status: 502,
        log: /http\.timeout-first-byte/,
      },
      { name: "no SITE", env: () => ({}), status: 503, says: /SITE is not set/ },
      { name: "no EXPECTED", env: () => ({ SITE: site.url }), status: 503, says: /EXPECTED is not set/ },
      {
        name: "no URL",
        env: () => ({ SITE: "www.example.com", EXPECTED: "" }),
        status: 503,
        says: /"www\.example\.com" is not a URL/,
      },
      {
        name: "a site that may not be looked at",
        env: () => ({ SITE: "http://169.254.169.254/", EXPECTED: "" }),
        status: 503,
        says: /was not seen: .*metadata service.*\(location\.blocked-target\)/,
      },
    ];
    for (const { name, env, timeoutMs = 30_000, status, says, log } of words) {
      test(`${name}: ${status}`, async () => {
        const answer = await walk(env(), { method: "POST", timeoutMs });
        assert.equal(answer.status, status);
        if (status === 502) assert.equal(answer.text, "Internal Server Error");
        if (says !== undefined) assert.match((JSON.parse(answer.text) as { detail: string }).detail, says);
        if (log !== undefined) assert.match(answer.log.join("\n"), log);
      });
    }

    test("over TLS, each time from the first handshake message on", async () => {
      const authority = await makeAuthority();
      const certificate = await authority.issue({ names: ["127.0.0.1"] });
      await using secure = await startFaultServer({
        certificate,
        routes: {
          "/": ({ socket }, response) =>
            void response.end(`reused: ${(socket as TLSSocket).isSessionReused()}`),
        },
      });
      await using trusted = await writtenTo("authority.pem", authority.cert);
      const env = { SITE: secure.url, EXPECTED: "reused: false", NODE_EXTRA_CA_CERTS: trusted.file };
      await using front = await start({ env });
      for (const _ of [1, 2, 3]) assert.equal((await post(front.url, "")).status, 200);
      assert.equal(front.coldStarts, 1);
    });

    test("a token is asked for here, too", async () => {
      assert.equal((await walk({ ...own("/"), ...withToken })).status, 401);
    });
  });

  test("a gateway that writes events as URLs do is asked for the token, whoever it says has called", async () => {
    await using front = await start({ env: { ...own("/"), ...withToken } });
    for (const authorizer of [null, {}, { jwt: {} }, { iam: null }, { iam: {} }]) {
      const requestContext = { http: { method: "POST" }, authorizer };
      const answer = await front.invoke({ version: "2.0", headers: {}, requestContext });
      assert.partialDeepStrictEqual(answer, { statusCode: 401 }, JSON.stringify(authorizer));
    }
  });

  suite("invoked without a URL", () => {
    test("with a request", async () => {
      await using front = await start({ env: withToken });
      const answer = await front.invoke(probeRequestFor(site.url));
      assert.partialDeepStrictEqual(answer, {
        version: 1,
        observation: { outcome: "pass", coldStart: true },
      });
    });

    test("with one that is wrong", async () => {
      await using front = await start();
      await assert.rejects(front.invoke({ version: 1, check: {} }), /ConfigError: .*deadlineMs/s);
    });

    test("with anything else", async () => {
      await using front = await start({ env: { SITE: site.url, EXPECTED: expected } });
      for (const event of [null, {}, "text", { source: "aws.events" }])
        assert.match(String(await front.invoke(event)), /^http:\S+ is up! at /);
    });

    const faults: Record<string, { env: Record<string, string>; message: RegExp }> = {
      "no SITE": {
        env: { EXPECTED: "" },
        message: /ConfigError: SITE is not set: .* set it in the function's env/,
      },
      "no EXPECTED": { env: { SITE: "http://x/" }, message: /ConfigError: EXPECTED is not set/ },
      "no URL": {
        env: { SITE: "x.example", EXPECTED: "" },
        message: /check SITE: url: "x\.example" is not a URL/,
      },
    };
    for (const [name, { env, message }] of Object.entries(faults)) {
      test(`${name}: what is wrong`, async () => {
        await using front = await start({ env });
        await assert.rejects(front.invoke({}), message);
      });
    }

    test("a site that is not well: why", async () => {
      await using front = await start({ env: { SITE: `${site.url}/status?code=500`, EXPECTED: "" } });
      await assert.rejects(
        front.invoke({}),
        /^Error: Error: http:\S+ is not well: .*500.* \(http\.status\)$/,
      );
    });
  });
});

async function writtenTo(name: string, text: string) {
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-"));
  const file = join(folder, name);
  await writeFile(file, text);
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
