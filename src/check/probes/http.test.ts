import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { suite, test } from "node:test";
import { probeContract } from "../../../test/fixtures/probe-contract.ts";
import { probeRequestFor } from "../../../test/fixtures/probe-requests.ts";
import { startFaultServer } from "../../../test/fixtures/fault-server.ts";
import { startTcpServer } from "../../../test/fixtures/tcp-server.ts";
import type { Observation } from "../../model/observation.ts";
import { version } from "../../model/version.ts";
import type { Lookup } from "../resolve.ts";
import { runProbe } from "../run-probe.ts";
import { http } from "./http.ts";
import { httpSettings } from "./http-settings.ts";

probeContract("http", {
  probe: http,
  check: (host, port) => ({ name: "storefront", type: "http", url: `http://${host}:${port}/` }),
  start: () => startFaultServer(),
});

const signal = () => AbortSignal.timeout(60_000);

/** One attempt, unless `check` says more. */
function look(url: string, check: object = {}, rest: object = {}): Promise<Observation> {
  const once = { retry: { attempts: 1, backoff: "1ms" }, ...check };
  return runProbe(probeRequestFor(url, { check: once, ...rest }), { signal: signal() });
}

suite("what goes wrong", { concurrency: 4 }, () => {
  const cases: { path: string; check?: object; errorClass: string; message: RegExp }[] = [
    {
      path: "/status?code=503",
      errorClass: "http.status",
      message: /^status code is 503, not 2xx at 127\.0\.0\.1:/,
    },
    { path: "/status?code=404", errorClass: "http.status", message: /404/ },
    { path: "/status?code=304", errorClass: "http.status", message: /304/ },
    { path: "/close", errorClass: "http.protocol", message: /closed the connection without an answer/ },
    { path: "/reset", errorClass: "tcp.reset", message: /reset the connection instead of answering/ },
    { path: "/garbage", errorClass: "http.protocol", message: /did not answer in HTTP/ },
    { path: "/long-headers", errorClass: "http.protocol", message: /header/i },
    { path: "/half", errorClass: "http.truncated", message: /ended its answer after 9 bytes of 1000/ },
    { path: "/half-chunked", errorClass: "http.truncated", message: /ended its answer after 4 bytes/ },
    {
      path: "/hang",
      check: { timeout: "2s" },
      errorClass: "http.timeout-first-byte",
      message: /no answer .* within 2s/,
    },
    {
      path: "/hang-in-body",
      check: { timeout: "2s" },
      errorClass: "http.timeout-body",
      message: /sent 9 bytes of 1000 within 2s/,
    },
    { path: "/loop", errorClass: "http.redirect-loop", message: /loop-back redirects back to .*\/loop$/ },
    { path: "/chain?left=6", errorClass: "http.redirect-loop", message: /more than 5 redirects/ },
    { path: "/redirect?to=ftp://x/", errorClass: "http.redirect", message: /ftp:, which is not HTTP/ },
    { path: "/redirect?to=http://%5B/", errorClass: "http.redirect", message: /is no URL/ },
    {
      path: "/redirect?to=/",
      check: { "follow-redirects": false },
      errorClass: "http.status",
      message: /302/,
    },
  ];
  for (const { path, check, errorClass, message } of cases) {
    test(`${path} is ${errorClass}`, async () => {
      await using server = await startFaultServer();
      const seen = await look(server.url + path, check);
      assert.equal(seen.errorClass, errorClass, seen.message);
      assert.equal(seen.outcome, "fail");
      assert.equal(seen.failureSource, "target");
      assert.equal(seen.layer, errorClass.split(".")[0]);
      assert.match(seen.message, message);
    });
  }

  test("what ended before it failed keeps its time", async () => {
    await using server = await startFaultServer();
    const { timings } = await look(`${server.url}/hang-in-body`, { timeout: "2s" });
    assert.ok(timings.tcp !== null && timings.firstByte !== null && timings.total !== null);
    assert.equal(timings.tls, null);
    assert.equal(timings.download, null);
    assert.ok(timings.total >= timings.tcp + timings.firstByte);
  });
});

suite("what passes", () => {
  const cases = [
    { path: "/" },
    { path: "/status?code=204" },
    { path: "/chain?left=5" },
    { path: "/status?code=404", assertions: [{ source: "status-code", comparison: "equals", target: 404 }] },
    { path: "/", assertions: [{ source: "body", comparison: "contains", target: "Text I expect to find" }] },
    { path: "/huge", check: { "max-body": 100_000 } },
    { path: "/", check: { method: "HEAD" } },
  ];
  for (const { path, assertions = [], check } of cases) {
    test(`${path} ${JSON.stringify(check ?? assertions)}`, async () => {
      await using server = await startFaultServer();
      const seen = await look(server.url + path, { assertions, ...check });
      assert.equal(seen.outcome, "pass", seen.message);
      assert.equal(seen.message, "");
      assert.equal(seen.errorClass, null);
    });
  }

  test("a huge body is cut, and the connection closed", async () => {
    await using server = await startFaultServer();
    const seen = await look(`${server.url}/huge`, { "max-body": 100_000 });
    assert.equal(seen.http?.truncated, true);
    assert.equal(seen.http.bodySize, 100_000);
    assert.equal(seen.http.bodySample.length, 2048);
  });

  test("the body is described", async () => {
    await using server = await startFaultServer();
    const { http } = await look(server.url);
    assert.equal(http?.bodySample, "Text I expect to find");
    assert.equal(http.bodySha256, createHash("sha256").update("Text I expect to find").digest("hex"));
    assert.equal(http.version, "1.1");
    assert.equal(http.truncated, false);
  });

  test("the body is read in the character set that the answer names", async () => {
    const latin = Buffer.from("Grüße", "latin1");
    await using server = await startFaultServer({
      routes: {
        "/latin": (_, response) => {
          response.setHeader("content-type", "text/plain; charset=iso-8859-1").end(latin);
        },
        "/unknown": (_, response) => {
          response.setHeader("content-type", "text/plain; charset=klingon").end("Grüße");
        },
      },
    });
    const assertions = [{ source: "body", comparison: "equals", target: "Grüße" }];
    assert.equal((await look(`${server.url}/latin`, { assertions })).outcome, "pass");
    assert.equal((await look(`${server.url}/unknown`, { assertions })).outcome, "pass");
  });
});

suite("what is sent", () => {
  test("by default: who asks, and no compression", async () => {
    await using server = await startFaultServer();
    await look(`${server.url}/echo`);
    const { headers } = server.requests[0] ?? {};
    assert.equal(headers?.["user-agent"], `crosscheck/${version}`);
    assert.equal(headers["accept-encoding"], "identity");
    assert.equal(headers.host, `127.0.0.1:${server.port}`);
    assert.equal(headers.connection, "close");
  });

  test("which location asks, where it has a name", async () => {
    await using server = await startFaultServer();
    await look(server.url, {}, { location: "eu" });
    assert.equal(server.requests[0]?.headers["user-agent"], `crosscheck/${version} (eu)`);
  });

  test("configured headers, in any case, before the defaults", async () => {
    await using server = await startFaultServer();
    await look(`${server.url}/echo`, { headers: { Authorization: "Bearer hush-hush", "User-Agent": "me" } });
    const { headers } = server.requests[0] ?? {};
    assert.equal(headers?.authorization, "Bearer hush-hush");
    assert.equal(headers["user-agent"], "me");
  });

  test("a target that echoes does not put secrets into the observation", async () => {
    await using server = await startFaultServer();
    const assertions = [{ source: "body", comparison: "equals", target: "x" }];
    const headers = { authorization: "Bearer hush-hush" };
    const seen = await look(`${server.url}/echo`, { headers, assertions });
    assert.match(JSON.stringify(seen), /\[secret\]/);
    assert.doesNotMatch(JSON.stringify(seen), /hush-hush/);
  });
});

const rebinding: Lookup = (name) =>
  Promise.resolve([{ address: name === "public.example" ? "127.0.0.1" : "169.254.169.254", family: 4 }]);

suite("redirects", () => {
  const allowLoopback = { target: { from: "config", allowPrivate: ["127.0.0.0/8"] } };

  test("are told, and their times add up", async () => {
    await using server = await startFaultServer();
    const seen = await look(`${server.url}/chain?left=2`);
    assert.deepEqual(seen.http?.redirects, [
      { statusCode: 302, location: `${server.url}/chain?left=1` },
      { statusCode: 302, location: `${server.url}/chain?left=0` },
    ]);
    assert.equal(server.connections, 3);
    assert.ok(seen.timings.total !== null && seen.timings.total >= (seen.timings.tcp ?? 0));
  });

  test("to another origin lose every configured header, for good", async () => {
    await using there = await startFaultServer();
    await using here = await startFaultServer();
    const back = `${there.url}/redirect?to=${encodeURIComponent(`${here.url}/echo`)}`;
    const headers = { authorization: "Bearer hush-hush", cookie: "a=hush-hush", "x-api-key": "hush-hush" };
    const seen = await look(
      `${here.url}/redirect?to=${encodeURIComponent(back)}`,
      { headers },
      allowLoopback,
    );
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(here.requests[0]?.headers.authorization, "Bearer hush-hush");
    for (const { headers } of [there.requests[0], here.requests[1]].filter(
      (request) => request !== undefined,
    )) {
      assert.doesNotMatch(JSON.stringify(headers), /hush/);
    }
    assert.equal(here.requests.length, 2);
  });

  test("to a private address are refused, and nobody is asked", async () => {
    await using inside = await startFaultServer({ host: "127.0.0.2" });
    await using server = await startFaultServer();
    const seen = await look(`${server.url}/redirect?to=${inside.url}/`);
    assert.equal(seen.outcome, "error");
    assert.equal(seen.errorClass, "location.blocked-target");
    assert.match(
      seen.message,
      /127\.0\.0\.2 is not a public address \(loopback\), and a redirect .*allow-private-targets/,
    );
    assert.equal(inside.connections, 0);
  });

  test("to another port of a private target are refused as well", async () => {
    await using other = await startFaultServer();
    await using server = await startFaultServer();
    const seen = await look(`${server.url}/redirect?to=${other.url}/`);
    assert.equal(seen.errorClass, "location.blocked-target");
    assert.equal(other.connections, 0);
  });

  test("from an alert's target to 127.0.0.1 are refused", async () => {
    await using inside = await startFaultServer();
    await using server = await startFaultServer({ host: "127.0.0.3" });
    const target = { from: "alert", allowPrivate: ["127.0.0.3"] };
    const seen = await look(`${server.url}/redirect?to=${inside.url}/`, {}, { target });
    assert.equal(seen.errorClass, "location.blocked-target");
    assert.equal(inside.connections, 0);
  });

  test("resolve and guard each host: a name that means something else by then is refused", async () => {
    await using server = await startFaultServer();
    const url = `http://public.example:${server.port}/redirect?to=http://rebound.example:${server.port}/`;
    const seen = await runProbe(probeRequestFor(url, allowLoopback as object), {
      signal: signal(),
      lookup: rebinding,
    });
    assert.equal(seen.errorClass, "location.blocked-target");
    assert.match(seen.message, /rebound\.example is 169\.254\.169\.254: .*metadata/);
  });
});

suite("timings", () => {
  test("belong to the phase that the time was spent in", async () => {
    await using server = await startFaultServer();
    const { timings } = await look(`${server.url}/slow?head=1000&body=2000`);
    const { tcp, firstByte, download, total } = timings;
    assert.ok(tcp !== null && firstByte !== null && download !== null && total !== null);
    // A client that is held up for a while sees the head late, and the body's wait shortened by that.
    assert.ok(firstByte >= 990 && download >= 1000, JSON.stringify(timings));
    assert.ok(total >= tcp + firstByte + download);
    assert.ok(tcp < 990, JSON.stringify(timings));
  });

  test("slower than a soft limit is degraded, than a hard one fails", async () => {
    await using server = await startFaultServer();
    const limit = { source: "response-time", comparison: "less-than", target: "20ms" };
    const soft = await look(`${server.url}/slow?head=40`, { assertions: [{ ...limit, degraded: true }] });
    assert.equal(soft.outcome, "degraded");
    assert.equal(soft.errorClass, null);
    assert.match(soft.message, /^response time is \d+ ms, not less than "20ms" at 127/);
    const hard = await look(`${server.url}/slow?head=40`, { assertions: [limit] });
    assert.equal(hard.outcome, "fail");
    assert.equal(hard.errorClass, "content.latency");
  });

  test("other soft assertions only add to the message", async () => {
    await using server = await startFaultServer();
    const assertions = [{ source: "body", comparison: "contains", target: "absent", degraded: true }];
    const seen = await look(server.url, { assertions });
    assert.equal(seen.outcome, "pass");
    assert.match(seen.message, /^body does not contain "absent" at/);
    assert.equal(seen.assertions[0]?.passed, false);
  });
});

suite("settings", () => {
  const minimal = { name: "a", type: "http", url: "https://storefront.example/" };
  const refused: { settings: object; path: string; message: RegExp }[] = [
    { settings: { url: "storefront.example" }, path: "url", message: /is not a URL/ },
    {
      settings: { url: "ftp://storefront.example/" },
      path: "url",
      message: /not an http:\/\/ or https:\/\/ URL/,
    },
    {
      settings: { url: "https://me:pass@storefront.example/" },
      path: "url",
      message: /credentials as a header/,
    },
    { settings: { method: "TRACE" }, path: "method", message: /GET/ },
    {
      settings: { body: "x" },
      path: "body",
      message: /^a GET has no body: write another method, such as POST$/,
    },
    { settings: { method: "HEAD", body: "x" }, path: "body", message: /^a HEAD has no body/ },
    {
      settings: { headers: { "Content-Length": "5" } },
      path: "headers.Content-Length",
      message: /^leave Content-Length out: the length of the body is written for you$/,
    },
    {
      settings: { headers: { Authorization: "x" }, "basic-auth": { username: "me", password: "hush-hush" } },
      path: "headers.Authorization",
      message: /^authorization is what basic-auth writes: keep one of the two$/,
    },
    {
      settings: { "basic-auth": { username: "me:you", password: "hush-hush" } },
      path: "basic-auth.username",
      message: /^a user name is one line without a colon$/,
    },
    { settings: { "http-version": "3" }, path: "http-version", message: /"1.1"/ },
    { settings: { cached: true }, path: "cached", message: /"ok"/ },
    {
      settings: { headers: { "a b": "c" } },
      path: "headers.a b",
      message: /"a b" is not the name of a header/,
    },
    { settings: { headers: { a: "b\nc" } }, path: "headers.a", message: /^a header's value is one line/ },
    { settings: { "max-body": 0 }, path: "max-body", message: /1/ },
    { settings: { timeout: "5" }, path: "timeout", message: /not a duration/ },
    { settings: { retries: 3 }, path: "", message: /retries/ },
    {
      settings: { assertions: [{ source: "json-body", property: "$[", comparison: "is-null" }] },
      path: "assertions.0.property",
      message: /JSONPath/,
    },
  ];
  for (const { settings, path, message } of refused) {
    test(`refuses ${JSON.stringify(settings)}`, () => {
      const { error } = httpSettings.safeParse({ ...minimal, ...settings });
      assert.equal(error?.issues[0]?.path.join("."), path);
      assert.match(error.issues[0].message, message);
    });
  }

  test("leaves a templated URL for the moment when it is rendered", () => {
    assert.equal(httpSettings.parse({ ...minimal, url: "{{ input.url }}" }).url, "{{ input.url }}");
  });
});

/** A server that says this once it is asked, and then something over and over. */
function saying(text: string, again?: string) {
  return startTcpServer((socket) => {
    const more = () => {
      while (!socket.destroyed && socket.write(again?.repeat(1000) ?? ""));
    };
    socket.once("data", () => {
      socket.write(text);
      if (again === undefined) return;
      socket.on("drain", more);
      more();
    });
  });
}

suite("hostile answers", () => {
  test("interim answers without an end are no answer", async () => {
    const interim = "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n";
    await using server = await saying(interim, interim);
    const seen = await look(`http://127.0.0.1:${server.port}/`);
    assert.equal(seen.errorClass, "http.protocol");
    assert.match(seen.message, /did not answer in HTTP: more than 20 interim answers \(1xx\)$/);
  });

  test("a change of protocol that nobody asked for is a status like others", async () => {
    await using server = await saying(
      "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: junk\r\n\r\n",
      "junk",
    );
    const seen = await look(`http://127.0.0.1:${server.port}/`);
    assert.equal(seen.errorClass, "http.status");
    assert.match(seen.message, /^status code is 101, not 2xx at /);
    assert.equal(seen.http?.bodySize, 0);
  });

  test("a body in very small pieces is put together", async () => {
    const pieces = 200_000;
    const [head, end] = ["HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "0\r\n\r\n"];
    await using server = await saying(head + "1\r\nx\r\n".repeat(pieces) + end);
    const seen = await look(`http://127.0.0.1:${server.port}/`, { timeout: "25s" });
    assert.equal(seen.http?.bodySize, pieces, seen.message);
    assert.equal(seen.http.bodySha256, createHash("sha256").update("x".repeat(pieces)).digest("hex"));
  });

  test("long redirects are kept in part", async () => {
    await using server = await startFaultServer();
    const seen = await look(`${server.url}/redirect?to=${encodeURIComponent(`/?${"x".repeat(4000)}`)}`);
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.http?.redirects[0]?.location.length, 500);
  });
});
