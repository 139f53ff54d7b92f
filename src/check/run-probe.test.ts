import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { networkInterfaces } from "node:os";
import { suite, test } from "node:test";
import { startFaultServer, type FaultServer } from "../../test/fixtures/fault-server.ts";
import { probeRequestFor } from "../../test/fixtures/probe-requests.ts";
import { startTcpServer } from "../../test/fixtures/tcp-server.ts";
import { ConfigError } from "../model/errors.ts";
import { observation, type Observation } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";
import type { Lookup } from "./resolve.ts";
import { runProbe } from "./run-probe.ts";

const signal = () => AbortSignal.timeout(60_000);

/** Every name has these addresses. */
function named(...addresses: string[]): Lookup {
  return () =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
}

function failing(code: string): Lookup {
  return () => Promise.reject(Object.assign(new Error(`getaddrinfo ${code}`), { code }));
}

/** A resolver that has gone. */
const silent: Lookup = () => new Promise(() => undefined);

/** How attempts went, in order: `1.1 pass 127.0.0.1`, `2.1 tcp.refused 127.0.0.2`. */
function story({ attempts }: Observation): string[] {
  return attempts.map(
    ({ sample, number, errorClass, outcome, remoteAddress }) =>
      `${sample}.${number} ${errorClass ?? outcome}${remoteAddress === null ? "" : ` ${remoteAddress}`}`,
  );
}

/** What the verdict makes of it. */
function voteFor({ outcome, errorClass, attempts }: Observation): string {
  if (outcome === "error") return "none";
  const isClean = errorClass === null && attempts.every((attempt) => attempt.outcome === "pass");
  return outcome === "pass" && !isClean ? "flaky" : outcome;
}

type Options = Parameters<typeof probeRequestFor>[1] & { readonly lookup?: Lookup };

async function look(
  url: string,
  { lookup = named("127.0.0.1"), ...options }: Options = {},
): Promise<Observation> {
  const seen = await runProbe(probeRequestFor(url, options), { signal: signal(), lookup });
  return observation.parse(JSON.parse(JSON.stringify(seen)));
}

function redirectTo(location: string) {
  return (_: unknown, response: ServerResponse) => void response.writeHead(302, { location }).end();
}

const three = { count: 3, intervalMs: 1 };

/** A server whose `/` answers with these statuses one after the other, then with 200. */
function statuses(...codes: number[]): Promise<FaultServer> {
  const left = [...codes];
  return startFaultServer({
    routes: { "/": (_, response) => void response.writeHead(left.shift() ?? 200).end() },
  });
}

/** A server whose `/` behaves in these ways one after the other, then well. */
function pages(...kinds: ("quick" | "slow" | "bad")[]): Promise<FaultServer> {
  const left = [...kinds];
  return startFaultServer({
    routes: {
      "/": (_, response) => {
        const kind = left.shift();
        if (kind === "bad") response.writeHead(503).end();
        else if (kind === "slow") setTimeout(() => response.end(), 2100);
        else response.end();
      },
    },
  });
}

suite("samples", () => {
  test("as many as asked, each over a fresh connection", async () => {
    await using server = await startFaultServer();
    const seen = await look(server.url, { samples: three });
    assert.deepEqual(story(seen), ["1.1 pass 127.0.0.1", "2.1 pass 127.0.0.1", "3.1 pass 127.0.0.1"]);
    assert.equal(server.connections, 3);
    assert.equal(seen.check, "storefront");
    assert.ok(seen.durationMs > 0);
  });

  test("as many as there are addresses, in turn", async () => {
    await using first = await startFaultServer({ host: "127.0.0.1" });
    const { port } = first;
    await using _second = await startFaultServer({ host: "127.0.0.2", port });
    await using _third = await startFaultServer({ host: "127.0.0.3", port });
    const addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3"];
    const seen = await look(`http://storefront.example:${port}/`, { lookup: named(...addresses) });
    assert.deepEqual(story(seen), ["1.1 pass 127.0.0.1", "2.1 pass 127.0.0.2", "3.1 pass 127.0.0.3"]);
    assert.deepEqual(seen.resolvedAddresses, addresses);
    assert.ok(seen.timings.dns !== null);
  });

  test("at most eight", async () => {
    await using server = await startFaultServer({ host: "0.0.0.0" });
    const addresses = Array.from({ length: 12 }, (_, index) => `127.0.0.${index + 1}`);
    const seen = await look(`http://storefront.example:${server.port}/`, { lookup: named(...addresses) });
    assert.equal(seen.attempts.length, 8);
    assert.equal(seen.resolvedAddresses.length, 12);
  });

  test("one dead address of two: it passes, and the failure stands beside it", async () => {
    await using server = await startFaultServer();
    const lookup = named("127.0.0.9", "127.0.0.1");
    const seen = await look(`http://storefront.example:${server.port}/`, { samples: three, lookup });
    assert.deepEqual(story(seen), [
      "1.1 tcp.refused 127.0.0.9",
      "1.2 pass 127.0.0.1",
      "2.1 tcp.refused 127.0.0.9",
      "2.2 pass 127.0.0.1",
      "3.1 tcp.refused 127.0.0.9",
      "3.2 pass 127.0.0.1",
    ]);
    assert.equal(seen.outcome, "pass");
    assert.equal(seen.errorClass, "tcp.refused");
    assert.equal(seen.layer, "tcp");
    assert.equal(seen.remoteAddress, "127.0.0.9");
    assert.match(seen.message, /127\.0\.0\.9:\d+ refused/);
  });

  test("goes on after a failure once something has passed, so that every address is seen", async () => {
    await using server = await startFaultServer();
    const lookup = named("127.0.0.1", "127.0.0.8", "127.0.0.9");
    const seen = await look(`http://storefront.example:${server.port}/`, { lookup });
    assert.deepEqual(story(seen), [
      "1.1 pass 127.0.0.1",
      "2.1 tcp.refused 127.0.0.8",
      "2.2 tcp.refused 127.0.0.9",
      "3.1 pass 127.0.0.1",
    ]);
  });

  test("an address that could not be told of is no part of a pass", async () => {
    // One of two sends on to where nobody may go, so that what is there stays unseen.
    await using good = await startFaultServer();
    const { port } = good;
    const away = { "/": redirectTo("http://127.0.0.3:9/") };
    await using _wrong = await startFaultServer({ host: "127.0.0.2", port, routes: away });
    const lookup = named("127.0.0.1", "127.0.0.2");
    const seen = await look(`http://storefront.example:${port}/`, { lookup, samples: three });
    assert.equal(seen.outcome, "error", story(seen).join());
    assert.equal(seen.errorClass, "location.blocked-target");
  });

  test("stops when a sample fails with its retry and nothing has passed", async () => {
    await using server = await startTcpServer((socket) => socket.resetAndDestroy());
    const seen = await look(`http://127.0.0.1:${server.port}/`, { samples: three });
    assert.equal(seen.outcome, "fail");
    assert.equal(seen.attempts.length, 2);
    assert.equal(seen.timings.dns, null);
  });

  test("slow ones among quick ones are degraded, unless some failed", async () => {
    const check = {
      assertions: [{ source: "response-time", comparison: "less-than", target: "2s", degraded: true }],
    };
    await using slow = await pages("quick", "slow", "quick");
    const degraded = await look(slow.url, { samples: three, check });
    assert.equal(degraded.outcome, "degraded");
    assert.equal(degraded.errorClass, null);
    assert.match(degraded.message, /response time/);
    await using mixed = await pages("slow", "bad", "slow", "quick");
    const flaky = await look(mixed.url, { samples: three, check });
    assert.equal(flaky.outcome, "degraded");
    assert.equal(flaky.errorClass, "http.status");
  });
});

suite("the retry", () => {
  const cases = [
    { codes: [500], story: ["1.1 http.status", "1.2 pass"], outcome: "pass" },
    { codes: [503, 502], story: ["1.1 http.status", "1.2 http.status"], outcome: "fail" },
    { codes: [404], story: ["1.1 http.status"], outcome: "fail" },
    { codes: [403], story: ["1.1 http.status"], outcome: "fail" },
    { codes: [200], story: ["1.1 pass"], outcome: "pass" },
  ];
  for (const { codes, story: told, outcome } of cases) {
    test(`after ${codes.join(", ")}: ${told.join(", ")}`, async () => {
      await using server = await statuses(...codes);
      const seen = await look(server.url);
      assert.deepEqual(
        story(seen).map((line) => line.replace(" 127.0.0.1", "")),
        told,
      );
      assert.equal(seen.outcome, outcome);
    });
  }

  test("does not repeat a wrong text", async () => {
    await using server = await startFaultServer();
    const check = { assertions: [{ source: "body", comparison: "contains", target: "absent" }] };
    const seen = await look(server.url, { check });
    assert.deepEqual(story(seen), ["1.1 content.assertion 127.0.0.1"]);
  });

  test("as often as the check says", async () => {
    await using server = await statuses(500, 500, 500);
    const seen = await look(server.url, { check: { retry: { attempts: 4, backoff: "1ms" } } });
    assert.equal(seen.attempts.length, 4);
    assert.equal(seen.outcome, "pass");
  });
});

suite("names", () => {
  const cases = [
    { code: "ENOTFOUND", errorClass: "dns.nxdomain", outcome: "fail", failureSource: "target" },
    { code: "ENODATA", errorClass: "dns.nodata", outcome: "fail", failureSource: "target" },
    { code: "EAI_AGAIN", errorClass: "location.resolver", outcome: "error", failureSource: "resolver" },
    { code: "ESERVFAIL", errorClass: "location.resolver", outcome: "error", failureSource: "resolver" },
  ];
  for (const { code, ...expected } of cases) {
    test(`${code} is ${expected.errorClass}, after another try`, async () => {
      const seen = await look("http://storefront.example/", { lookup: failing(code), samples: three });
      assert.partialDeepStrictEqual(seen, expected);
      assert.equal(seen.attempts.length, 2);
      assert.match(seen.message, /storefront\.example/);
      assert.deepEqual(seen.resolvedAddresses, []);
    });
  }

  test("no address at all is no data", async () => {
    assert.equal((await look("http://storefront.example/", { lookup: named() })).errorClass, "dns.nodata");
  });

  test("that resolve at the second try are flaky", async () => {
    await using server = await startFaultServer();
    let asked = 0;
    const lookup: Lookup = (name) => ((asked += 1) === 1 ? failing("ENOTFOUND") : named("127.0.0.1"))(name);
    const seen = await look(`http://storefront.example:${server.port}/`, { lookup, samples: three });
    assert.deepEqual(story(seen), [
      "1.1 dns.nxdomain",
      "1.2 pass 127.0.0.1",
      "2.1 pass 127.0.0.1",
      "3.1 pass 127.0.0.1",
    ]);
    assert.equal(asked, 2);
    assert.equal(seen.outcome, "pass");
    assert.equal(seen.errorClass, "dns.nxdomain");
  });

  test("a resolver that hangs is the location's", async () => {
    const check = { timeout: "50ms" };
    const seen = await look("http://storefront.example/", { lookup: silent, check });
    assert.equal(seen.errorClass, "location.resolver");
    assert.match(seen.message, /no answer for storefront\.example within 50ms/);
  });

  test("are resolved once: what a hostile name says later is not believed", async () => {
    await using server = await startFaultServer();
    let asked = 0;
    const lookup: Lookup = (name) => named((asked += 1) === 1 ? "127.0.0.1" : "169.254.169.254")(name);
    const seen = await look(`http://storefront.example:${server.port}/`, { lookup, samples: three });
    assert.equal(asked, 1);
    assert.equal(seen.outcome, "pass");
    assert.equal(seen.errorClass, null);
  });

  test("of an alert that lead inside are refused, also among public ones", async () => {
    await using server = await startFaultServer();
    const url = `http://storefront.example:${server.port}/`;
    const target = { from: "alert", allowPrivate: [] } as ProbeRequest["target"];
    for (const lookup of [named("127.0.0.1"), named("8.8.8.8", "127.0.0.1"), named("::ffff:127.0.0.1")]) {
      const seen = await look(url, { lookup, target, samples: three });
      assert.equal(seen.outcome, "error");
      assert.equal(seen.errorClass, "location.blocked-target");
      assert.equal(seen.attempts.length, 1);
    }
    assert.equal(
      (await look(server.url, { target })).errorClass,
      "location.blocked-target",
      "an address as well",
    );
    assert.equal(server.connections, 0);
    const allowed = { from: "alert", allowPrivate: ["127.0.0.0/8"] } as ProbeRequest["target"];
    assert.equal((await look(url, { target: allowed })).outcome, "pass");
  });
});

/** Nobody has a route for TCP to a multicast address: what IPv6 is like at a location without it. */
const noRoute = "ff0e::1";

suite("IPv6 that this location has no route to", () => {
  test("is left out and told, and takes nobody's sample", async () => {
    await using server = await startFaultServer();
    const url = `http://storefront.example:${server.port}/`;
    for (const addresses of [
      ["127.0.0.1", noRoute],
      [noRoute, "ff0e::2", "127.0.0.1"],
    ]) {
      const seen = await look(url, { lookup: named(...addresses), samples: three });
      assert.deepEqual(story(seen), ["1.1 pass 127.0.0.1", "2.1 pass 127.0.0.1", "3.1 pass 127.0.0.1"]);
      assert.equal(voteFor(seen), "pass");
      assert.match(seen.message, /^IPv6 could not be tested from here \(ff0e::1/);
    }
  });

  test("is no retry of what fails", async () => {
    await using server = await statuses(500);
    const lookup = named("127.0.0.1", noRoute);
    const seen = await look(`http://storefront.example:${server.port}/`, { lookup, samples: three });
    assert.deepEqual(story(seen).slice(0, 2), ["1.1 http.status 127.0.0.1", "1.2 pass 127.0.0.1"]);
    assert.equal(voteFor(seen), "flaky");
  });

  test("alone is the location's fault", async () => {
    const seen = await look("http://storefront.example/", {
      lookup: named(noRoute, "ff0e::2"),
      samples: three,
    });
    assert.equal(seen.outcome, "error");
    assert.equal(seen.errorClass, "location.network");
    assert.match(seen.message, /no route from here to \[ff0e::[12]\]:80|could not connect/);
    assert.equal(seen.attempts.length, 2);
  });

  test("is told where the location has no IPv6 at all", async () => {
    await using server = await startFaultServer();
    const request = probeRequestFor(`http://storefront.example:${server.port}/`);
    const lookup = named("127.0.0.1", "2001:db8::1");
    const seen = await runProbe(request, { signal: signal(), lookup, ipv6: false });
    assert.equal(voteFor(seen), "pass");
    assert.equal(seen.message, "IPv6 could not be tested from here (2001:db8::1)");
  });

  const skip = !JSON.stringify(networkInterfaces()).includes('"::1"') && "this machine has no ::1";
  test("is the target's fault where other IPv6 works", { skip }, async () => {
    await using server = await startFaultServer({ host: "::1" });
    const lookup = named(noRoute, "::1");
    const seen = await look(`http://storefront.example:${server.port}/`, { lookup, samples: three });
    assert.deepEqual(story(seen), [
      "1.1 pass ::1",
      "2.1 tcp.unreachable ff0e::1",
      "2.2 pass ::1",
      "3.1 tcp.unreachable ff0e::1",
      "3.2 pass ::1",
    ]);
    assert.equal(seen.errorClass, "tcp.unreachable");
    assert.equal(seen.failureSource, "network");
    assert.equal(voteFor(seen), "flaky");
  });

  test("on this machine is tried without any to the outside", { skip }, async () => {
    await using server = await startFaultServer({ host: "::1" });
    const seen = await runProbe(probeRequestFor(server.url), { signal: signal(), ipv6: false });
    assert.equal(voteFor(seen), "pass");
    assert.equal(seen.message, "");
  });
});

suite("time", { concurrency: 4 }, () => {
  test("part of the samples is no pass: what runs is dropped, and what has passed is told", async () => {
    let asked = 0;
    await using server = await startFaultServer({
      routes: { "/": (_, response) => void ((asked += 1) === 1 && response.end("Text I expect to find")) },
    });
    const seen = await look(server.url, { samples: three, deadlineMs: 2000 });
    assert.deepEqual(story(seen), ["1.1 pass 127.0.0.1"]);
    assert.equal(asked, 2);
    assert.equal(seen.outcome, "error");
    assert.equal(seen.errorClass, "location.timeout");
    assert.equal(seen.message, "only 1 of 3 samples had ended after 2s, when the time for the run was up");
    assert.equal(voteFor(seen), "none");
  });

  test("seven of eight addresses are no pass: the eighth is the dead one", async () => {
    await using servers = new AsyncDisposableStack();
    const { port } = servers.use(await startFaultServer());
    for (let host = 2; host <= 7; host += 1)
      servers.use(await startFaultServer({ host: `127.0.0.${host}`, port }));
    servers.use(await startTcpServer(() => undefined, { host: "127.0.0.8", port }));
    const addresses = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 1}`);
    const url = `http://storefront.example:${port}/`;
    const seen = await look(url, { lookup: named(...addresses), samples: three, deadlineMs: 3000 });
    assert.equal(seen.outcome, "error");
    assert.equal(seen.attempts.length, 7);
    assert.match(seen.message, /^only 7 of 8 samples had ended after 3s.*; not seen: 127\.0\.0\.8$/);
    assert.deepEqual(seen.resolvedAddresses, addresses);
    assert.equal(voteFor(seen), "none");
  });

  test("a failure stands when the rest is cut off", async () => {
    await using server = await startFaultServer();
    const lookup = named("127.0.0.9", "127.0.0.1");
    const samples = { count: 8, intervalMs: 60_000 };
    const check = { retry: { attempts: 2, backoff: "10s" } };
    const url = `http://storefront.example:${server.port}/`;
    const failing = await look(url, { lookup, samples, check, deadlineMs: 2000 });
    assert.deepEqual(story(failing), ["1.1 tcp.refused 127.0.0.9"]);
    assert.equal(voteFor(failing), "fail");
    let asked = 0;
    await using slowing = await startFaultServer({
      routes: {
        "/": (_, response) => {
          asked += 1;
          if (asked === 1) response.writeHead(503).end();
          else if (asked === 2) response.end();
        },
      },
    });
    const flaky = await look(slowing.url, { samples: three, deadlineMs: 2000 });
    assert.deepEqual(story(flaky), ["1.1 http.status 127.0.0.1", "1.2 pass 127.0.0.1"]);
    assert.equal(voteFor(flaky), "flaky");
  });

  test("slow, and complete: the pauses give way", async () => {
    const url = "/slow?head=60";
    await using server = await startFaultServer();
    const samples = { count: 3, intervalMs: 60_000 };
    const seen = await look(server.url + url, { samples, deadlineMs: 8000 });
    assert.equal(seen.attempts.length, 3);
    assert.equal(voteFor(seen), "pass");
  });

  test("nothing has ended by the deadline: no vote", async () => {
    await using server = await startFaultServer();
    const seen = await look(`${server.url}/hang`, { deadlineMs: 100 });
    assert.equal(seen.outcome, "error");
    assert.equal(seen.errorClass, "location.timeout");
    assert.match(seen.message, /no attempt had ended after 100ms/);
    assert.deepEqual(seen.attempts, []);
  });

  test("an attempt's own time is up: the target failed", async () => {
    await using server = await startFaultServer();
    const seen = await look(`${server.url}/hang`, { check: { timeout: "2s" } });
    assert.equal(seen.outcome, "fail");
    assert.equal(seen.errorClass, "http.timeout-first-byte");
    assert.equal(seen.attempts.length, 2);
  });

  test("who asked gives up: it rejects with the reason", async () => {
    await using server = await startFaultServer();
    const controller = new AbortController();
    const reason = new Error("never mind");
    const asked = runProbe(probeRequestFor(`${server.url}/hang`), { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(asked, reason);
  });
});

suite("a request that cannot be carried out is refused", () => {
  const cases: { request: ProbeRequest; faults: RegExp[] }[] = [
    {
      request: probeRequestFor("http://x/", { check: { type: "icmp" } }),
      faults: [/^check storefront: there is no type "icmp" here, only http, /],
    },
    {
      request: probeRequestFor("nowhere", { check: { timeout: "1" } }),
      faults: [/timeout/, /url: "nowhere" is not a URL/],
    },
    { request: probeRequestFor("{{ input.url }}"), faults: [/no target/] },
    {
      request: probeRequestFor("http://x/", { target: { from: "alert", allowPrivate: ["inside"] } }),
      faults: [/"inside" is not a range/],
    },
  ];
  for (const { request, faults } of cases) {
    test(JSON.stringify(request.check), async () => {
      await assert.rejects(runProbe(request, { signal: signal() }), (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.faults.length, faults.length, error.message);
        for (const [index, fault] of error.faults.entries()) assert.match(fault, faults[index] ?? /^$/);
        return true;
      });
    });
  }
});
