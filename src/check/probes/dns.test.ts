import assert from "node:assert/strict";
import { Resolver } from "node:dns";
import { mock, suite, test } from "node:test";
import * as z from "zod";
import {
  a,
  rcodes,
  startDnsServer,
  wireName,
  zone,
  type DnsAnswer,
} from "../../../test/fixtures/dns-server.ts";
import { observation, type Observation } from "../../model/observation.ts";
import { probeProtocolVersion, type ProbeRequest } from "../../model/probe-protocol.ts";
import { runProbe } from "../run-probe.ts";
import { dns } from "./dns.ts";

const query = "storefront.example";

async function look(
  check: Record<string, unknown>,
  rest: Partial<Omit<ProbeRequest, "check">> = {},
): Promise<Observation> {
  const request: ProbeRequest = {
    version: probeProtocolVersion,
    check: {
      name: "names",
      type: "dns",
      query,
      timeout: "10s",
      retry: { attempts: 1, backoff: "0ms" },
      ...check,
    },
    samples: { count: 1, intervalMs: 0 },
    controls: [],
    resolvers: [],
    deadlineMs: 30_000,
    target: { from: "config", allowPrivate: [] },
    ...rest,
  };
  const seen = await runProbe(request, { signal: AbortSignal.timeout(60_000) });
  return observation.parse(JSON.parse(JSON.stringify(seen)));
}

/** The servers that this process would ask are these while it lives. */
function systemServers(...addresses: string[]): Disposable {
  const mocked = mock.method(Resolver.prototype, "getServers", () => addresses);
  return { [Symbol.dispose]: () => mocked.mock.restore() };
}

suite("an explicit server", () => {
  test("answers: the values, the chain to them, and the time", async () => {
    const alias = { type: 5, data: wireName("edge.example"), ttl: 30 };
    const records = [
      alias,
      { ...a("192.0.2.7", 60), name: "edge.example" },
      { ...a("192.0.2.8", 50), name: "edge.example" },
    ];
    await using server = await startDnsServer(zone({ [query]: records }));
    const assertions = [
      { source: "rcode", comparison: "equals", target: "NOERROR" },
      { source: "answers", comparison: "equals", target: '["192.0.2.7","192.0.2.8"]' },
      { source: "answers", comparison: "contains", target: "192.0.2.8" },
      { source: "ttl", comparison: "greater-than", target: 49 },
      { source: "ttl", comparison: "less-than", target: 51 },
      { source: "response-time", comparison: "less-than", target: "10s" },
    ];
    const seen = await look({ resolver: server.address, assertions });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.remoteAddress, "127.0.0.1");
    assert.equal(seen.resolver, server.address);
    assert.deepEqual(seen.dns, {
      resolver: server.address,
      rcode: "NOERROR",
      answers: [
        { name: query, type: "CNAME", ttl: 30, value: "edge.example" },
        { name: "edge.example", type: "A", ttl: 60, value: "192.0.2.7" },
        { name: "edge.example", type: "A", ttl: 50, value: "192.0.2.8" },
      ],
    });
    assert.ok(seen.timings.dns !== null && seen.timings.tcp === null);
  });

  const faults: { answer: DnsAnswer; timeout?: string; errorClass: string; message: RegExp }[] = [
    {
      answer: { rcode: rcodes.NXDOMAIN },
      errorClass: "dns.nxdomain",
      message: /^storefront\.example does not exist in DNS at 127/,
    },
    { answer: { rcode: rcodes.SERVFAIL }, errorClass: "dns.servfail", message: /: SERVFAIL at 127/ },
    { answer: { rcode: rcodes.REFUSED }, errorClass: "dns.refused", message: /REFUSED/ },
    { answer: { rcode: rcodes.FORMERR }, errorClass: "dns.protocol", message: /FORMERR/ },
    { answer: { records: [] }, errorClass: "dns.nodata", message: /has no A record at/ },
    {
      answer: { records: [{ type: 5, data: wireName("edge.example") }] },
      errorClass: "dns.nodata",
      message: /has no A record/,
    },
    {
      answer: { records: [{ ...a("192.0.2.7"), name: "else.example" }] },
      errorClass: "dns.nodata",
      message: /has no A record/,
    },
    {
      answer: "silence",
      timeout: "250ms",
      errorClass: "dns.timeout",
      message: /no answer from .* within 250ms/,
    },
    {
      answer: { bytes: () => Buffer.from("what is DNS?") },
      errorClass: "dns.protocol",
      message: /no answer to the question/,
    },
  ];
  for (const { answer, timeout = "10s", errorClass, message } of faults) {
    test(`fails: ${errorClass}, ${message.source}`, async () => {
      await using server = await startDnsServer(() => answer);
      const seen = await look({ resolver: server.address, timeout });
      assert.equal(seen.errorClass, errorClass);
      assert.equal(seen.outcome, "fail");
      assert.equal(seen.layer, "dns");
      assert.equal(seen.failureSource, "target");
      assert.match(seen.message, message);
    });
  }

  test("a response code that is expected passes, another is called by its name", async () => {
    await using server = await startDnsServer(
      zone({ broken: { rcode: rcodes.SERVFAIL }, [query]: [a("192.0.2.7")] }),
    );
    const expecting = (target: string) => ({
      resolver: server.address,
      assertions: [{ source: "rcode", comparison: "equals", target }],
    });
    assert.equal((await look({ ...expecting("NXDOMAIN"), query: "absent.example" })).outcome, "pass");
    assert.equal((await look({ ...expecting("NXDOMAIN"), query: "broken" })).errorClass, "dns.servfail");
    assert.equal((await look(expecting("NXDOMAIN"))).errorClass, "content.assertion");
  });

  test("the wrong address, the wrong text", async () => {
    const text = { type: 16, data: Buffer.from("\u000bv=spf1 -all") };
    await using server = await startDnsServer(zone({ [query]: [a("192.0.2.7"), text] }));
    const resolver = server.address;
    const wrong = [{ source: "answers", comparison: "contains", target: "192.0.2.8" }];
    const seen = await look({ resolver, assertions: wrong });
    assert.equal(seen.errorClass, "content.assertion");
    assert.match(seen.message, /answers does not contain "192\.0\.2\.8"/);
    const spf = [{ source: "answers", comparison: "matches", target: "v=spf1 .*-all" }];
    assert.equal((await look({ resolver, "record-type": "TXT", assertions: spf })).outcome, "pass");
  });

  test("is what the address of a contrast replaces", async () => {
    await using server = await startDnsServer(zone({ [query]: [a("192.0.2.7")] }));
    const seen = await look({ resolver: `127.0.0.9:${server.port}` }, { address: "127.0.0.1" });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.remoteAddress, "127.0.0.1");
  });
});

suite("the location's own servers", () => {
  test("are looked at in turn", async () => {
    await using server = await startDnsServer(zone({ [query]: [a("192.0.2.7")] }));
    using _set = systemServers(`127.0.0.9:${server.port}`, server.address);
    const seen = await look({}, { samples: { count: 2, intervalMs: 1 } });
    assert.deepEqual(
      seen.attempts.map(({ errorClass, outcome }) => errorClass ?? outcome),
      ["location.resolver", "pass"],
    );
    assert.equal(seen.outcome, "pass");
    assert.equal(seen.resolver, "system");
  });

  const cases: { answer: DnsAnswer; timeout?: string; errorClass: string }[] = [
    { answer: "silence", timeout: "250ms", errorClass: "location.resolver" },
    { answer: { rcode: rcodes.SERVFAIL }, errorClass: "location.resolver" },
    { answer: { rcode: rcodes.NXDOMAIN }, errorClass: "dns.nxdomain" },
    { answer: { records: [] }, errorClass: "dns.nodata" },
  ];
  for (const { answer, timeout = "10s", errorClass } of cases) {
    test(`${JSON.stringify(answer)}: ${errorClass}`, async () => {
      await using server = await startDnsServer(() => answer);
      using _set = systemServers(server.address);
      assert.equal((await look({ timeout })).errorClass, errorClass);
    });
  }

  test("that fail where others do, too: the target's fault", async () => {
    const broken = zone({ [query]: { rcode: rcodes.SERVFAIL }, "control.example": [a("192.0.2.9")] });
    await using server = await startDnsServer(broken);
    await using other = await startDnsServer(broken);
    using _set = systemServers(server.address);
    const controls = ["https://control.example:1/"];
    const seen = await look({ "record-type": "MX" }, { controls, resolvers: [other.address] });
    assert.equal(seen.errorClass, "dns.servfail", seen.message);
    assert.equal(seen.outcome, "fail");
    assert.deepEqual(other.asked.includes(`${query} 15`), true);
  });
});

suite("settings", () => {
  test("survive the way to the wire and back", () => {
    const written = {
      type: "dns",
      name: "names",
      query: "bücher.example",
      "record-type": "MX",
      resolver: "1.1.1.1",
    };
    const settings = dns.settings.parse(written);
    assert.deepEqual(dns.settings.parse(z.encode(dns.settings, settings)), settings);
    assert.partialDeepStrictEqual(dns.target(settings), {
      host: "xn--bcher-kva.example",
      resolver: "1.1.1.1",
      dns: { servers: [{ address: "1.1.1.1", family: 4, port: 53 }] },
    });
  });

  test("that nobody can ask for are refused", async () => {
    for (const wrong of ["a..b", "", "a b"]) {
      const parsed = dns.settings.safeParse({ type: "dns", name: "names", query: wrong });
      assert.match(parsed.error?.message ?? "", /is not a name that DNS could have/);
    }
    await assert.rejects(
      look({ query: "{{ input.host }}" }),
      /no target: .*template that nobody has rendered/,
    );
    await assert.rejects(
      look({ resolver: "999.1.1.1" }),
      /resolver: "999\.1\.1\.1" is not the address of a DNS server/,
    );
  });
});
