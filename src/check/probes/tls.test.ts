import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, before, suite, test } from "node:test";
import { getCACertificates, setDefaultCACertificates, TLSSocket } from "node:tls";
import {
  makeAuthority,
  makeSelfSigned,
  type Authority,
  type Certificate,
} from "../../../test/fixtures/certificates.ts";
import { probeContract } from "../../../test/fixtures/probe-contract.ts";
import { startTcpServer } from "../../../test/fixtures/tcp-server.ts";
import { startTlsServer } from "../../../test/fixtures/tls-server.ts";
import type { Observation } from "../../model/observation.ts";
import type { Lookup } from "../resolve.ts";
import { runProbe } from "../run-probe.ts";
import { tls, tlsSettings } from "./tls.ts";

const trusted = getCACertificates("default");
const lookup: Lookup = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
let authority: Authority;

before(async () => {
  authority = await makeAuthority();
  setDefaultCACertificates([...trusted, authority.cert]);
});

after(() => {
  setDefaultCACertificates(trusted);
});

probeContract("tls", {
  probe: tls,
  check: (host, port) => ({ name: "mail", type: "tls", host, port }),
  start: async () => startTlsServer(await authority.issue({ names: ["127.0.0.1"] })),
});

function look(port: number, check: object = {}): Promise<Observation> {
  return runProbe(
    {
      version: 1,
      check: {
        name: "mail",
        type: "tls",
        host: "mail.example",
        port,
        retry: { attempts: 2, backoff: "1ms" },
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

const names = ["mail.example"];

const certificate = (property: string, comparison: string, target: string | number) => ({
  source: "certificate",
  property,
  comparison,
  target,
});

suite("a handshake", () => {
  test("passes and describes the certificate", async () => {
    await using server = await startTlsServer(await authority.issue({ names, validToDays: 30 }));
    const seen = await look(server.port, {
      assertions: [
        certificate("days-until-expiry", "greater-than", 14),
        certificate("subject-alt-name", "contains", "mail.example"),
        certificate("protocol", "equals", "TLSv1.3"),
      ],
    });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.tls?.authorized, true);
    assert.equal(seen.tls.daysUntilExpiry, 30);
    assert.equal(seen.localAddress, "127.0.0.1");
    assert.notEqual(seen.timings.tls, null);
    assert.equal(seen.timings.firstByte, null);
    assert.deepEqual(
      seen.assertions.map(({ passed }) => passed),
      [true, true, true],
    );
  });

  test("offers no protocol, so that no server can lack it", async () => {
    const options = { ...(await authority.issue({ names })), ALPNProtocols: ["imap"] };
    await using server = await startTlsServer(options);
    const seen = await look(server.port);
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.tls?.alpn, null);
  });

  test("asks for the server name, and compares it", async () => {
    const asked: string[] = [];
    await using server = await startTlsServer({
      ...(await authority.issue({ names: ["mx.example"] })),
      SNICallback: (name, done) => {
        asked.push(name);
        done(null);
      },
    });
    assert.equal((await look(server.port)).errorClass, "tls.hostname");
    const seen = await look(server.port, { "server-name": "mx.example" });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.deepEqual(asked, ["mail.example", "mx.example"]);
  });

  test("that is soon to expire is told, softly or as a failure", async () => {
    await using server = await startTlsServer(await authority.issue({ names, validToDays: 9 }));
    const soon = certificate("days-until-expiry", "greater-than", 14);
    const soft = await look(server.port, { assertions: [{ ...soon, degraded: true }] });
    assert.equal(soft.outcome, "pass");
    assert.match(soft.message, /^certificate's days-until-expiry is 9, not more than 14 at 127/);
    assert.equal((await look(server.port, { assertions: [soon] })).errorClass, "content.assertion");
  });
});

suite("a certificate that does not hold", () => {
  const cases: { name: string; make: () => Promise<Certificate>; errorClass: string; message: RegExp }[] = [
    {
      name: "expired",
      make: () => authority.issue({ names, validFromDays: -90, validToDays: -21 }),
      errorClass: "tls.expired",
      message: /^certificate expired on 20\d\d-\d\d-\d\d \(21 days ago\) at 127\.0\.0\.1:\d+$/,
    },
    {
      name: "not yet valid",
      make: () => authority.issue({ names, validFromDays: 2 }),
      errorClass: "tls.not-yet-valid",
      message: /^certificate is not valid before .* \(in 2 days\) at /,
    },
    {
      name: "for another name",
      make: () => authority.issue({ names: ["shop.example"] }),
      errorClass: "tls.hostname",
      message: /^certificate is for DNS:shop\.example, not for mail\.example, at /,
    },
    {
      name: "self-signed",
      make: () => makeSelfSigned({ names }),
      errorClass: "tls.untrusted",
      message: /not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    },
    {
      name: "of an intermediate that nobody trusts",
      make: async () => (await (await makeAuthority()).delegate({})).issue({ names }),
      errorClass: "tls.untrusted",
      message: /^certificate from CN=Crosscheck Test Intermediate is not trusted \(/,
    },
    {
      name: "of an intermediate that has expired",
      make: async () => (await authority.delegate({ validFromDays: -90, validToDays: -3 })).issue({ names }),
      errorClass: "tls.expired",
      message: /^certificate CN=Crosscheck Test Intermediate of the chain expired on .* \(3 days ago\)/,
    },
  ];
  for (const { name, make, errorClass, message } of cases) {
    test(`${name} is ${errorClass}, with its details and times, at the first attempt`, async () => {
      await using server = await startTlsServer(await make());
      const seen = await look(server.port);
      assert.equal(seen.errorClass, errorClass, seen.message);
      assert.match(seen.message, message);
      assert.equal(seen.outcome, "fail");
      assert.equal(seen.attempts.length, 1);
      assert.equal(seen.tls?.authorized, false);
      assert.notEqual(seen.tls.validTo, null);
      assert.notEqual(seen.timings.tls, null);
    });
  }
});

suite("protocol versions", () => {
  test("one below min-version fails, with its certificate", async () => {
    const options = { ...(await authority.issue({ names })), maxVersion: "TLSv1.2" } as const;
    await using server = await startTlsServer(options);
    assert.equal((await look(server.port)).outcome, "pass");
    const seen = await look(server.port, { "min-version": "TLSv1.3" });
    assert.equal(seen.errorClass, "tls.version");
    assert.match(seen.message, /^TLS version is TLSv1\.2, not TLSv1\.3 or later at 127\.0\.0\.1:\d+$/);
    assert.equal(seen.tls?.authorized, true);
    assert.equal(seen.attempts.length, 1);
  });

  test("one that nobody should speak any more is no handshake", async () => {
    await using server = await startTlsServer({
      ...(await authority.issue({ names })),
      minVersion: "TLSv1.1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT@SECLEVEL=0",
    });
    const seen = await look(server.port);
    assert.equal(seen.errorClass, "tls.handshake");
    assert.match(seen.message, /failed: it speaks no TLS version that this location knows$/);
    assert.equal(seen.attempts.length, 2);
  });
});

/** A mail server: what it says to the connection, to EHLO and to STARTTLS; null is silence. */
interface MailServer {
  readonly greeting?: string | null;
  readonly ehlo?: string | null;
  readonly starttls?: string | null;
  readonly after?: (socket: Socket) => void;
}

function startMailServer(
  {
    greeting = "220 mail.example ESMTP",
    ehlo = "250-mail.example greets you\r\n250-SIZE 1000\r\n250 STARTTLS",
    starttls = "220 go ahead",
    after = () => undefined,
  }: MailServer,
  heard: string[] = [],
) {
  return startTcpServer((socket) => {
    const say = (text: string | null, said: () => void = () => undefined) => {
      if (text !== null) socket.write(`${text}\r\n`, said);
    };
    const listen = (chunk: Buffer) => {
      const line = chunk.toString().trim();
      heard.push(line);
      if (line.startsWith("EHLO ")) say(ehlo);
      if (line !== "STARTTLS") return;
      socket.off("data", listen);
      say(starttls, () => {
        after(socket);
      });
    };
    socket.on("data", listen);
    say(greeting);
  });
}

const handshakeWith = (options: Certificate) => (socket: Socket) => {
  new TLSSocket(socket, { isServer: true, ...options }).on("error", () => undefined);
};

suite("STARTTLS", { concurrency: 4 }, () => {
  const starttls = { starttls: "smtp" };

  test("leads to the handshake", async () => {
    const heard: string[] = [];
    const issued = await authority.issue({ names });
    await using server = await startMailServer({ after: handshakeWith(issued) }, heard);
    const seen = await look(server.port, starttls);
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.tls?.subject, "CN=mail.example");
    assert.deepEqual(heard, ["EHLO [127.0.0.1]", "STARTTLS"]);
    assert.ok(seen.timings.firstByte !== null && seen.timings.tls !== null);
  });

  test("shows an expired certificate as it is", async () => {
    const issued = await authority.issue({ names, validFromDays: -90, validToDays: -1 });
    await using server = await startMailServer({ after: handshakeWith(issued) });
    const seen = await look(server.port, starttls);
    assert.equal(seen.errorClass, "tls.expired", seen.message);
    assert.notEqual(seen.tls?.validTo, null);
  });

  const cases: { name: string; server: MailServer; errorClass?: string; message: RegExp }[] = [
    {
      name: "a greeting that sends away",
      server: { greeting: "421 too busy" },
      message: /^127\.0\.0\.1:\d+ answers the connection with "421 too busy", not with 220$/,
    },
    {
      name: "a greeting in two lines that sends away",
      server: { greeting: "554-no\r\n554 mail here" },
      message: /answers the connection with "554 no", not with 220$/,
    },
    { name: "EHLO refused", server: { ehlo: "502 what?" }, message: /answers EHLO with "502 what\?"/ },
    { name: "no STARTTLS on offer", server: { ehlo: "250 hello" }, message: /does not offer STARTTLS$/ },
    {
      name: "STARTTLS as the server's name only",
      server: { ehlo: "250-STARTTLS\r\n250 SIZE" },
      message: /does not offer STARTTLS$/,
    },
    {
      name: "STARTTLS refused",
      server: { starttls: "454 TLS not available" },
      message: /answers STARTTLS with "454 TLS not available", not with 220$/,
    },
    {
      name: "a silent server",
      server: { greeting: null },
      errorClass: "tls.timeout",
      message: /did not answer the connection within 2s$/,
    },
    {
      name: "silence after EHLO",
      server: { ehlo: null },
      errorClass: "tls.timeout",
      message: /did not answer EHLO within 2s$/,
    },
    {
      name: "silence after STARTTLS",
      server: { starttls: null },
      errorClass: "tls.timeout",
      message: /did not answer STARTTLS within 2s$/,
    },
    {
      name: "half a reply",
      server: { ehlo: "250-mail.example" },
      errorClass: "tls.timeout",
      message: /did not answer EHLO within 2s$/,
    },
    {
      name: "text behind the go-ahead",
      server: { starttls: "220 go ahead\r\n250 injected" },
      message: /says more in clear text after its go-ahead for TLS$/,
    },
    {
      name: "another protocol",
      server: { greeting: "HTTP/1.1 400 Bad Request" },
      message: /does not speak SMTP: it says "HTTP\/1\.1 400 Bad Request"$/,
    },
    {
      name: "a flood without a line",
      server: { greeting: "x".repeat(100_000) },
      message: /does not speak SMTP: it says "x{80}"$/,
    },
    {
      name: "TLS that does not follow",
      // In answer to the ClientHello: before it, it would be text behind the go-ahead.
      server: { after: (socket) => socket.once("data", () => socket.write("what?\r\n\r\n")) },
      errorClass: "tls.handshake",
      message: /^TLS handshake with 127\.0\.0\.1:\d+ failed: it does not speak TLS$/,
    },
    {
      name: "TLS that never follows",
      server: {},
      errorClass: "tls.timeout",
      message: /^no TLS handshake with 127\.0\.0\.1:\d+ within 2s$/,
    },
  ];
  for (const { name, server: behaviour, errorClass = "tls.starttls", message } of cases) {
    test(`${name} is ${errorClass}`, async () => {
      await using server = await startMailServer(behaviour);
      const timeout = errorClass === "tls.timeout" ? "2s" : "20s";
      const seen = await look(server.port, { ...starttls, timeout });
      assert.equal(seen.errorClass, errorClass, seen.message);
      assert.equal(seen.layer, "tls");
      assert.match(seen.message, message);
      assert.equal(seen.timings.tls, null);
    });
  }

  const lost = [
    { name: "closed", act: (socket: Socket) => void socket.end(), errorClass: "tls.starttls" },
    { name: "reset", act: (socket: Socket) => void socket.resetAndDestroy(), errorClass: "tcp.reset" },
  ];
  for (const { name, act, errorClass } of lost) {
    test(`a connection that is ${name} after EHLO is ${errorClass}`, async () => {
      await using server = await startTcpServer((socket) => {
        socket.write("220 hello\r\n");
        socket.once("data", () => {
          act(socket);
        });
      });
      const seen = await look(server.port, starttls);
      assert.equal(seen.errorClass, errorClass, seen.message);
    });
  }
});

suite("settings", () => {
  const minimal = { name: "a", type: "tls", host: "mail.example" };

  test("the port is that of the protocol", () => {
    const targets = [{}, { starttls: "smtp" }, { starttls: "smtp", port: 25 }].map((more) =>
      tls.target(tlsSettings.parse({ ...minimal, ...more })),
    );
    assert.deepEqual(
      targets.map(({ port }) => port),
      [443, 587, 25],
    );
  });

  const refused: { settings: object; path: string; message: RegExp }[] = [
    { settings: { starttls: "imap" }, path: "starttls", message: /smtp/ },
    { settings: { "min-version": "TLSv1" }, path: "min-version", message: /TLSv1\.2/ },
    { settings: { "server-name": "{{ input.host }}" }, path: "server-name", message: /is not a host/ },
    {
      settings: { assertions: [{ source: "received", comparison: "is-empty" }] },
      path: "assertions.0.source",
      message: /use certificate, response-time/,
    },
  ];
  for (const { settings, path, message } of refused) {
    test(`refuses ${JSON.stringify(settings)}`, () => {
      const { error } = tlsSettings.safeParse({ ...minimal, ...settings });
      assert.equal(error?.issues[0]?.path.join("."), path);
      assert.match(error.issues[0].message, message);
    });
  }
});
