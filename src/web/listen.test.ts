import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { Hono } from "hono";
import { makeAuthority } from "../../test/fixtures/certificates.ts";
import { until } from "../../test/fixtures/until.ts";
import { readBody } from "./body.ts";
import { usualLimits } from "./limits.ts";
import { listenOn, type Listener } from "./listen.ts";
import { ServedCertificate } from "./served-certificate.ts";

/** Short, but no shorter than a request takes that must be answered on a machine that others share; looked at often. */
const impatient = { ...usualLimits(), headersMs: 1500, requestMs: 2000, lookMs: 50 };
const loopback = { host: "127.0.0.1", port: 0 };

/** Those whose request is cut off are what these tests are about. */
function quietApp(): Hono {
  const app = new Hono();
  app.onError((_, c) => c.body(null, 400));
  return app;
}

/** Answers a request that is whole once `mayAnswer` has resolved. */
function appThat(mayAnswer?: Promise<void>): Hono {
  const app = quietApp();
  app.post("/", async (c) => {
    const { bytes } = await readBody(c, 1000);
    await mayAnswer;
    return c.text(`took ${bytes.length}`);
  });
  return app;
}

/** A connection, what comes over it, and whether it is over. */
async function talk(port: number) {
  const socket = connect({ host: "127.0.0.1", port });
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString();
  });
  const { promise: over, resolve } = Promise.withResolvers<void>();
  socket.on("close", () => resolve());
  socket.on("error", () => {});
  await new Promise((connectedNow) => socket.once("connect", connectedNow));
  return { socket, over, said: () => text };
}

const post = (body: string) =>
  `POST / HTTP/1.1\r\nHost: here\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;

suite("callers who take their time", () => {
  const parts = new AsyncDisposableStack();
  const answering = Promise.withResolvers<void>();
  let listener: Listener;

  before(async () => {
    const app = appThat(answering.promise);
    listener = parts.use(await listenOn(app.fetch, loopback, { limits: impatient }));
  });
  after(() => parts.disposeAsync());

  const slow = {
    "say nothing": "",
    "send half a header": "POST / HTTP/1.1\r\nHost: he",
    "send half a body": "POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n{",
    "send a chunk and no end":
      "POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
  };
  for (const [what, sent] of Object.entries(slow)) {
    test(`those who ${what} are cut off`, async () => {
      const { socket, over, said } = await talk(listener.port);
      socket.write(sent);
      await over;
      assert.match(said(), /^(HTTP\/1\.1 408 |$)/);
    });
  }

  test("a body that trickles is cut off, too", async () => {
    const { socket, over } = await talk(listener.port);
    socket.write("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 100000\r\n\r\n");
    const trickle = setInterval(() => socket.write("x"), 20);
    await over;
    clearInterval(trickle);
  });

  test("but an answer may take longer than a request", async () => {
    const { socket, over, said } = await talk(listener.port);
    socket.write(post("{}"));
    const late = await talk(listener.port);
    late.socket.write("POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n{");
    // It came after the other, and its time is over.
    await late.over;
    assert.equal(said(), "");
    answering.resolve();
    await over;
    assert.match(said(), /^HTTP\/1\.1 200 .*took 2$/s);
  });
});

suite("many connections", () => {
  // Both ends are in this process, which may not have so many files open.
  const many = Math.min(30, Math.floor(usualLimits().connections / 300));
  test(`${many * 100} that say nothing keep nobody out`, async () => {
    await using listener = await listenOn(appThat().fetch, loopback);
    const idle: Socket[] = [];
    try {
      for (let batch = 0; batch < many; batch += 1) {
        const opened = await Promise.all(Array.from({ length: 100 }, () => talk(listener.port)));
        idle.push(...opened.map(({ socket }) => socket));
      }
      const response = await fetch(listener.url, { method: "POST", body: "an alert" });
      assert.equal(await response.text(), "took 8");
    } finally {
      for (const socket of idle) socket.destroy();
    }
  });

  test("those beyond the limit are closed at once, and counted; then there is room again", async () => {
    let dropped = 0;
    const limits = { ...usualLimits(), connections: 2 };
    const count = () => void (dropped += 1);
    await using listener = await listenOn(appThat().fetch, loopback, { limits, dropped: count });
    const first = await talk(listener.port);
    const second = await talk(listener.port);
    await (
      await talk(listener.port)
    ).over;
    assert.equal(dropped, 1);
    first.socket.destroy();
    second.socket.destroy();
    await until("room", async () => (await fetch(listener.url, { method: "POST", body: "x" })).ok);
  });
});

test("a TLS handshake that nobody finishes is cut off, and does not keep the port from closing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "crosscheck-handshake-"));
  await using parts = new AsyncDisposableStack();
  parts.defer(() => rm(folder, { recursive: true }));
  const files = { certificate: join(folder, "c.pem"), key: join(folder, "k.pem") };
  const issued = await (await makeAuthority()).issue({ names: ["127.0.0.1"] });
  await writeFile(files.certificate, issued.cert);
  await writeFile(files.key, issued.key);
  const certificate = parts.use(new ServedCertificate(files));
  const limits = { ...usualLimits(), handshakeMs: 300 };
  const listener = await listenOn(appThat().fetch, loopback, { certificate, limits });
  const { socket, over } = await talk(listener.port);
  socket.write(Buffer.from([0x16, 0x03, 0x01]));
  await over;
  await listener[Symbol.asyncDispose]();
});

suite("what is no request", () => {
  const parts = new AsyncDisposableStack();
  let listener: Listener;
  let taken: string[];

  before(async () => {
    const app = quietApp();
    app.all("*", async (c) => {
      const { bytes } = await readBody(c, 1000);
      taken.push(`${c.req.method} ${c.req.path}`);
      return c.text(`took ${bytes.length}`);
    });
    listener = parts.use(await listenOn(app.fetch, loopback));
  });
  after(() => parts.disposeAsync());

  const end = "Connection: close\r\n\r\n";
  const smuggled = {
    "two lengths": `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 30\r\n${end}abc`,
    "a length and chunks": `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n${end}0\r\n\r\n`,
    "chunks that are not last": `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n${end}0\r\n\r\n`,
    "a length that is none": `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n${end}abc`,
    "a blank before the colon": `POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n${end}abc`,
    "a line feed alone": `POST / HTTP/1.1\nHost: a\nContent-Length: 3\n${end}abc`,
    "a chunk of no size": `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${end}zz\r\nabc\r\n`,
    "no host": `GET / HTTP/1.1\r\n${end}`,
    "a NUL in a header": `GET / HTTP/1.1\r\nHost: a\r\nX-A: b\0c\r\n${end}`,
    "headers without end": `GET / HTTP/1.1\r\nHost: a\r\nX-A: ${"a".repeat(20_000)}\r\n${end}`,
    "a path without end": `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n${end}`,
    "a host that is none": `GET / HTTP/1.1\r\nHost: a/b?c\r\n${end}`,
  };
  for (const [what, sent] of Object.entries(smuggled)) {
    test(`${what} is refused, and reaches nobody`, async () => {
      taken = [];
      const { socket, over, said } = await talk(listener.port);
      socket.write(sent);
      await over;
      assert.match(said(), /^HTTP\/1\.1 4\d\d /);
      assert.deepEqual(taken, []);
      assert.equal(said().match(/HTTP\/1\.1/g)?.length, 1);
    });
  }

  test("every answer carries the headers that keep browsers from using it", async () => {
    taken = [];
    const { headers } = await fetch(listener.url);
    const expected = {
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "strict-transport-security": null,
      server: null,
      "x-powered-by": null,
      "access-control-allow-origin": null,
    };
    for (const [name, value] of Object.entries(expected)) assert.equal(headers.get(name), value, name);
  });
});
