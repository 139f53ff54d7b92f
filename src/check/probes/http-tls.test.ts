import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import {
  makeAuthority,
  makeSelfSigned,
  type Authority,
  type Certificate,
} from "../../../test/fixtures/certificates.ts";
import { startFaultServer } from "../../../test/fixtures/fault-server.ts";
import { probeRequestFor } from "../../../test/fixtures/probe-requests.ts";
import { startTcpServer } from "../../../test/fixtures/tcp-server.ts";
import { until } from "../../../test/fixtures/until.ts";
import type { Observation } from "../../model/observation.ts";
import type { Lookup } from "../resolve.ts";
import { runProbe } from "../run-probe.ts";

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

function look(port: number, check: object = {}, host = "storefront.example"): Promise<Observation> {
  const request = probeRequestFor(`https://${host}:${port}/`, { check });
  return runProbe(request, { signal: AbortSignal.timeout(60_000), lookup });
}

suite("certificates", () => {
  test("a good one passes, and is described", async () => {
    const certificate = await authority.issue({ names: ["storefront.example"], validToDays: 30 });
    await using server = await startFaultServer({ certificate });
    const seen = await look(server.port);
    assert.equal(seen.outcome, "pass", seen.message);
    assert.ok(seen.timings.tls !== null && seen.timings.firstByte !== null);
    assert.equal(seen.tls?.authorized, true);
    assert.equal(seen.tls.error, null);
    assert.equal(seen.tls.subject, "CN=storefront.example");
    assert.equal(seen.tls.issuer, "CN=Crosscheck Test CA");
    assert.equal(seen.tls.subjectAltName, "DNS:storefront.example");
    assert.equal(seen.tls.daysUntilExpiry, 30);
    assert.equal(seen.tls.protocol, "TLSv1.3");
    assert.equal(server.requests[0]?.headers.host, `storefront.example:${server.port}`);
  });

  const bad = [
    {
      name: "expired",
      wish: { names: ["storefront.example"], validFromDays: -90, validToDays: -21 },
      errorClass: "tls.expired",
      message: /^certificate expired on 20\d\d-\d\d-\d\d \(21 days ago\) at 127\.0\.0\.1:\d+$/,
    },
    {
      name: "not yet valid",
      wish: { names: ["storefront.example"], validFromDays: 2, validToDays: 90 },
      errorClass: "tls.not-yet-valid",
      message: /^certificate is not valid before 20\d\d-\d\d-\d\d \(in 2 days\) at /,
    },
    {
      name: "for another name",
      wish: { names: ["shop.example", "www.shop.example"] },
      errorClass: "tls.hostname",
      message:
        /^certificate is for DNS:shop\.example, DNS:www\.shop\.example, not for storefront\.example, at /,
    },
  ];
  for (const { name, wish, errorClass, message } of bad) {
    test(`one that is ${name} fails, with its dates and times, and nothing is sent`, async () => {
      await using server = await startFaultServer({ certificate: await authority.issue(wish) });
      const seen = await look(server.port, { headers: { authorization: "Bearer hush-hush" } });
      assert.equal(seen.errorClass, errorClass, seen.message);
      assert.equal(seen.outcome, "fail");
      assert.match(seen.message, message);
      assert.equal(seen.tls?.authorized, false);
      assert.notEqual(seen.tls.validTo, null);
      assert.ok(seen.timings.tls !== null);
      assert.equal(seen.timings.firstByte, null);
      assert.deepEqual(server.requests, []);
      assert.equal(seen.attempts.length, 1, "a wrong certificate is not tried again");
    });
  }

  test("one of the chain that has expired is named", async () => {
    const middle = await authority.delegate({ validFromDays: -90, validToDays: -3 });
    const certificate = await middle.issue({ names: ["storefront.example"] });
    await using server = await startFaultServer({ certificate });
    const seen = await look(server.port);
    assert.equal(seen.errorClass, "tls.expired", seen.message);
    assert.match(
      seen.message,
      /^certificate CN=Crosscheck Test Intermediate of the chain expired on 20\d\d-\d\d-\d\d \(3 days ago\) at /,
    );
  });

  test("one that vouches for itself is not trusted", async () => {
    await using server = await startFaultServer({
      certificate: await makeSelfSigned({ names: ["storefront.example"] }),
    });
    const seen = await look(server.port);
    assert.equal(seen.errorClass, "tls.untrusted");
    assert.match(
      seen.message,
      /^certificate from CN=storefront\.example is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    );
    assert.deepEqual(server.requests, []);
  });

  test("one from nobody we know is not trusted", async () => {
    const stranger = await makeAuthority();
    const certificate = await stranger.issue({ names: ["storefront.example"] });
    await using server = await startFaultServer({ certificate });
    assert.equal((await look(server.port)).errorClass, "tls.untrusted");
  });

  test("one for an address is taken by that address", async () => {
    const certificate = await authority.issue({ names: ["127.0.0.1"] });
    await using server = await startFaultServer({ certificate });
    assert.equal((await look(server.port, {}, "127.0.0.1")).outcome, "pass");
  });

  test("no session is resumed: each sample sees the certificate", async () => {
    const certificate = await authority.issue({ names: ["storefront.example"] });
    await using server = await startFaultServer({ certificate });
    const request = probeRequestFor(`https://storefront.example:${server.port}/`, {
      samples: { count: 3, intervalMs: 1 },
    });
    const seen = await runProbe(request, { signal: AbortSignal.timeout(60_000), lookup });
    assert.equal(seen.attempts.length, 3);
    assert.equal(server.connections, 3);
    assert.equal(seen.tls?.subject, "CN=storefront.example");
  });

  test("an assertion sees how long it is valid", async () => {
    const certificate = await authority.issue({ names: ["storefront.example"], validToDays: 9 });
    await using server = await startFaultServer({ certificate });
    const target = {
      source: "certificate",
      property: "days-until-expiry",
      comparison: "greater-than",
      target: 14,
    };
    const soft = await look(server.port, { assertions: [{ ...target, degraded: true }] });
    assert.equal(soft.outcome, "pass");
    assert.match(soft.message, /days-until-expiry is 9, not more than 14/);
    const hard = await look(server.port, { assertions: [target] });
    assert.equal(hard.errorClass, "content.assertion");
  });
});

suite("handshakes", () => {
  test("a server that does not speak TLS", async () => {
    await using server = await startFaultServer();
    const seen = await look(server.port);
    assert.equal(seen.errorClass, "tls.handshake");
    assert.match(seen.message, /TLS handshake with 127\.0\.0\.1:\d+ failed: it does not speak TLS/);
    assert.ok(seen.timings.tcp !== null);
    assert.equal(seen.timings.tls, null);
  });

  test("a server that hangs up", async () => {
    await using server = await startTcpServer((socket) => {
      socket.once("data", () => socket.end());
    });
    const seen = await look(server.port);
    assert.equal(seen.errorClass, "tls.handshake");
    assert.match(seen.message, /the connection was closed/);
  });

  test("a server that says nothing", async () => {
    await using server = await startTcpServer();
    const seen = await look(server.port, { timeout: "2s" });
    assert.equal(seen.errorClass, "tls.timeout");
    assert.match(seen.message, /no TLS handshake with 127\.0\.0\.1:\d+ within 2s/);
  });

  test("a redirect from https to http is refused", async () => {
    const certificate = await authority.issue({ names: ["storefront.example"] });
    await using server = await startFaultServer({
      certificate,
      routes: {
        "/": (_, response) => void response.writeHead(301, { location: "http://storefront.example/" }).end(),
      },
    });
    const seen = await look(server.port);
    assert.equal(seen.errorClass, "http.redirect");
    assert.match(seen.message, /redirects from https to http: http:\/\/storefront\.example\//);
  });
});

/** The certificate with another month at the end of its validity, which its signature does not survive. */
function inMonth(month: string, { cert, key }: Certificate): Certificate {
  const der = Buffer.from(cert.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
  // The second of the two UTCTimes of RFC 5280 §4.1.2.5: YYMMDD.
  const time = Buffer.of(0x17, 0x0d);
  der.write(month, der.indexOf(time, der.indexOf(time) + 15) + 4);
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return { cert: ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----\n"].join("\n"), key };
}

suite("a strange certificate", () => {
  test("valid until the 99th month is the target's fault, and the connection is closed", async () => {
    const certificate = inMonth("99", await makeSelfSigned({ names: ["storefront.example"] }));
    await using server = await startFaultServer({ certificate });
    const seen = await look(server.port);
    assert.equal(seen.errorClass, "tls.untrusted", seen.message);
    assert.match(seen.message, /ERROR_IN_CERT_NOT_AFTER_FIELD/);
    assert.deepEqual([seen.tls?.validTo, seen.tls?.daysUntilExpiry], [null, null]);
    assert.notEqual(seen.tls?.validFrom, null);
    await until("the connection is closed", () => server.open === 0);
  });

  test("for very many names is told of in a few words", async () => {
    const names = Array.from({ length: 200 }, (_, number) => `shop-${number}.example`);
    await using server = await startFaultServer({ certificate: await authority.issue({ names }) });
    const seen = await look(server.port);
    assert.equal(seen.errorClass, "tls.hostname");
    assert.match(seen.message, /^certificate is for DNS:shop-0\.example, .{100,200}…, not for storefront/);
    assert.ok((seen.tls?.subjectAltName?.length ?? 0) > 3000);
  });
});
