import assert from "node:assert/strict";
import { test } from "node:test";
import { fail, flaky, pass } from "../../test/fixtures/observations.ts";
import type { HttpDetails, Observation } from "../model/observation.ts";
import { asksForRest, changesOf, contrastOf } from "./contrast.ts";

const check = {
  name: "storefront",
  type: "http",
  url: "https://shop.example/",
  "http-version": "auto",
  assertions: [{ source: "body", comparison: "contains", target: "welcome" }],
};

const answer: HttpDetails = {
  statusCode: 503,
  version: "2",
  redirects: [],
  headers: {},
  bodySize: 0,
  bodySample: "",
  bodySha256: "",
  truncated: false,
};

function failing(fields: Partial<Observation>): Observation {
  return fail("eu", { resolver: "system", resolvedAddresses: ["192.0.2.1"], ...fields });
}

function namesOf(seen: Observation, resolvers: readonly string[] = [], of = check): string[] {
  return changesOf(of, seen, resolvers).map(({ factor, value }) => `${factor} ${value}`);
}

test("one thing is changed at a time, where there is another to change to", () => {
  const many = ["192.0.2.1", "2001:db8::1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "2001:db8::2"];
  const v6 = { ipVersion: 6 as const, remoteAddress: "2001:db8::1" };
  const redirected = { ...answer, redirects: [{ statusCode: 302, location: "https://www.shop.example/" }] };
  const cases: readonly [what: string, seen: Partial<Observation>, resolvers: string[], changes: string[]][] =
    [
      ["nothing else is known", { layer: "tcp" }, [], []],
      [
        "the name has other addresses",
        { layer: "tcp", resolvedAddresses: many },
        [],
        ["ip-family IPv6", "address 192.0.2.2", "address 192.0.2.3"],
      ],
      [
        "it fails over IPv6",
        { layer: "tcp", resolvedAddresses: many, ...v6 },
        [],
        ["ip-family IPv4", "address 2001:db8::2"],
      ],
      [
        "there are other resolvers",
        { layer: "tcp" },
        ["1.1.1.1", "8.8.8.8", "9.9.9.9"],
        ["resolver 1.1.1.1", "resolver 8.8.8.8"],
      ],
      [
        "it asked one of them",
        { layer: "tcp", resolver: "1.1.1.1" },
        ["1.1.1.1", "8.8.8.8"],
        ["resolver 8.8.8.8"],
      ],
      [
        "the target is an address: nobody was asked for a name",
        { layer: "tcp", resolver: undefined },
        ["1.1.1.1"],
        [],
      ],
      ["it answered in HTTP/2", { http: answer }, [], ["http-version HTTP/1.1"]],
      ["it answered in HTTP/1.1", { http: { ...answer, version: "1.1" } }, [], ["http-version HTTP/2"]],
      ["it broke before HTTP", { layer: "tls", errorClass: "tls.handshake" }, [], ["http-version HTTP/1.1"]],
      ["it was redirected", { http: redirected }, [], ["http-version HTTP/1.1", "redirects not followed"]],
      [
        "nothing was found in DNS",
        { layer: "dns", remoteAddress: null, ipVersion: null, resolvedAddresses: [] },
        ["1.1.1.1"],
        ["resolver 1.1.1.1"],
      ],
    ];
  for (const [what, seen, resolvers, changes] of cases)
    assert.deepEqual(namesOf(failing(seen), resolvers), changes, what);
});

test("at most six", () => {
  const addresses = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"];
  const http = { ...answer, redirects: [{ statusCode: 302, location: "https://www.shop.example/" }] };
  const names = namesOf(failing({ resolvedAddresses: addresses, http }), ["1.1.1.1", "8.8.8.8"]);
  assert.equal(names.length, 6);
});

test("addresses that failed as well are left out; one that passed is worth another look", () => {
  const [first] = fail("eu").attempts;
  const [good] = pass("eu").attempts;
  assert.ok(first !== undefined && good !== undefined);
  const attempts = ["192.0.2.1", "192.0.2.2"].map((remoteAddress) => ({ ...first, remoteAddress }));
  attempts.push({ ...first, ...good, remoteAddress: "192.0.2.3" });
  const seen = failing({
    layer: "tcp",
    attempts,
    resolvedAddresses: ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
  });
  assert.deepEqual(namesOf(seen), ["address 192.0.2.3"]);
});

test("what is asked: one try, this address only, and of a redirect the first answer alone", () => {
  const http = { ...answer, redirects: [{ statusCode: 302, location: "https://www.shop.example/" }] };
  const changes = changesOf(check, failing({ http, resolvedAddresses: ["192.0.2.1", "192.0.2.2"] }), [
    "1.1.1.1",
  ]);
  const [address, version, redirects, resolver] = changes;
  assert.equal(address?.address, "192.0.2.2");
  assert.deepEqual(address.check["retry"], { attempts: 1, backoff: "0ms" });
  assert.deepEqual(address.check.assertions, check.assertions);
  assert.deepEqual([version?.check["http-version"], version?.address], ["1.1", "192.0.2.1"]);
  assert.equal(redirects?.check["follow-redirects"], false);
  assert.deepEqual(redirects.check["assertions"], [
    { source: "status-code", comparison: "less-than", target: 400 },
  ]);
  assert.equal(resolver?.check["resolver"], "1.1.1.1");
});

test("what still fails at one of the addresses has not been made to work", () => {
  const [change] = changesOf(check, failing({ layer: "tcp" }), ["1.1.1.1"]);
  assert.ok(change !== undefined);
  assert.equal(contrastOf(change, pass("eu")).outcome, "pass");
  assert.equal(contrastOf(change, flaky("eu")).outcome, "fail");
  assert.equal(contrastOf(change, fail("eu")).outcome, "fail");
});

test("a target that asks for rest gets it", () => {
  const cases = [
    [429, true],
    [503, true],
    [500, false],
    [200, false],
  ] as const;
  for (const [statusCode, rest] of cases)
    assert.equal(asksForRest(fail("eu", { http: { ...answer, statusCode } })), rest, String(statusCode));
  assert.equal(asksForRest(fail("eu")), false);
});
