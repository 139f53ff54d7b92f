import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { makeAuthority, type Authority, type Certificate } from "../../../test/fixtures/certificates.ts";
import { startFaultServer } from "../../../test/fixtures/fault-server.ts";
import { frames, say, startFrameServer, type Answer } from "../../../test/fixtures/http2-frames.ts";
import { startHttp2Server } from "../../../test/fixtures/http2-server.ts";
import { probeRequestFor } from "../../../test/fixtures/probe-requests.ts";
import type { Observation } from "../../model/observation.ts";
import type { Lookup } from "../resolve.ts";
import { runProbe } from "../run-probe.ts";

const trusted = getCACertificates("default");
const lookup: Lookup = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
let authority: Authority;
let certificate: Certificate;

before(async () => {
  authority = await makeAuthority();
  certificate = await authority.issue({ names: ["storefront.example"] });
  setDefaultCACertificates([...trusted, authority.cert]);
});

after(() => {
  setDefaultCACertificates(trusted);
});

function look(url: string, check: object = {}): Promise<Observation> {
  const once = { retry: { attempts: 1, backoff: "1ms" }, ...check };
  const request = probeRequestFor(url, {
    check: once,
    target: { from: "config", allowPrivate: ["127.0.0.0/8"] },
  });
  return runProbe(request, { signal: AbortSignal.timeout(60_000), lookup });
}

const secure = ({ port }: { readonly port: number }, path = "/") =>
  `https://storefront.example:${port}${path}`;

suite("the version", () => {
  test("is what the server chooses", async () => {
    await using server = await startHttp2Server({ certificate });
    const seen = await look(secure(server), {
      assertions: [{ source: "body", comparison: "contains", target: "expect" }],
    });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.http?.version, "2");
    assert.equal(seen.tls?.alpn, "h2");
    assert.equal(seen.http.statusCode, 200);
    assert.equal(seen.http.bodySample, "Text I expect to find");
    assert.equal(seen.http.headers[":status"], undefined);
    const { tcp, tls, firstByte, download, total } = seen.timings;
    assert.ok(tcp !== null && tls !== null && firstByte !== null && download !== null && total !== null);
    assert.ok(total >= tcp + tls + firstByte + download);
    assert.equal(server.requests[0]?.headers[":authority"], `storefront.example:${server.port}`);
    assert.match(String(server.requests[0].headers["user-agent"]), /^crosscheck/);
  });

  test("is 1.1 where the server knows no other, and where that is asked for", async () => {
    await using old = await startFaultServer({ certificate });
    assert.equal((await look(secure(old))).http?.version, "1.1");
    await using server = await startHttp2Server({ certificate });
    for (const version of ["1.1", 1.1]) {
      const seen = await look(secure(server), { "http-version": version });
      assert.equal(seen.http?.version, "1.1");
      assert.equal(seen.tls?.alpn, "http/1.1");
    }
  });

  test("is 1.1 without TLS, and 2 where that is asked for", async () => {
    await using old = await startFaultServer();
    assert.equal((await look(old.url)).http?.version, "1.1");
    await using server = await startHttp2Server();
    assert.equal((await look(server.url, { "http-version": "2" })).http?.version, "2");
  });

  test("2 from a server that does not know it is a failure that says so", async () => {
    await using old = await startFaultServer();
    const plain = await look(old.url, { "http-version": "2" });
    assert.equal(plain.errorClass, "http.protocol");
    await using refusing = await startFaultServer({ certificate });
    const refused = await look(secure(refusing), { "http-version": "2" });
    assert.equal(refused.errorClass, "tls.handshake");
    assert.match(refused.message, /speaks none of the protocols that were offered \(ALPN\)/);
  });

  test("1.1 from a server that knows only 2 is a failure, too", async () => {
    await using server = await startHttp2Server({ certificate, speaks: "h2" });
    const seen = await look(secure(server), { "http-version": "1.1" });
    assert.equal(seen.outcome, "fail");
    assert.match(seen.errorClass ?? "", /^(tls\.handshake|http\.)/);
  });

  test("may change on the way", async () => {
    await using old = await startFaultServer({ certificate });
    await using server = await startHttp2Server({
      certificate,
      routes: {
        "/": (_, response) => {
          response.writeHead(302, { location: secure(old) }).end();
        },
      },
    });
    const seen = await look(secure(server));
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.http?.version, "1.1");
    assert.deepEqual(seen.http.redirects, [{ statusCode: 302, location: secure(old) }]);
  });

  test("is 1.1 after all for a server that asks for it by HTTP_1_1_REQUIRED", async () => {
    await using server = await startHttp2Server({
      certificate,
      routes: {
        "/": ({ version }, response) => {
          if (version === "2.0") response.stream.close(13);
          else response.end("at last");
        },
      },
    });
    const seen = await look(secure(server));
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.http?.version, "1.1");
    const strict = await look(secure(server), { "http-version": "2" });
    assert.equal(strict.errorClass, "http.protocol");
    assert.match(strict.message, /HTTP_1_1_REQUIRED/);
  });

  test("headers that HTTP/2 forbids are left out, `host` is `:authority`", async () => {
    await using server = await startHttp2Server();
    const headers = { host: "other.example", connection: "keep-alive", "x-mine": "yes" };
    const seen = await look(server.url, { "http-version": "2", headers });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(server.requests[0]?.headers[":authority"], "other.example");
    assert.equal(server.requests[0].headers["x-mine"], "yes");
  });
});

suite("times and sizes", () => {
  test("belong to the phase that the time was spent in", async () => {
    await using server = await startHttp2Server({
      certificate,
      routes: {
        "/": (_, response) => {
          setTimeout(() => {
            response.writeHead(200).write("soon");
            setTimeout(() => response.end("at last"), 2000);
          }, 60);
        },
      },
    });
    const { timings } = await look(secure(server));
    // A client that is held up for a while sees the head late, and the body's wait shortened by that.
    assert.ok((timings.firstByte ?? 0) >= 55 && (timings.download ?? 0) >= 1000, JSON.stringify(timings));
  });

  test("a huge body is cut, and its connection closed", async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await startHttp2Server({
      certificate,
      routes: {
        "/": (_, response) => {
          const chunk = "x".repeat(65_536);
          const more = () => {
            while (!response.destroyed && response.write(chunk));
          };
          response.on("drain", more);
          response.on("close", closed.resolve);
          more();
        },
      },
    });
    const seen = await look(secure(server), { "max-body": 100_000 });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.http?.truncated, true);
    assert.equal(seen.http.bodySize, 100_000);
    await closed.promise;
  });

  test("a megabyte comes whole", async () => {
    await using server = await startHttp2Server({
      certificate,
      routes: { "/": (_, response) => void response.end("x".repeat(1_000_000)) },
    });
    const { http } = await look(secure(server));
    assert.equal(http?.bodySize, 1_000_000);
    assert.equal(http.truncated, false);
  });
});

suite("what goes wrong", { concurrency: 4 }, () => {
  const { headers, data, rst, goaway } = frames;
  const ok = { ":status": "200" };
  const head = (stream: number) => headers(stream, ok);
  const part = (stream: number) => data(stream, "hello");
  const end = (stream: number) => data(stream, "hello", { end: true });

  const passes: Record<string, Answer> = {
    "an answer": say(head, end),
    "an answer after another head (103)": say((id) => headers(id, { ":status": "103" }), head, end),
    "an answer, then GOAWAY": say(head, end, (id) => goaway(id, 0)),
    "an answer, then GOAWAY with an error": say(head, end, (id) => goaway(id, 2)),
    "GOAWAY that lets the answer come": say((id) => goaway(id, 0), head, end),
    "an answer, then a reset without an error": say(head, end, (id) => rst(id, 0)),
  };
  for (const [name, answer] of Object.entries(passes)) {
    test(`${name} passes`, async () => {
      await using server = await startFrameServer(answer);
      const seen = await look(`http://127.0.0.1:${server.port}/`, { "http-version": "2" });
      assert.equal(seen.outcome, "pass", seen.message);
      assert.equal(seen.http?.bodySample, "hello");
    });
  }

  const fails: { name: string; answer: Answer; errorClass?: string; message: RegExp }[] = [
    {
      name: "reset",
      answer: say((id) => rst(id, 2)),
      message: /did not answer in HTTP: HTTP\/2 ended with INTERNAL_ERROR$/,
    },
    { name: "refused", answer: say((id) => rst(id, 7)), message: /REFUSED_STREAM/ },
    { name: "cancelled", answer: say((id) => rst(id, 8)), message: /CANCEL/ },
    { name: "reset without an error", answer: say((id) => rst(id, 0)), message: /NO_ERROR/ },
    { name: "reset with a code that nobody knows", answer: say((id) => rst(id, 99)), message: /error 99/ },
    { name: "GOAWAY", answer: say(() => goaway(0, 0)), message: /REFUSED_STREAM/ },
    { name: "GOAWAY with an error", answer: say(() => goaway(0, 11)), message: /ENHANCE_YOUR_CALM/ },
    {
      name: "no :status",
      answer: say((id) => headers(id, { "x-a": "b" }, { end: true })),
      message: /PROTOCOL_ERROR/,
    },
    {
      name: "what is no HTTP/2",
      answer: say(() => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")),
      message: /HTTP\/2 ended with/,
    },
    {
      name: "too many headers",
      answer: say((id) =>
        headers(id, {
          ...ok,
          ...Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-${at}`, "v"])),
        }),
      ),
      message: /ENHANCE_YOUR_CALM/,
    },
    {
      name: "a close",
      answer: (_, socket) => socket.end(),
      message: /closed the connection without an answer$/,
    },
    {
      name: "a reset of the connection",
      answer: (_, socket) => socket.resetAndDestroy(),
      errorClass: "tcp.reset",
      message: /reset the connection/,
    },
    {
      name: "silence",
      answer: () => undefined,
      errorClass: "http.timeout-first-byte",
      message: /no answer from .* within 2s/,
    },
    {
      name: "half a body, then silence",
      answer: say(head, part),
      errorClass: "http.timeout-body",
      message: /sent 5 bytes within 2s/,
    },
    {
      name: "half a body, then a reset",
      answer: say(head, part, (id) => rst(id, 2)),
      message: /ended its answer after 5 bytes: HTTP\/2 ended with INTERNAL_ERROR$/,
    },
    { name: "half a body, cancelled", answer: say(head, part, (id) => rst(id, 8)), message: /CANCEL/ },
    {
      name: "half a body, ended without an error",
      answer: say(
        (id) => headers(id, { ...ok, "content-length": "10" }),
        part,
        (id) => rst(id, 0),
      ),
      errorClass: "http.truncated",
      message: /after 5 bytes of 10$/,
    },
    {
      name: "half a body, then a close",
      answer: (id, socket) => socket.end(Buffer.concat([head(id), part(id)])),
      errorClass: "http.truncated",
      message: /ended its answer after 5 bytes$/,
    },
    {
      name: "more than its content-length",
      answer: say((id) => headers(id, { ...ok, "content-length": "3" }), end),
      message: /of 3/,
    },
  ];
  for (const { name, answer, errorClass = "http.protocol", message } of fails) {
    test(`${name} is ${errorClass}`, async () => {
      await using server = await startFrameServer(answer);
      const check = { "http-version": "2", timeout: errorClass.includes("timeout") ? "2s" : "20s" };
      const seen = await look(`http://127.0.0.1:${server.port}/`, check);
      assert.equal(seen.errorClass, errorClass, seen.message);
      assert.equal(seen.outcome, "fail");
      assert.match(seen.message, message);
    });
  }

  test("a wrong certificate ends it before anything is sent", async () => {
    await using server = await startHttp2Server({
      certificate: await authority.issue({ names: ["other.example"] }),
    });
    const seen = await look(secure(server), { method: "POST", body: "hush-hush" });
    assert.equal(seen.errorClass, "tls.hostname");
    assert.deepEqual(server.requests, []);
  });
});

test("interim answers without an end are no answer", async () => {
  const flood = Array.from(
    { length: 100 },
    () => (stream: number) => frames.headers(stream, { ":status": "103" }),
  );
  await using server = await startFrameServer(say(...flood));
  const seen = await look(`http://127.0.0.1:${server.port}/`, { "http-version": 2, timeout: "20s" });
  assert.equal(seen.errorClass, "http.protocol", seen.message);
  assert.match(seen.message, /more than 20 interim answers/);
});

test("a header that HTTP/2 forbids is left out", async () => {
  await using server = await startHttp2Server();
  const headers = { te: "gzip", "x-mine": "sent" };
  const seen = await look(server.url, { "http-version": 2, headers });
  assert.equal(seen.outcome, "pass", seen.message);
  assert.equal(server.requests[0]?.headers["x-mine"], "sent");
  assert.equal(server.requests[0].headers.te, undefined);
});
