import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import { after, before, suite, test } from "node:test";
import { setDefaultCACertificates, getCACertificates } from "node:tls";
import { makeAuthority, makeSelfSigned } from "../../test/fixtures/certificates.ts";
import { a, rcodes, startDnsServer, zone, type DnsAnswer } from "../../test/fixtures/dns-server.ts";
import { startFaultServer } from "../../test/fixtures/fault-server.ts";
import { probeRequestFor } from "../../test/fixtures/probe-requests.ts";
import { startTcpServer } from "../../test/fixtures/tcp-server.ts";
import { observation, type Observation } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import type { Lookup } from "./resolve.ts";
import { runProbe, type ProbeContext } from "./run-probe.ts";

const local: Lookup = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
const failing: Lookup = () => Promise.reject(Object.assign(new Error("EAI_AGAIN"), { code: "EAI_AGAIN" }));

const missing: Lookup = () => Promise.reject(Object.assign(new Error(), { code: "ENOTFOUND" }));

/** Nobody listens at the first address. */
const halfDead: Lookup = () =>
  Promise.resolve(["127.0.0.9", "127.0.0.1"].map((address) => ({ address, family: 4 })));

const both: Lookup = () =>
  Promise.resolve([
    { address: "2001:db8::1", family: 6 },
    { address: "127.0.0.1", family: 4 },
  ]);

type Options = Parameters<typeof probeRequestFor>[1] & Omit<Partial<ProbeContext>, "signal">;

async function look(url: string, { lookup = local, own, ...options }: Options = {}): Promise<Observation> {
  const signal = AbortSignal.timeout(60_000);
  const seen = await runProbe(probeRequestFor(url, options), { signal, lookup, own });
  return observation.parse(JSON.parse(JSON.stringify(seen)));
}

/** A port that nobody listens on. */
async function closedPort(): Promise<number> {
  await using server = await startTcpServer();
  return server.port;
}

/** Whether each control was reached, try by try. */
function reached({ controls = [] }: Observation, url: string): boolean[] {
  return controls.filter((control) => control.url === url).map((control) => control.reached);
}

const three = { count: 3, intervalMs: 1 };

suite("controls", () => {
  const roots = getCACertificates("default");
  const authority = makeAuthority();
  before(async () => {
    setDefaultCACertificates([...roots, (await authority).cert]);
    // What loads at the first handshake is not in the two seconds that a control has.
    await using server = await startFaultServer({
      certificate: await (await authority).issue({ names: ["127.0.0.1"] }),
    });
    assert.equal((await look(server.url, { check: { timeout: "20s" } })).outcome, "pass");
  });
  after(() => {
    setDefaultCACertificates(roots);
  });

  test("are asked once something fails below HTTP: any answer counts", async () => {
    const { issue } = await authority;
    const names = ["127.0.0.1"];
    await using plain = await startFaultServer();
    await using secure = await startFaultServer({ certificate: await issue({ names }) });
    await using wrong = await startFaultServer({ certificate: await makeSelfSigned({ names }) });
    const gone = `http://127.0.0.1:${await closedPort()}/`;
    const good = [
      `${plain.url}/`,
      `${plain.url}/status?code=500`,
      `${plain.url}/redirect?to=/loop`,
      `${secure.url}/`,
    ];
    const bad = [`${plain.url}/hang`, `${wrong.url}/`, gone, "http://"];
    const seen = await look(`http://127.0.0.1:${await closedPort()}/`, { controls: [...good, ...bad] });
    assert.equal(seen.errorClass, "tcp.refused");
    for (const url of good) assert.deepEqual(reached(seen, url), [true], url);
    for (const url of bad) assert.deepEqual(reached(seen, url), [false], url);
    const messages = new Map(seen.controls?.map(({ url, message }) => [url, message]));
    assert.equal(messages.get(`${plain.url}/`), "");
    assert.match(messages.get(`${plain.url}/hang`) ?? "", /no answer from .* within 2s/);
    assert.match(messages.get(`${wrong.url}/`) ?? "", /not trusted/);
    assert.match(messages.get(gone) ?? "", /refused the connection/);
  });

  test("nobody is asked when the answer was the target's own", async () => {
    await using control = await startFaultServer();
    await using target = await startFaultServer({
      certificate: await makeSelfSigned({ names: ["127.0.0.1"] }),
    });
    await using plain = await startFaultServer();
    for (const url of [target.url, `${plain.url}/status?code=503`, `${plain.url}/garbage`, plain.url]) {
      const seen = await look(url, { controls: [control.url] });
      assert.equal(seen.controls, undefined, `${url}: ${seen.errorClass}`);
    }
    assert.equal(control.connections, 0);
  });

  test("beside the retry: neither waits for the other", async () => {
    const retried = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    await using control = await startFaultServer({
      routes: {
        "/": async (_, response) => {
          asked.resolve();
          await retried.promise;
          response.end();
        },
      },
    });
    let tries = 0;
    await using target = await startFaultServer({
      routes: {
        "/": async ({ socket }, response) => {
          tries += 1;
          if (tries === 1) return void socket.resetAndDestroy();
          retried.resolve();
          await asked.promise;
          response.end();
        },
      },
    });
    const seen = await look(target.url, { controls: [control.url] });
    assert.equal(seen.outcome, "pass");
    assert.equal(seen.errorClass, "tcp.reset");
    assert.deepEqual(reached(seen, control.url), [true]);
  });

  test("as often as there are samples where something got through, so that noise shows", async () => {
    let turn = 0;
    await using control = await startFaultServer({
      routes: { "/": ({ socket }, response) => void ((turn += 1) === 2 ? socket.destroy() : response.end()) },
    });
    await using target = await startFaultServer();
    const url = `http://storefront.example:${target.port}/`;
    const seen = await look(url, { lookup: halfDead, controls: [control.url], samples: three });
    assert.equal(seen.outcome, "pass");
    assert.deepEqual(reached(seen, control.url), [true, false, true]);
  });

  test("never make the answer late", async () => {
    await using control = await startFaultServer();
    const seen = await look(`http://127.0.0.1:${await closedPort()}/`, {
      controls: [`${control.url}/hang`, control.url],
      deadlineMs: 1500,
      check: { retry: { attempts: 1, backoff: "0ms" } },
    });
    assert.equal(seen.errorClass, "tcp.refused");
    assert.deepEqual(reached(seen, control.url).slice(0, 1), [true]);
    // Waited for, it would have been given up after its own 2 s, and told as not reached.
    assert.deepEqual(reached(seen, `${control.url}/hang`), []);
  });

  test("silence before STARTTLS may be the way there", async () => {
    await using control = await startFaultServer();
    await using silent = await startTcpServer();
    const { port } = silent;
    const { check, ...rest } = probeRequestFor("http://unused.example/", { controls: [control.url] });
    const mail = {
      name: check.name,
      type: "tls",
      host: "127.0.0.1",
      port,
      starttls: "smtp",
      timeout: "2s",
      retry: { attempts: 1, backoff: "0ms" },
    };
    const seen = await runProbe({ ...rest, check: mail }, { signal: AbortSignal.timeout(60_000) });
    assert.equal(seen.errorClass, "tls.timeout");
    assert.deepEqual(reached(seen, control.url), [true]);
  });

  const skip = !JSON.stringify(networkInterfaces()).includes('"::1"') && "this machine has no ::1";
  test("are reached by the family that there is", { skip }, async () => {
    await using control = await startFaultServer({ host: "::1" });
    const url = `http://control.example:${control.port}/`;
    // Nobody has a way to all at once.
    const two = ["255.255.255.255", "::1"].map((address) => ({ address, family: address === "::1" ? 6 : 4 }));
    const lookup: Lookup = (name) =>
      Promise.resolve(name === "control.example" ? two : [{ address: "127.0.0.9", family: 4 }]);
    const seen = await look(`http://storefront.example:${await closedPort()}/`, { lookup, controls: [url] });
    assert.deepEqual(reached(seen, url), [true]);
  });

  test("of a stranger lead to public addresses only", async () => {
    await using control = await startFaultServer();
    const own = { from: "alert", allowPrivate: [] } as const;
    const seen = await look(`http://127.0.0.1:${await closedPort()}/`, {
      controls: [control.url],
      own: { ...own, allowPrivate: [] },
    });
    assert.deepEqual(reached(seen, control.url), [false]);
    assert.equal(control.connections, 0);
  });
});

suite("a resolver without an answer", () => {
  const name = "storefront.example";
  const control = "https://control.example/";
  const known = { "control.example": [a("192.0.2.9")] };
  const servfail = { rcode: rcodes.SERVFAIL };
  const refused = { rcode: rcodes.REFUSED };

  type Zone = Parameters<typeof zone>[0];
  const cases: {
    title: string;
    zones: Zone[];
    controls?: string[];
    errorClass: string;
    message: RegExp;
  }[] = [
    {
      title: "others fail on the name, and know a control's: the target's",
      zones: [
        { ...known, [name]: servfail },
        { ...known, [name]: "silence" },
      ],
      errorClass: "dns.servfail",
      message:
        /EAI_AGAIN; asked others: 127\.0\.0\.1:\d+: SERVFAIL, 127\.0\.0\.1:\d+: no answer, which know other names$/,
    },
    {
      title: "silence about this name alone",
      zones: [
        { ...known, [name]: "silence" },
        { ...known, [name]: "silence" },
      ],
      errorClass: "dns.timeout",
      message: /no answer/,
    },
    {
      title: "refused for this name alone",
      zones: [
        { ...known, [name]: refused },
        { ...known, [name]: "silence" },
      ],
      errorClass: "dns.refused",
      message: /REFUSED/,
    },
    {
      title: "one has the answer",
      zones: [
        { ...known, [name]: servfail },
        { ...known, [name]: [a("192.0.2.7")] },
      ],
      errorClass: "location.resolver",
      message: /SERVFAIL, 127\.0\.0\.1:\d+: 192\.0\.2\.7$/,
    },
    {
      title: "one says that there is no such name, which may be for it alone",
      zones: [{ ...known, [name]: servfail }, known],
      errorClass: "location.resolver",
      message: /no such name$/,
    },
    {
      title: "none of them works",
      zones: [
        { [name]: "silence", "control.example": "silence" },
        { [name]: servfail, "control.example": servfail },
      ],
      errorClass: "location.resolver",
      message: /no answer, .*SERVFAIL$/,
    },
    {
      title: "only one of them works",
      zones: [
        { [name]: "silence", "control.example": "silence" },
        { ...known, [name]: servfail },
      ],
      errorClass: "location.resolver",
      message: /SERVFAIL$/,
    },
    {
      title: "the only one that there is works, and fails on the name",
      zones: [{ ...known, [name]: servfail }],
      errorClass: "dns.servfail",
      message: /SERVFAIL, which know other names$/,
    },
    {
      title: "no control: SERVFAIL of all is proof",
      zones: [{ [name]: servfail }, { [name]: servfail }],
      controls: [],
      errorClass: "dns.servfail",
      message: /SERVFAIL$/,
    },
    {
      title: "no control: silence is none",
      zones: [{ [name]: "silence" }, { [name]: servfail }],
      controls: ["https://192.0.2.1/"],
      errorClass: "location.resolver",
      message: /no answer, .*SERVFAIL$/,
    },
    {
      title: "nobody to ask",
      zones: [],
      errorClass: "location.resolver",
      message: /storefront\.example is: EAI_AGAIN$/,
    },
  ];
  for (const { title, zones, controls = [control], errorClass, message } of cases) {
    test(`${title}: ${errorClass}`, async () => {
      await using closing = new AsyncDisposableStack();
      const resolvers: string[] = [];
      for (const names of zones) resolvers.push(closing.use(await startDnsServer(zone(names))).address);
      const check = { retry: { attempts: 2, backoff: "1ms" } };
      const options = { lookup: failing, resolvers, controls, check, samples: three };
      const seen = await look(`https://${name}/`, options);
      assert.equal(seen.errorClass, errorClass, seen.message);
      assert.equal(seen.outcome, errorClass === "location.resolver" ? "error" : "fail");
      assert.equal(seen.failureSource, errorClass === "location.resolver" ? "resolver" : "target");
      assert.match(seen.message, message);
      assert.equal(seen.resolver, "system");
      assert.deepEqual(
        seen.attempts.map((attempt) => attempt.errorClass),
        [errorClass, errorClass],
      );
    });
  }

  test("the others are asked once, and not at all when it has an answer", async () => {
    await using server = await startDnsServer(zone({ [name]: servfail }));
    await using target = await startFaultServer();
    const options = { resolvers: [server.address] };
    assert.equal((await look(`http://${name}:${target.port}/`, options)).outcome, "pass");
    const absent = await look(`http://${name}/`, { ...options, lookup: missing });
    assert.equal(absent.errorClass, "dns.nxdomain");
    assert.equal(server.asked.length, 0);
    await look(`http://${name}/`, { ...options, lookup: failing });
    assert.equal(server.asked.length, 2);
    assert.deepEqual(new Set(server.asked), new Set([`${name} 1`, `${name} 28`]));
  });

  test("that comes too late is no ruling", async () => {
    await using server = await startDnsServer((): DnsAnswer => "silence");
    const check = { retry: { attempts: 1, backoff: "0ms" } };
    const options = { lookup: failing, resolvers: [server.address, server.address], check, deadlineMs: 1500 };
    const seen = await look(`http://${name}/`, options);
    assert.equal(seen.errorClass, "location.resolver");
    assert.doesNotMatch(seen.message, /asked others/);
  });
});

suite("where a check looks", () => {
  const name = "storefront.example";

  test("an explicit resolver says what the name is", async () => {
    await using server = await startFaultServer();
    const zones = zone({
      [name]: [
        { type: 5, data: Buffer.from("\u0004edge\u0007example\u0000", "latin1") },
        { ...a("127.0.0.1"), name: "edge.example" },
        { ...a("127.0.0.9"), name: "else.example" },
      ],
    });
    await using resolver = await startDnsServer(zones);
    const check = { resolver: resolver.address };
    const seen = await look(`http://${name}:${server.port}/`, { check, lookup: failing });
    assert.equal(seen.outcome, "pass", seen.message);
    assert.equal(seen.resolver, resolver.address);
    assert.deepEqual(seen.resolvedAddresses, ["127.0.0.1"]);
    assert.equal(seen.localAddress, "127.0.0.1");
    assert.deepEqual(
      [...resolver.asked].toSorted((one, two) => one.localeCompare(two)),
      [`${name} 1`, `${name} 28`],
    );
  });

  const faults: { answer: DnsAnswer; timeout?: string; errorClass: string }[] = [
    { answer: "silence", timeout: "200ms", errorClass: "dns.timeout" },
    { answer: { rcode: rcodes.SERVFAIL }, errorClass: "dns.servfail" },
    { answer: { rcode: rcodes.REFUSED }, errorClass: "dns.refused" },
    { answer: { rcode: rcodes.NXDOMAIN }, errorClass: "dns.nxdomain" },
    { answer: { rcode: rcodes.NOTIMP }, errorClass: "dns.protocol" },
    { answer: { records: [] }, errorClass: "dns.nodata" },
  ];
  for (const { answer, timeout = "10s", errorClass } of faults) {
    test(`an explicit resolver's failure counts: ${errorClass}`, async () => {
      await using resolver = await startDnsServer(() => answer);
      await using other = await startDnsServer(() => answer);
      const check = { resolver: resolver.address, timeout, retry: { attempts: 1, backoff: "0ms" } };
      const seen = await look(`http://${name}/`, { check, resolvers: [other.address] });
      assert.equal(seen.errorClass, errorClass, seen.message);
      assert.equal(seen.outcome, "fail");
      assert.equal(seen.failureSource, "target");
      assert.deepEqual(other.asked, []);
    });
  }

  test("an explicit resolver that never says what the IPv6 address is has not answered", async () => {
    const answers = zone({ [name]: [a("127.0.0.1")] });
    await using resolver = await startDnsServer((asked, type) =>
      type === 28 ? "silence" : answers(asked, type),
    );
    const check = { resolver: resolver.address, timeout: "2s", retry: { attempts: 1, backoff: "0ms" } };
    const seen = await look(`http://${name}/`, { check });
    assert.equal(seen.errorClass, "dns.timeout", seen.message);
    assert.match(seen.message, /for storefront\.example AAAA within 2s$/);
  });

  test("a stranger's resolver in a private network is not asked", async () => {
    await using resolver = await startDnsServer(zone({ [name]: [a("192.0.2.7")] }));
    const own: ProbeRequest["target"] = { from: "alert", allowPrivate: [] };
    const seen = await look(`http://${name}/`, { check: { resolver: resolver.address }, own });
    assert.equal(seen.errorClass, "location.blocked-target");
    assert.deepEqual(resolver.asked, []);
  });

  test("one IP family", async () => {
    await using server = await startFaultServer();
    const url = `http://${name}:${server.port}/`;
    const four = await look(url, { lookup: both, check: { "ip-family": 4 } });
    assert.deepEqual([four.outcome, four.message, four.resolvedAddresses], ["pass", "", ["127.0.0.1"]]);
    const none = await look(url, { check: { "ip-family": 6 } });
    assert.equal(none.errorClass, "dns.nodata");
    assert.match(none.message, /has no IPv6 address \(only 127\.0\.0\.1\)/);
    const request = probeRequestFor(url, { check: { "ip-family": 6 } });
    const signal = AbortSignal.timeout(60_000);
    const untold = await runProbe(request, { signal, lookup: both, ipv6: false });
    assert.equal(untold.errorClass, "location.network");
    assert.equal(untold.outcome, "error");
    assert.match(untold.message, /this location has no IPv6/);
  });

  test("one address, that the guard allows", async () => {
    await using server = await startFaultServer();
    const url = `http://${name}:${server.port}/`;
    const seen = await look(url, { lookup: failing, address: "127.0.0.1", samples: three });
    assert.equal(seen.outcome, "pass");
    assert.equal(seen.resolver, undefined);
    assert.deepEqual(seen.resolvedAddresses, ["127.0.0.1"]);
    assert.equal(server.requests[0]?.headers.host, `${name}:${server.port}`);
    const target: ProbeRequest["target"] = { from: "alert", allowPrivate: [] };
    const refused = await look(url, { address: "127.0.0.1", target });
    assert.equal(refused.errorClass, "location.blocked-target");
    assert.equal((await look(url, { address: "169.254.169.254" })).errorClass, "location.blocked-target");
    await assert.rejects(look(url, { address: "nowhere" }), /"nowhere" is not an address/);
  });
});
