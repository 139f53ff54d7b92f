import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { makeAuthority, type Authority } from "../../../test/fixtures/certificates.ts";
import { probeContract } from "../../../test/fixtures/probe-contract.ts";
import { startTcpServer } from "../../../test/fixtures/tcp-server.ts";
import { startTlsServer } from "../../../test/fixtures/tls-server.ts";
import type { Observation } from "../../model/observation.ts";
import { version } from "../../model/version.ts";
import type { Lookup } from "../resolve.ts";
import { runProbe } from "../run-probe.ts";
import { websocket } from "./websocket.ts";
import { websocketSettings } from "./websocket-settings.ts";

/** The request that came, and what a good server says to it; a header that is null is left out. */
interface Asked {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  accept(more?: Record<string, string | null>, status?: string): string;
}

type Answer = (asked: Asked, socket: Socket) => void;

/** Reads one request and leaves the answer to the test; frames that come afterwards go to `onFrame`. */
function serve(answer: Answer, onFrame: (frame: Buffer, socket: Socket) => void = () => undefined) {
  return (socket: Socket) => {
    let text = "";
    const listen = (chunk: Buffer) => {
      text += chunk.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      socket.off("data", listen);
      socket.on("data", (frame: Buffer) => {
        onFrame(frame, socket);
      });
      answer(parse(text), socket);
    };
    socket.on("data", listen);
  };
}

function parse(text: string): Asked {
  const [line = "", ...rest] = text.trim().split("\r\n");
  const headers = Object.fromEntries(
    rest.map((row) => [row.slice(0, row.indexOf(":")).toLowerCase(), row.slice(row.indexOf(":") + 2)]),
  );
  const proof = createHash("sha1")
    .update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest("base64");
  return {
    line,
    headers,
    accept(more = {}, status = "101 Switching Protocols") {
      const all = { Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Accept": proof, ...more };
      const said = Object.entries(all).flatMap(([name, value]) =>
        value === null ? [] : `${name}: ${value}`,
      );
      return [`HTTP/1.1 ${status}`, ...said, "", ""].join("\r\n");
    },
  };
}

const good: Answer = (asked, socket) => void socket.write(asked.accept());

/** Takes the leave that the client takes. */
const politely = (_: Buffer, socket: Socket) => {
  socket.end(Buffer.from([0x88, 0x02, 0x03, 0xe8]));
};

probeContract("websocket", {
  probe: websocket,
  check: (host, port) => ({ name: "live", type: "websocket", url: `ws://${host}:${port}/` }),
  start: () => startTcpServer(serve(good, politely)),
});

const lookup: Lookup = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);

function look(port: number, check: object = {}, path = "/live"): Promise<Observation> {
  return runProbe(
    {
      version: 1,
      check: {
        name: "live",
        type: "websocket",
        url: `ws://live.example:${port}${path}`,
        retry: { attempts: 1, backoff: "1ms" },
        ...check,
      },
      location: "eu",
      samples: { count: 1, intervalMs: 1 },
      controls: [],
      deadlineMs: 30_000,
      target: { from: "config", allowPrivate: [] },
    },
    { signal: AbortSignal.timeout(60_000), lookup },
  );
}

suite("a handshake", () => {
  test("says what RFC 6455 asks for, and what the check adds", async () => {
    const requests: Asked[] = [];
    await using server = await startTcpServer(
      serve((asked, socket) => {
        requests.push(asked);
        socket.write(asked.accept({ "Sec-WebSocket-Protocol": "v1" }));
      }, politely),
    );
    const check = {
      protocols: ["v2", "v1"],
      headers: { Authorization: "Bearer hush-hush", Origin: "https://a.example" },
    };
    const seen = await look(server.port, check, "/live?room=1");
    assert.equal(seen.outcome, "pass", seen.message);
    const [request] = requests;
    const { "sec-websocket-key": key = "", ...said } = request?.headers ?? {};
    assert.equal(request?.line, "GET /live?room=1 HTTP/1.1");
    assert.equal(Buffer.from(key, "base64").length, 16);
    assert.deepEqual(said, {
      host: `live.example:${server.port}`,
      "user-agent": `crosscheck/${version} (eu)`,
      authorization: "Bearer hush-hush",
      origin: "https://a.example",
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-protocol": "v2, v1",
    });
  });

  test("passes with its status, its headers and its times", async () => {
    await using server = await startTcpServer(
      serve(
        (asked, socket) =>
          void socket.write(asked.accept({ "X-Node": "a7", Connection: "keep-alive, UPGRADE" })),
        politely,
      ),
    );
    const seen = await look(server.port, {
      assertions: [
        { source: "status-code", comparison: "equals", target: 101 },
        { source: "header", property: "x-node", comparison: "equals", target: "a7" },
        { source: "response-time", comparison: "less-than", target: "5s" },
      ],
    });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.http?.statusCode, 101);
    assert.equal(seen.http.headers["x-node"], "a7");
    assert.equal(seen.localAddress, "127.0.0.1");
    assert.ok(seen.timings.tcp !== null && seen.timings.firstByte !== null);
    assert.equal(seen.timings.download, null);
  });

  test("is followed by a masked close frame, and the server may hang up first", async () => {
    const frame = Promise.withResolvers<Buffer>();
    const ended = Promise.withResolvers<void>();
    await using server = await startTcpServer(
      serve(good, (bytes, socket) => {
        frame.resolve(bytes);
        socket.on("close", () => {
          ended.resolve();
        });
        politely(bytes, socket);
      }),
    );
    const seen = await look(server.port);
    assert.equal(seen.outcome, "pass", seen.message);
    const bytes = await frame.promise;
    const [head, length, ...rest] = bytes;
    const status = rest.slice(4).map((byte, index) => byte ^ (rest[index] ?? 0));
    assert.deepEqual([head, length, ...status], [0x88, 0x82, 0x03, 0xe8]);
    await ended.promise;
  });

  test("is over even if the server talks on and never hangs up", async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await startTcpServer(
      serve((asked, socket) => {
        socket.on("close", () => {
          closed.resolve();
        });
        socket.write(asked.accept());
        socket.write(Buffer.alloc(500_000, 0x81));
      }),
    );
    assert.equal((await look(server.port)).outcome, "pass");
    await closed.promise;
  });

  test("that must be refused can be asked for", async () => {
    await using server = await startTcpServer(
      serve((asked, socket) => void socket.end(asked.accept({}, "401 Unauthorized"))),
    );
    const seen = await look(server.port, {
      assertions: [{ source: "status-code", comparison: "equals", target: 401 }],
    });
    assert.equal(seen.outcome, "pass", seen.message);
  });
});

suite("what goes wrong", { concurrency: 4 }, () => {
  const cases: {
    name: string;
    answer: Answer;
    check?: object;
    errorClass?: string;
    message: RegExp;
  }[] = [
    {
      name: "a proof for another key",
      answer: (asked, socket) =>
        void socket.write(asked.accept({ "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" })),
      message: /^sec-websocket-accept is not the proof for our key at 127\.0\.0\.1:\d+$/,
    },
    {
      name: "no proof",
      answer: (asked, socket) => void socket.write(asked.accept({ "Sec-WebSocket-Accept": null })),
      message: /^sec-websocket-accept is not the proof/,
    },
    {
      name: "no Upgrade header",
      answer: (asked, socket) => void socket.write(asked.accept({ Upgrade: null })),
      message: /^upgrade is not websocket at /,
    },
    {
      name: "another Upgrade",
      answer: (asked, socket) => void socket.write(asked.accept({ Upgrade: "h2c" })),
      message: /^upgrade is not websocket at /,
    },
    {
      name: "no Connection header",
      answer: (asked, socket) => void socket.write(asked.accept({ Connection: null })),
      message: /^connection is not upgrade at /,
    },
    {
      name: "a subprotocol that is missing",
      answer: good,
      check: { protocols: ["v2", "v1"] },
      message: /^no subprotocol is chosen of v2, v1 at /,
    },
    {
      name: "a subprotocol that was not offered",
      answer: (asked, socket) => void socket.write(asked.accept({ "Sec-WebSocket-Protocol": "v3" })),
      check: { protocols: ["v2"] },
      message: /^the subprotocol "v3" was not offered at /,
    },
    {
      name: "an extension that was not offered",
      answer: (asked, socket) =>
        void socket.write(asked.accept({ "Sec-WebSocket-Extensions": "permessage-deflate" })),
      message: /^an extension is used that was not offered at /,
    },
    {
      name: "another status",
      answer: (asked, socket) => void socket.end(asked.accept({}, "404 Not Found")),
      errorClass: "http.status",
      message: /^status code is 404, not 101 at /,
    },
    {
      name: "a web page",
      answer: (_, socket) => void socket.end("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"),
      errorClass: "http.status",
      message: /^status code is 200, not 101 at /,
    },
    {
      name: "a redirect, which is not followed",
      answer: (_, socket) => void socket.end("HTTP/1.1 302 Found\r\nlocation: /\r\n\r\n"),
      errorClass: "http.status",
      message: /^status code is 302, not 101 at /,
    },
    {
      name: "a status other than the one that is asked for",
      answer: good,
      check: { assertions: [{ source: "status-code", comparison: "equals", target: 401 }] },
      errorClass: "http.status",
      message: /^status code is 101, not 401 at /,
    },
    {
      name: "half an answer",
      answer: (asked, socket) => void socket.write(asked.accept().slice(0, 40)),
      errorClass: "websocket.timeout",
      message: /^no answer from 127\.0\.0\.1:\d+ within 2s$/,
    },
    {
      name: "half an answer and a closed connection",
      answer: (asked, socket) => void socket.end(asked.accept().slice(0, 40)),
      message: /closed the connection without an answer$|did not answer in HTTP/,
    },
    {
      name: "silence",
      answer: () => undefined,
      errorClass: "websocket.timeout",
      message: /^no answer from 127\.0\.0\.1:\d+ within 2s$/,
    },
    {
      name: "a closed connection",
      answer: (_, socket) => void socket.end(),
      message: /^127\.0\.0\.1:\d+ closed the connection without an answer$/,
    },
    {
      name: "a reset",
      answer: (_, socket) => void socket.resetAndDestroy(),
      errorClass: "tcp.reset",
      message: /reset the connection instead of answering$/,
    },
    {
      name: "no HTTP",
      answer: (_, socket) => void socket.write("+OK ready\r\n\r\n"),
      message: /^127\.0\.0\.1:\d+ did not answer in HTTP: /,
    },
  ];
  for (const { name, answer, check, errorClass = "websocket.handshake", message } of cases) {
    test(`${name} is ${errorClass}`, async () => {
      await using server = await startTcpServer(serve(answer));
      const timeout = errorClass === "websocket.timeout" ? "2s" : "20s";
      const seen = await look(server.port, { timeout, ...check });
      assert.equal(seen.errorClass, errorClass, seen.message);
      assert.equal(seen.outcome, "fail");
      assert.equal(seen.failureSource, "target");
      assert.match(seen.message, message);
    });
  }

  test("secrets that come back are not shown", async () => {
    await using server = await startTcpServer(
      serve((asked, socket) => {
        const said = asked.headers["authorization"] ?? "";
        socket.end(asked.accept({ "X-Echo": said, "Sec-WebSocket-Protocol": said }));
      }),
    );
    const seen = await look(server.port, {
      headers: { authorization: "Bearer hush-hush" },
      assertions: [{ source: "header", property: "x-echo", comparison: "is-null" }],
    });
    assert.equal(seen.errorClass, "websocket.handshake", seen.message);
    assert.match(JSON.stringify(seen), /\[secret\]/);
    assert.doesNotMatch(JSON.stringify(seen), /hush-hush/);
  });
});

suite("over TLS", () => {
  const trusted = getCACertificates("default");
  let authority: Authority;

  before(async () => {
    authority = await makeAuthority();
    setDefaultCACertificates([...trusted, authority.cert]);
  });

  after(() => {
    setDefaultCACertificates(trusted);
  });

  test("the handshake is offered as HTTP/1.1, and the certificate described", async () => {
    const certificate = await authority.issue({ names: ["live.example"] });
    const options = { ...certificate, ALPNProtocols: ["h2", "http/1.1"] };
    await using server = await startTlsServer(options, serve(good, politely));
    const seen = await look(server.port, { url: `wss://live.example:${server.port}/` });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.tls?.alpn, "http/1.1");
    assert.notEqual(seen.timings.tls, null);
  });

  test("nothing is asked of a server whose certificate does not hold", async () => {
    const requests: Asked[] = [];
    const certificate = await authority.issue({
      names: ["live.example"],
      validToDays: -1,
      validFromDays: -9,
    });
    await using server = await startTlsServer(
      certificate,
      serve((asked) => requests.push(asked)),
    );
    const seen = await look(server.port, { url: `wss://live.example:${server.port}/` });
    assert.equal(seen.errorClass, "tls.expired", seen.message);
    assert.notEqual(seen.tls?.validTo, null);
    assert.deepEqual(requests, []);
  });
});

suite("settings", () => {
  const minimal = { name: "a", type: "websocket", url: "wss://live.example/" };

  test("the port is that of the scheme", () => {
    const { host, port } = websocket.target(websocketSettings.parse({ ...minimal, url: "wss://[::1]/" }));
    assert.deepEqual([host, port], ["::1", 443]);
    assert.equal(websocket.target(websocketSettings.parse({ ...minimal, url: "ws://a.example" })).port, 80);
  });

  const refused: { settings: object; path: string; message: RegExp }[] = [
    { settings: { url: "https://live.example/" }, path: "url", message: /is not a ws:\/\/ or wss:\/\/ URL/ },
    { settings: { url: "ws://me:pass@live.example/" }, path: "url", message: /credentials as a header/ },
    { settings: { protocols: ["a b"] }, path: "protocols.0", message: /is a word/ },
    { settings: { protocols: ["a", "a"] }, path: "protocols", message: /offered twice/ },
    {
      settings: { headers: { "Sec-WebSocket-Protocol": "v1" } },
      path: "headers.Sec-WebSocket-Protocol",
      message: /^Sec-WebSocket-Protocol is said by the handshake itself; subprotocols go to `protocols`$/,
    },
    { settings: { headers: { "a b": "c" } }, path: "headers.a b", message: /is not the name of a header/ },
    {
      settings: { assertions: [{ source: "body", comparison: "is-empty" }] },
      path: "assertions.0.source",
      message: /use status-code, header, response-time, certificate/,
    },
  ];
  for (const { settings, path, message } of refused) {
    test(`refuses ${JSON.stringify(settings)}`, () => {
      const { error } = websocketSettings.safeParse({ ...minimal, ...settings });
      assert.equal(error?.issues[0]?.path.join("."), path);
      assert.match(error.issues[0].message, message);
    });
  }
});
