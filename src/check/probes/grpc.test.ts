import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { makeAuthority, type Authority } from "../../../test/fixtures/certificates.ts";
import { startFaultServer } from "../../../test/fixtures/fault-server.ts";
import { grpcMessage, startGrpcServer } from "../../../test/fixtures/grpc-server.ts";
import { frames, say, startFrameServer, type Answer } from "../../../test/fixtures/http2-frames.ts";
import { probeContract } from "../../../test/fixtures/probe-contract.ts";
import { probeRequestFor } from "../../../test/fixtures/probe-requests.ts";
import type { Observation } from "../../model/observation.ts";
import type { Lookup } from "../resolve.ts";
import { runProbe } from "../run-probe.ts";
import { grpc } from "./grpc.ts";
import { grpcSettings } from "./grpc-settings.ts";

probeContract("grpc", {
  probe: grpc,
  check: (host, port) => ({ name: "orders", type: "grpc", host, port, tls: false }),
  start: () => startGrpcServer({ health: { "": 1 } }),
});

const lookup: Lookup = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);

/** Without TLS, one attempt, unless `check` says otherwise. */
function look(port: number, check: object = {}): Promise<Observation> {
  const { check: base, ...rest } = probeRequestFor("http://unused.example/");
  const { url: _, ...common } = base as Record<string, unknown>;
  const once = { type: "grpc", host: "127.0.0.1", port, tls: false, retry: { attempts: 1, backoff: "1ms" } };
  const whole = { ...common, name: "orders", ...once, ...check } as typeof base;
  return runProbe({ ...rest, check: whole }, { signal: AbortSignal.timeout(60_000), lookup });
}

suite("health", () => {
  test("SERVING passes, and is described", async () => {
    await using server = await startGrpcServer({ health: { "": 1, orders: 1 } });
    for (const service of ["", "orders"]) {
      const seen = await look(server.port, { service });
      assert.equal(seen.outcome, "pass", seen.message);
      assert.deepEqual(seen.grpc, { status: 0, health: "SERVING" });
      assert.ok(seen.timings.firstByte !== null && seen.timings.download !== null);
    }
  });

  test("the call is what gRPC says", async () => {
    await using server = await startGrpcServer({ health: { orders: 1 } });
    await look(server.port, { service: "orders", metadata: { authorization: "Bearer hush-hush" } });
    const [call] = server.calls;
    assert.partialDeepStrictEqual(call?.headers, {
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      ":scheme": "http",
      ":authority": `127.0.0.1:${server.port}`,
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": "5000m",
      authorization: "Bearer hush-hush",
    });
    assert.deepEqual(call?.body, Buffer.from("\0\0\0\0\x08\x0a\x06orders"));
  });

  test("a long name has its length in two bytes", async () => {
    await using server = await startGrpcServer({ health: { "": 1 } });
    await look(server.port, { service: "x".repeat(300) });
    assert.deepEqual(server.calls[0]?.body.subarray(0, 8), Buffer.of(0, 0, 0, 1, 47, 0x0a, 0xac, 0x02));
  });

  const unwell = [
    { status: 0, name: "UNKNOWN" },
    { status: 2, name: "NOT_SERVING" },
    { status: 3, name: "SERVICE_UNKNOWN" },
    { status: 9, name: "9" },
  ];
  for (const { status, name } of unwell) {
    test(`${name} fails`, async () => {
      await using server = await startGrpcServer({ health: { "": status, orders: status } });
      const seen = await look(server.port, { service: "orders" });
      assert.equal(seen.errorClass, "grpc.not-serving");
      assert.equal(seen.layer, "grpc");
      assert.equal(seen.failureSource, "target");
      assert.equal(
        seen.message,
        `health of service orders is ${name}, not SERVING at 127.0.0.1:${server.port}`,
      );
      assert.deepEqual(seen.grpc, { status: 0, health: name });
    });
  }

  test("a service that the server does not know fails", async () => {
    await using server = await startGrpcServer({ health: { "": 1 } });
    const seen = await look(server.port, { service: "orders" });
    assert.equal(seen.errorClass, "grpc.status");
    assert.match(
      seen.message,
      /^gRPC status is 5 NOT_FOUND; the server does not know this service; it says: unknown service at /,
    );
    assert.deepEqual(seen.grpc, { status: 5, health: null });
  });

  test("a server without a health service fails", async () => {
    await using server = await startGrpcServer();
    const seen = await look(server.port);
    assert.equal(seen.errorClass, "grpc.status");
    assert.match(seen.message, /^gRPC status is 12 UNIMPLEMENTED; the server has no health service; it says/);
  });
});

suite("assertions", () => {
  test("on the status and the health replace what must hold by itself", async () => {
    await using server = await startGrpcServer({ health: { "": 2 } });
    const health = { source: "health", comparison: "equals", target: "NOT_SERVING" };
    assert.equal((await look(server.port, { assertions: [health] })).outcome, "pass");
    const status = { source: "grpc-status", comparison: "equals", target: 5 };
    assert.equal((await look(server.port, { service: "x", assertions: [status] })).outcome, "pass");
    const other = await look(server.port, { assertions: [{ ...health, target: "SERVING" }] });
    assert.equal(other.errorClass, "grpc.not-serving");
    const missing = await look(server.port, { assertions: [status] });
    assert.equal(missing.errorClass, "grpc.not-serving");
  });

  test("on the time", async () => {
    await using server = await startGrpcServer({ health: { "": 1 } });
    const slow = { source: "response-time", comparison: "greater-than", target: "1m", degraded: true };
    assert.equal((await look(server.port, { assertions: [slow] })).outcome, "degraded");
  });
});

suite("TLS", () => {
  const trusted = getCACertificates("default");
  let authority: Authority;

  before(async () => {
    authority = await makeAuthority();
    setDefaultCACertificates([...trusted, authority.cert]);
  });
  after(() => {
    setDefaultCACertificates(trusted);
  });

  test("is examined before anything is sent", async () => {
    const certificate = await authority.issue({ names: ["orders.example"], validToDays: 30 });
    await using server = await startGrpcServer({ certificate, health: { "": 1 } });
    const days = {
      source: "certificate",
      property: "days-until-expiry",
      comparison: "greater-than",
      target: 14,
    };
    const good = await look(server.port, { host: "orders.example", tls: true, assertions: [days] });
    assert.equal(good.outcome, "pass", good.message);
    assert.equal(good.tls?.alpn, "h2");
    const named = await look(server.port, { tls: true, "server-name": "orders.example" });
    assert.equal(named.outcome, "pass", named.message);
    assert.equal(server.calls[1]?.headers[":authority"], `orders.example:${server.port}`);
    const bad = await look(server.port, { host: "shop.example", tls: true });
    assert.equal(bad.errorClass, "tls.hostname");
    assert.equal(server.calls.length, 2);
  });

  test("with a server that speaks only HTTP/1.1 is not gRPC", async () => {
    const certificate = await authority.issue({ names: ["orders.example"] });
    await using server = await startFaultServer({ certificate });
    const seen = await look(server.port, { host: "orders.example", tls: true });
    assert.equal(seen.errorClass, "grpc.protocol", seen.message);
    assert.match(seen.message, /does not offer HTTP\/2, which gRPC needs$/);
  });
});

suite("answers that are none", { concurrency: 4 }, () => {
  const { headers, data, rst, goaway } = frames;
  const ok = { ":status": "200", "content-type": "application/grpc" };
  const done = { "grpc-status": "0" };
  const serving = grpcMessage(Buffer.of(8, 1));
  const head = (id: number) => headers(id, ok);
  const trailers = (id: number) => headers(id, done, { end: true });
  const message = (bytes: Buffer): Answer => say(head, (id) => data(id, bytes), trailers);

  const passes: Record<string, Answer> = {
    "one frame": message(serving),
    "several frames": say(
      head,
      ...[...serving].map((byte) => (id: number) => data(id, Buffer.of(byte))),
      trailers,
    ),
    "fields that nobody knows": message(
      grpcMessage(
        Buffer.from([0x10, 0xac, 2, 0x1a, 1, 65, 0x25, 1, 2, 3, 4, 0x29, 1, 2, 3, 4, 5, 6, 7, 8, 8, 1]),
      ),
    ),
    "a content type with a suffix": say(
      (id) => headers(id, { ...ok, "content-type": "application/grpc+proto" }),
      (id) => data(id, serving),
      trailers,
    ),
  };
  for (const [name, answer] of Object.entries(passes)) {
    test(`${name} is an answer`, async () => {
      await using server = await startFrameServer(answer);
      const seen = await look(server.port);
      assert.equal(seen.outcome, "pass", seen.message);
    });
  }

  const fails: { name: string; answer: Answer; errorClass?: string; says: RegExp }[] = [
    { name: "half a prefix", answer: message(Buffer.of(0, 0)), says: /its message is cut after 2 bytes$/ },
    {
      name: "half a message",
      answer: message(grpcMessage(Buffer.of(8), { length: 2 })),
      says: /cut after 1 bytes of 2$/,
    },
    { name: "no message", answer: say(head, trailers), says: /its message is cut after 0 bytes$/ },
    {
      name: "two messages",
      answer: message(Buffer.concat([serving, serving])),
      says: /something behind its message$/,
    },
    {
      name: "an immense length",
      answer: message(grpcMessage(Buffer.of(8, 1), { length: 4_000_000_000 })),
      says: /of 4000000000$/,
    },
    {
      name: "a compressed message",
      answer: message(grpcMessage(Buffer.of(8, 1), { compressed: 1 })),
      says: /is compressed, which nobody asked for$/,
    },
    {
      name: "garbage",
      answer: message(grpcMessage(Buffer.from("what?"))),
      says: /is not a HealthCheckResponse$/,
    },
    {
      name: "a number without an end",
      answer: message(grpcMessage(Buffer.alloc(12, 0xff))),
      says: /is not a HealthCheckResponse$/,
    },
    {
      name: "a field that is longer than all",
      answer: message(grpcMessage(Buffer.of(0x12, 99, 1))),
      says: /is not a HealthCheckResponse$/,
    },
    {
      name: "more than 64 kB",
      answer: say(head, ...Array.from({ length: 5 }, () => (id: number) => data(id, Buffer.alloc(16_000)))),
      says: /answered with more than 65536 bytes$/,
    },
    {
      name: "no trailers",
      answer: say(head, (id) => data(id, serving, { end: true })),
      says: /ended its answer without a grpc-status$/,
    },
    {
      name: "a status that is no number",
      answer: say(head, (id) => headers(id, { "grpc-status": "fine" }, { end: true })),
      says: /a grpc-status that is no number$/,
    },
    {
      name: "an HTTP status",
      answer: say((id) => headers(id, { ":status": "503" }, { end: true })),
      says: /answered HTTP status 503 instead of gRPC$/,
    },
    {
      name: "a web page",
      answer: say(
        (id) => headers(id, { ":status": "200", "content-type": "text/html" }),
        (id) => data(id, "<html>", { end: true }),
      ),
      says: /answered text\/html instead of gRPC$/,
    },
    { name: "a reset", answer: say((id) => rst(id, 8)), says: /HTTP\/2 ended with CANCEL$/ },
    { name: "a reset half-way", answer: say(head, (id) => rst(id, 2)), says: /INTERNAL_ERROR$/ },
    { name: "GOAWAY", answer: say(() => goaway(0, 0)), says: /REFUSED_STREAM$/ },
    {
      name: "a close",
      answer: (_, socket) => socket.end(),
      says: /closed the connection without an answer$/,
    },
    {
      name: "HTTP/1.1",
      answer: say(() => Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")),
      says: /did not answer in HTTP/,
    },
    {
      name: "a reset of the connection",
      answer: (_, socket) => socket.resetAndDestroy(),
      errorClass: "tcp.reset",
      says: /reset/,
    },
    {
      name: "silence",
      answer: () => undefined,
      errorClass: "grpc.timeout",
      says: /^no gRPC answer from .* within 2s$/,
    },
    { name: "silence half-way", answer: say(head), errorClass: "grpc.timeout", says: /within 2s$/ },
    {
      name: "a status in front",
      answer: say((id) =>
        headers(
          id,
          { ":status": "503", "grpc-status": "14", "grpc-message": "gone%20%F0%9F%92%A4%" },
          { end: true },
        ),
      ),
      errorClass: "grpc.status",
      says: /^gRPC status is 14 UNAVAILABLE; it says: gone%20/,
    },
    {
      name: "a status that nobody knows",
      answer: say((id) => headers(id, { ...ok, "grpc-status": "77" }, { end: true })),
      errorClass: "grpc.status",
      says: /^gRPC status is 77 \(no known status\)/,
    },
  ];
  for (const { name, answer, errorClass = "grpc.protocol", says } of fails) {
    test(`${name}: ${errorClass}`, async () => {
      await using server = await startFrameServer(answer);
      const seen = await look(server.port, { timeout: errorClass === "grpc.timeout" ? "2s" : "20s" });
      assert.equal(seen.errorClass, errorClass, seen.message);
      assert.equal(seen.outcome, "fail");
      assert.match(seen.message.replace(/ at 127\.0\.0\.1:\d+$/, ""), says);
    });
  }

  test("metadata that comes back is not shown", async () => {
    const said = { ...ok, "grpc-status": "16", "grpc-message": "not hush-hush" };
    await using server = await startFrameServer(say((id) => headers(id, said, { end: true })));
    const seen = await look(server.port, { metadata: { authorization: "Bearer hush-hush" } });
    assert.match(seen.message, /16 UNAUTHENTICATED; it says: not \[secret\]/);
    assert.doesNotMatch(JSON.stringify(seen), /hush/);
  });
});

suite("settings", () => {
  const minimal = { name: "a", type: "grpc", host: "orders.example", port: 443 };
  const refused = [
    { settings: { host: "https://orders.example" }, path: "host", message: /is not a host/ },
    { settings: { port: 0 }, path: "port", message: /1/ },
    {
      settings: { metadata: { "grpc-timeout": "1S" } },
      path: "metadata.grpc-timeout",
      message: /^leave grpc-timeout out/,
    },
    { settings: { metadata: { TE: "x" } }, path: "metadata.TE", message: /^leave TE out/ },
    {
      settings: { assertions: [{ source: "body", comparison: "contains", target: "x" }] },
      path: "assertions.0.source",
      message: /there is no body to look at here/,
    },
  ];
  for (const { settings, path, message } of refused) {
    test(`refuses ${JSON.stringify(settings)}`, () => {
      const { error } = grpcSettings.safeParse({ ...minimal, ...settings });
      assert.equal(error?.issues[0]?.path.join("."), path);
      assert.match(error.issues[0].message, message);
    });
  }

  test("takes a templated host", () => {
    assert.equal(grpcSettings.parse({ ...minimal, host: "{{ input.host }}" }).host, "{{ input.host }}");
  });
});

suite("metadata that comes back in what goes wrong is not shown", () => {
  const metadata = { authorization: "Bearer hush-hush-hush" };
  const cases: { name: string; answer: Answer }[] = [
    {
      name: "as the type of the content",
      answer: say((stream) =>
        frames.headers(
          stream,
          { ":status": "200", "content-type": "not Bearer hush-hush-hush" },
          { end: true },
        ),
      ),
    },
    {
      name: "where the message is cut",
      answer: say((stream) =>
        frames.headers(
          stream,
          {
            ":status": "200",
            "content-type": "application/grpc",
            "grpc-status": "16",
            "grpc-message": `${"x".repeat(190)}hush-hush-hush`,
          },
          { end: true },
        ),
      ),
    },
  ];
  for (const { name, answer } of cases) {
    test(name, async () => {
      await using server = await startFrameServer(answer);
      const seen = await look(server.port, { metadata });
      assert.equal(seen.outcome, "fail");
      assert.doesNotMatch(JSON.stringify(seen), /hush/);
    });
  }
});
