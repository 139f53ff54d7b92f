import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { makeAuthority, type Authority } from "../../../test/fixtures/certificates.ts";
import { probeContract } from "../../../test/fixtures/probe-contract.ts";
import { startTcpServer } from "../../../test/fixtures/tcp-server.ts";
import { startTlsServer } from "../../../test/fixtures/tls-server.ts";
import type { Observation } from "../../model/observation.ts";
import type { Lookup } from "../resolve.ts";
import { runProbe } from "../run-probe.ts";
import { tcp } from "./tcp.ts";
import { tcpSettings } from "./tcp-settings.ts";

const greeting = { source: "received", comparison: "contains", target: "220 " };

probeContract("tcp", {
  probe: tcp,
  check: (host, port) => ({ name: "mail", type: "tcp", host, port, assertions: [greeting] }),
  start: () => startTcpServer((socket) => socket.write("220 mail.example\r\n")),
});

const lookup: Lookup = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);

/** One attempt, unless `check` says more. */
function look(port: number, check: object = {}): Promise<Observation> {
  return runProbe(
    {
      version: 1,
      check: {
        name: "mail",
        type: "tcp",
        host: "mail.example",
        port,
        retry: { attempts: 1, backoff: "1ms" },
        ...check,
      },
      samples: { count: 1, intervalMs: 1 },
      controls: [],
      deadlineMs: 30_000,
      target: { from: "config", allowPrivate: [] },
    },
    { signal: AbortSignal.timeout(60_000), lookup },
  );
}

const received = (comparison: string, target?: string, more: object = {}) => ({
  source: "received",
  comparison,
  ...(target === undefined ? {} : { target }),
  ...more,
});

/** Answers what it is sent. */
function answering(answer: (text: string, socket: Socket) => void) {
  return startTcpServer((socket) => {
    socket.on("data", (chunk) => {
      answer(chunk.toString(), socket);
    });
  });
}

suite("a connection", () => {
  test("is enough where nothing is expected, of a server that says nothing as well", async () => {
    await using server = await startTcpServer();
    const seen = await look(server.port);
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.message, "");
    assert.equal(seen.localAddress, "127.0.0.1");
    assert.equal(seen.timings.firstByte, null);
    assert.equal(seen.tcp, undefined);
  });

  test("is closed after what is sent has left", async () => {
    const heard = Promise.withResolvers<string>();
    await using server = await startTcpServer((socket) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk.toString();
      });
      socket.on("end", () => {
        heard.resolve(text);
      });
    });
    assert.equal((await look(server.port, { send: "QUIT\r\n" })).outcome, "pass");
    assert.equal(await heard.promise, "QUIT\r\n");
  });
});

suite("what is received", () => {
  test("ends as soon as it holds", async (context) => {
    // No time passes: who waits for silence waits for good.
    context.mock.timers.enable({ apis: ["setTimeout"] });
    await using server = await startTcpServer((socket) => socket.write("220 mail.example ESMTP\r\n"));
    const seen = await look(server.port, {
      assertions: [received("contains", "220 "), received("matches", "ESMTP"), received("not-empty")],
    });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.tcp?.received, "220 mail.example ESMTP\r\n");
    assert.notEqual(seen.timings.firstByte, null);
    assert.deepEqual(
      seen.assertions.map(({ passed }) => passed),
      [true, true, true],
    );
  });

  test("may come in pieces", async () => {
    await using server = await answering((text, socket) => {
      if (text === "PING\r\n") socket.write("+PO", () => setTimeout(() => socket.write("NG\r\n"), 1500));
    });
    const seen = await look(server.port, {
      send: "PING\r\n",
      assertions: [received("contains", "+PONG")],
    });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.notEqual(seen.timings.download, null);
  });

  test("counts as all of it after half a second of silence, which no response time contains", async () => {
    await using server = await startTcpServer((socket) => socket.write("ready\n"));
    const seen = await look(server.port, {
      assertions: [
        received("equals", "ready\n"),
        received("not-contains", "error"),
        { source: "response-time", comparison: "less-than", target: "4s" },
      ],
    });
    assert.equal(seen.outcome, "pass", seen.message);
    const responseMs = Number(seen.assertions[2]?.actual);
    assert.ok((seen.timings.total ?? 0) >= responseMs + 490, JSON.stringify(seen));
  });

  test("counts as all of it when the server closes", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    await using server = await startTcpServer((socket) => socket.end("ready\n"));
    const seen = await look(server.port, { assertions: [received("equals", "ready\n")] });
    assert.equal(seen.outcome, "pass", seen.message);
  });

  test("is nothing where silence is expected", async () => {
    await using server = await startTcpServer();
    assert.equal((await look(server.port, { assertions: [received("is-empty")] })).outcome, "pass");
  });

  test("is judged at once when no more of it can mend it", async (context) => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    await using server = await startTcpServer((socket) => socket.write("error: no disk"));
    const seen = await look(server.port, { assertions: [received("not-contains", "error")] });
    assert.equal(seen.errorClass, "content.assertion", seen.message);
  });

  test("that breaks a soft assertion only adds to the message", async () => {
    await using server = await startTcpServer((socket) => socket.write("220 busy\r\n"));
    const seen = await look(server.port, {
      assertions: [received("not-contains", "busy", { degraded: true }), received("contains", "220")],
    });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.match(seen.message, /^received contains "busy" at 127\.0\.0\.1:\d+$/);
  });

  test("that holds when time is up passes, though more of it keeps coming", async () => {
    await using server = await startTcpServer((socket) => {
      socket.write("220 mail.example\r\n");
      const drip = setInterval(() => socket.write("."), 50);
      socket.on("close", () => {
        clearInterval(drip);
      });
    });
    const seen = await look(server.port, { assertions: [received("not-contains", "error")], timeout: "2s" });
    assert.equal(seen.outcome, "pass", seen.message);
  });

  test("is kept as text, cut, whatever its bytes are", async () => {
    await using server = await startTcpServer((socket) => {
      socket.write(
        Buffer.concat([Buffer.from([0, 0xff, 0xfe]), Buffer.alloc(5000, "x"), Buffer.from("end")]),
      );
    });
    const seen = await look(server.port, { assertions: [received("contains", "end")] });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.tcp?.received.length, 2048);
    assert.match(seen.tcp.received, /^\0\u{fffd}\u{fffd}xxx/u);
  });
});

/** Never ends by itself. */
function flood(socket: Socket): void {
  const more = () => {
    while (!socket.destroyed && socket.write("error ".repeat(10_000)));
  };
  socket.on("drain", more);
  more();
}

suite("what goes wrong", { concurrency: 4 }, () => {
  const pong = { send: "PING\r\n", assertions: [received("contains", "+PONG")] };
  const cases: {
    name: string;
    server: (socket: Socket) => void;
    check?: object;
    errorClass: string;
    message: RegExp;
  }[] = [
    {
      name: "a server that says nothing",
      server: () => undefined,
      check: { ...pong, timeout: "2s" },
      errorClass: "content.timeout",
      message: /^nothing came within 2s; received does not contain "\+PONG" at 127\.0\.0\.1:\d+$/,
    },
    {
      name: "a server that says nothing where it must not say something",
      server: () => undefined,
      check: { assertions: [received("not-contains", "error")], timeout: "2s" },
      errorClass: "content.timeout",
      message: /^nothing came within 2s at /,
    },
    {
      name: "half an answer",
      server: (socket) => socket.write("+PO"),
      check: { ...pong, timeout: "2s" },
      errorClass: "content.timeout",
      message: /^"\+PO" and no more came within 2s; received does not contain "\+PONG"/,
    },
    {
      name: "half an answer and a closed connection",
      server: (socket) => socket.end("+PO"),
      check: pong,
      errorClass: "content.assertion",
      message: /^received does not contain "\+PONG" at /,
    },
    {
      name: "a connection that is closed at once",
      server: (socket) => socket.end(),
      check: { assertions: pong.assertions },
      errorClass: "tcp.reset",
      message: /^the connection was closed before anything came; /,
    },
    {
      name: "a reset",
      server: (socket) => void setTimeout(() => socket.resetAndDestroy(), 20),
      check: { assertions: pong.assertions },
      errorClass: "tcp.reset",
      message: /reset the connection instead of answering/,
    },
    {
      name: "a flood without what is expected",
      server: flood,
      check: pong,
      errorClass: "content.assertion",
      message: /^received does not contain "\+PONG"/,
    },
    {
      name: "a flood whose end nobody has seen",
      server: flood,
      check: { assertions: [received("not-contains", "disaster")] },
      errorClass: "content.assertion",
      message: /^received cannot be told not to contain "disaster": more came than is read at /,
    },
    {
      name: "another answer",
      server: (socket) => socket.end("-ERR go away\r\n"),
      check: { assertions: [received("equals", "+PONG\r\n")] },
      errorClass: "content.assertion",
      message: /^received is "-ERR go away\\r\\n", not "\+PONG\\r\\n"/,
    },
  ];
  for (const { name, server: behave, check, errorClass, message } of cases) {
    test(`${name} is ${errorClass}`, async () => {
      await using server = await startTcpServer(behave);
      const seen = await look(server.port, check);
      assert.equal(seen.errorClass, errorClass, seen.message);
      assert.equal(seen.outcome, "fail");
      assert.match(seen.message, message);
      assert.notEqual(seen.timings.tcp, null);
    });
  }

  test("secrets that come back in an answer that is not the one are not shown", async () => {
    await using server = await answering((text, socket) => socket.write(`unknown: ${text}`));
    const seen = await look(server.port, { ...pong, send: "AUTH hush-hush\r\n", timeout: "2s" });
    assert.match(seen.message, /^"unknown: \[secret\]" and no more came within 2s; /);
    assert.doesNotMatch(JSON.stringify(seen), /hush/);
  });

  test("silence is tried again, a wrong answer is not", async () => {
    const twice = { retry: { attempts: 2, backoff: "1ms" }, assertions: pong.assertions };
    await using silent = await startTcpServer();
    const { attempts } = await look(silent.port, { ...twice, timeout: "2s" });
    assert.deepEqual(
      attempts.map(({ errorClass }) => errorClass),
      ["content.timeout", "content.timeout"],
    );
    await using wrong = await startTcpServer((socket) => socket.end("-ERR\r\n"));
    assert.equal((await look(wrong.port, twice)).attempts.length, 1);
  });

  test("secrets that come back are not shown", async () => {
    const secret = 'hush"hush\\hush';
    await using server = await answering((text, socket) => {
      socket.end(`unknown: ${text} or ${text.split(" ")[1]}`);
    });
    for (const target of ["+OK", "unknown"]) {
      const seen = await look(server.port, {
        send: `AUTH ${secret}\r\n`,
        assertions: [received("equals", target)],
      });
      assert.equal(seen.outcome, "fail");
      assert.match(JSON.stringify(seen), /\[secret\]/);
      assert.doesNotMatch(JSON.stringify(seen), /hush/);
    }
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

  const check = {
    tls: true,
    send: "PING\r\n",
    assertions: [
      received("contains", "+PONG"),
      { source: "certificate", property: "subject", comparison: "equals", target: "CN=mail.example" },
    ],
  };

  test("an answer passes, and the certificate is described", async () => {
    const certificate = await authority.issue({ names: ["mail.example"] });
    await using server = await startTlsServer({ ...certificate, ALPNProtocols: ["redis"] }, (socket) => {
      socket.on("data", () => socket.write("+PONG\r\n"));
    });
    const seen = await look(server.port, check);
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.tls?.subject, "CN=mail.example");
    assert.equal(seen.tls.alpn, null);
    assert.notEqual(seen.timings.tls, null);
  });

  test("nothing is sent to a server whose certificate does not hold", async () => {
    const heard: string[] = [];
    const certificate = await authority.issue({ names: ["shop.example"] });
    await using server = await startTlsServer(certificate, (socket) => {
      socket.on("data", (chunk) => heard.push(chunk.toString()));
    });
    const seen = await look(server.port, check);
    assert.equal(seen.errorClass, "tls.hostname", seen.message);
    assert.equal(seen.tls?.authorized, false);
    assert.deepEqual(heard, []);
  });
});

suite("settings", () => {
  const minimal = { name: "a", type: "tcp", host: "mail.example", port: 25 };
  const refused: { settings: object; path: string; message: RegExp }[] = [
    { settings: { host: "https://mail.example" }, path: "host", message: /without a scheme/ },
    { settings: { host: "mail.example:25" }, path: "host", message: /without a scheme, a port/ },
    { settings: { host: "" }, path: "host", message: /is not a host/ },
    { settings: { port: 0 }, path: "port", message: /1/ },
    { settings: { port: 65_536 }, path: "port", message: /65535/ },
    { settings: { port: undefined }, path: "port", message: /number|int/ },
    {
      settings: { assertions: [{ source: "body", comparison: "is-empty" }] },
      path: "assertions.0.source",
      message: /use received, response-time, certificate/,
    },
  ];
  for (const { settings, path, message } of refused) {
    test(`refuses ${JSON.stringify(settings)}`, () => {
      const { error } = tcpSettings.safeParse({ ...minimal, ...settings });
      assert.equal(error?.issues[0]?.path.join("."), path);
      assert.match(error.issues[0].message, message);
    });
  }

  test("hosts are looked up in the form of DNS", () => {
    const targets = ["Mail.Example", "bücher.example", "::1", "[::1]", "0x7f.1", "{{ input.host }}"].map(
      (host) => {
        try {
          return tcp.target(tcpSettings.parse({ ...minimal, host })).host;
        } catch {
          return "no host";
        }
      },
    );
    const wanted = ["mail.example", "xn--bcher-kva.example", "::1", "::1", "127.0.0.1", "no host"];
    assert.deepEqual(targets, wanted);
  });

  test("the family and the resolver belong to the target", () => {
    const settings = tcpSettings.parse({ ...minimal, "ip-family": 6, resolver: "192.0.2.53" });
    const wanted = { host: "mail.example", port: 25, family: 6, resolver: "192.0.2.53" };
    assert.deepEqual(tcp.target(settings), wanted);
  });
});
