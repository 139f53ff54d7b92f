import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import {
  checkVerdictOf,
  degraded,
  fail,
  flaky,
  noon,
  pass,
  planOf,
} from "../../test/fixtures/observations.ts";
import type { WrittenCheck } from "../model/check.ts";
import { noTimings } from "../model/observation.ts";
import type { HttpDetails, Observation, TlsDetails } from "../model/observation.ts";
import type { SelfTest } from "../model/self-test.ts";
import { changesSince } from "./evidence-changes.ts";
import { commandFor } from "./evidence-command.ts";
import { evidenceFor } from "./evidence.ts";

const run = promisify(execFile);
const tools = ["curl", "dig", "openssl", "nc", "grpcurl"];
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "crosscheck-evidence-"));
  const stub = '#!/bin/sh\nprintf "%s\\0" "${0##*/}" "$@"\n';
  await Promise.all(tools.map((tool) => writeFile(join(folder, tool), stub, { mode: 0o755 })));
});
after(() => rm(folder, { recursive: true }));

/** The words that the tool gets when a person pastes the line. */
async function pasted(line: string): Promise<string[]> {
  const env = { PATH: folder, TOKEN: 'a "b" $c', PASSWORD: "p'w" };
  const { stdout, stderr } = await run("/bin/sh", ["-c", line], { cwd: folder, env });
  assert.equal(stderr, "");
  assert.deepEqual((await readdir(folder)).toSorted(), tools.toSorted(), "nothing but the tool ran");
  return stdout.split("\0").slice(0, -1);
}

const http: WrittenCheck = { name: "storefront", type: "http", url: "https://shop.example/" };
const refused: Partial<Observation> = {
  layer: "tcp",
  errorClass: "tcp.refused",
  resolvedAddresses: ["192.0.2.1"],
};
const expired = { layer: "tls", errorClass: "tls.expired" } as const;
const nameless: Partial<Observation> = {
  layer: "dns",
  errorClass: "dns.nxdomain",
  remoteAddress: null,
  ipVersion: null,
  resolvedAddresses: [],
};
const v6: Partial<Observation> = {
  remoteAddress: "2001:db8::7",
  ipVersion: 6,
  resolvedAddresses: ["2001:db8::7"],
};
const curl = "curl -gsv -o /dev/null -m 5";

const lines: readonly [
  what: string,
  check: Partial<WrittenCheck>,
  seen: Partial<Observation>,
  line: string,
][] = [
  ["http", {}, refused, `${curl} --resolve shop.example:443:192.0.2.1 https://shop.example/`],
  ["over IPv6", {}, v6, `${curl} --resolve 'shop.example:443:[2001:db8::7]' https://shop.example/`],
  ["an address", { url: "http://[2001:db8::7]:8080/x" }, v6, `${curl} 'http://[2001:db8::7]:8080/x'`],
  [
    "HTTP/1.1, a method, a body",
    { method: "POST", body: "$TOKEN", "http-version": "1.1", timeout: "1500ms" },
    refused,
    'curl -gsv -o /dev/null -m 2 --resolve shop.example:443:192.0.2.1 --http1.1 -X POST -H Content-Type: --data-raw "$TOKEN" https://shop.example/',
  ],
  [
    "HEAD",
    { method: "HEAD", "http-version": 2 },
    refused,
    `${curl} --resolve shop.example:443:192.0.2.1 --http2 --head https://shop.example/`,
  ],
  [
    "headers and a password",
    {
      headers: { authorization: "$TOKEN", "x-file": "file:key", "x-literal": "config:storefront/1" },
      "basic-auth": { username: "bob", password: "$PASSWORD" },
    },
    refused,
    `${curl} --resolve shop.example:443:192.0.2.1 -H 'authorization: '"$TOKEN" -H 'x-file: [secret]' -H 'x-literal: [secret]' -u bob:"$PASSWORD" https://shop.example/`,
  ],
  [
    "behind a redirect to another host",
    {},
    {
      http: { ...answer(503), redirects: [{ statusCode: 302, location: "https://other.example/" }] },
      resolvedAddresses: ["192.0.2.9"],
    },
    `${curl} -L https://shop.example/`,
  ],
  [
    "a certificate",
    {},
    expired,
    "openssl s_client -connect 192.0.2.1:443 -servername shop.example -verify_hostname shop.example </dev/null",
  ],
  ["a name", {}, { ...nameless, resolver: "10.0.0.2" }, "dig @10.0.0.2 shop.example A"],
  ["a name, of the system", { "ip-family": 6 }, { ...nameless, resolver: "system" }, "dig shop.example AAAA"],
  [
    "tcp",
    { type: "tcp", url: undefined, host: "db.example", port: 5432 },
    refused,
    "nc -vz -w 5 192.0.2.1 5432",
  ],
  [
    "tcp, a greeting",
    { type: "tcp", url: undefined, host: "mx.example", port: 25 },
    { layer: "content" },
    "nc -v -w 5 192.0.2.1 25",
  ],
  [
    "tls with STARTTLS",
    {
      type: "tls",
      url: undefined,
      host: "mx.example",
      port: 25,
      starttls: "smtp",
      "server-name": "mail.example",
    },
    v6,
    "openssl s_client -connect '[2001:db8::7]:25' -servername mail.example -verify_hostname mail.example -starttls smtp </dev/null",
  ],
  [
    "dns",
    {
      type: "dns",
      url: undefined,
      query: "shop.example",
      "record-type": "MX",
      resolver: "[2001:db8::53]:5353",
    },
    { layer: "dns", errorClass: "dns.servfail" },
    "dig @2001:db8::53 -p 5353 shop.example MX",
  ],
  [
    "grpc",
    {
      type: "grpc",
      url: undefined,
      host: "api.example",
      port: 50_051,
      tls: false,
      service: "shop.Cart",
      metadata: { authorization: "$TOKEN" },
    },
    refused,
    `grpcurl -plaintext -max-time 5 -authority api.example -d '{"service":"shop.Cart"}' -H 'authorization: '"$TOKEN" 192.0.2.1:50051 grpc.health.v1.Health/Check`,
  ],
  [
    "websocket",
    {
      type: "websocket",
      url: "wss://shop.example/live",
      protocols: ["v1", "v2"],
      headers: { cookie: "$TOKEN" },
    },
    refused,
    `${curl} --resolve shop.example:443:192.0.2.1 --http1.1 -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: Y3Jvc3NjaGVjay1wcm9iZQ==' -H 'Sec-WebSocket-Protocol: v1, v2' -H 'cookie: '"$TOKEN" https://shop.example/live`,
  ],
  ["a function of the user's own", { type: "function", url: undefined }, refused, ""],
  ["a target that is none", { url: "shop" }, refused, ""],
  [
    "a host that looks like an option",
    { type: "tcp", url: undefined, host: "-e/bin/sh", port: 1 },
    { remoteAddress: null },
    "",
  ],
  ["a line that nobody could read", { url: `https://shop.example/${"a".repeat(2000)}` }, refused, ""],
];
for (const [what, check, seen, line] of lines)
  test(`the line for ${what}`, () => {
    assert.equal(commandFor({ ...http, ...check }, fail("eu", seen)), line);
  });

const hostile = [
  "https://shop.example/'; touch pwned; '",
  'https://shop.example/"$(touch pwned)"`touch pwned`',
  "https://shop.example/?a=1&b=2;touch pwned|touch pwned>pwned",
  "https://shop.example/\ntouch pwned\n#!x",
  String.raw`https://shop.example/\';touch pwned;\'?q={a,b}[1-9]&x=$TOKEN#'`,
  "https://shop.example/*?~!\u202e\u0000",
  "https://x:secret@shop.example/",
];
for (const url of hostile)
  test(`pasted into a shell, ${JSON.stringify(url)} is one word of curl`, async () => {
    const line = commandFor({ ...http, url }, fail("eu", refused));
    const words = await pasted(line);
    const expected = new URL(url);
    expected.hash = "";
    expected.username = "";
    expected.password = "";
    assert.deepEqual(words, [...curl.split(" "), "--resolve", "shop.example:443:192.0.2.1", expected.href]);
    assert.ok(!line.includes("secret@"));
  });

test("pasted into a shell, names from an alert are one word of dig, nc and openssl", async () => {
  const bad = "a';touch pwned;'$(touch pwned)";
  const seen = fail("eu", { layer: "tcp", remoteAddress: null });
  assert.deepEqual(await pasted(commandFor({ name: "n", type: "dns", query: bad }, seen)), ["dig", bad, "A"]);
  assert.deepEqual(await pasted(commandFor({ name: "n", type: "dns", query: `-f${bad}` }, seen)), [
    "dig",
    "-t",
    "A",
    "-q",
    `-f${bad}`,
  ]);
  assert.deepEqual(await pasted(commandFor({ name: "n", type: "tcp", host: bad, port: 1 }, seen)), [
    "nc",
    "-vz",
    "-w",
    "5",
    bad,
    "1",
  ]);
  const tls = await pasted(
    commandFor({ name: "n", type: "tls", host: bad, port: 1 }, seen).replace("</dev/null", ""),
  );
  assert.deepEqual(tls.slice(0, 4), ["openssl", "s_client", "-connect", `${bad}:1`]);
});

test("pasted into a shell, a secret is the variable's value, whole", async () => {
  const check = {
    ...http,
    headers: { "x-`$(touch pwned)'": "$TOKEN" },
    "basic-auth": { username: "bob's", password: "$PASSWORD" },
  };
  const words = await pasted(commandFor(check, fail("eu", refused)));
  assert.ok(words.includes(`x-\`$(touch pwned)': a "b" $c`));
  assert.ok(words.includes("bob's:p'w"));
});

function answer(statusCode: number, fields: Partial<HttpDetails> = {}): HttpDetails {
  const facts = { bodySize: 19, bodySample: "", bodySha256: "aa", truncated: false };
  return { statusCode, version: "1.1", redirects: [], headers: {}, ...facts, ...fields };
}

const certificate: TlsDetails = {
  authorized: true,
  error: null,
  protocol: "TLSv1.3",
  cipher: null,
  alpn: null,
  subject: "shop.example",
  issuer: "Good CA",
  subjectAltName: null,
  validFrom: "2026-01-01T00:00:00.000Z",
  validTo: "2027-01-01T00:00:00.000Z",
  daysUntilExpiry: 40,
  serialNumber: null,
  fingerprint256: "AB:CD:EF:01:23",
};

const good = pass("eu", {
  http: answer(200, { headers: { server: "nginx", date: "then", "cf-ray": "8f1d2c3b4a596877-FRA" } }),
  tls: certificate,
  timings: { ...noTimings, dns: 3, tcp: 40, tls: 18, firstByte: 90, total: 151 },
});

test("what is different from the last good run is told in words, and what is the same is not", () => {
  const seen = fail("eu", {
    resolvedAddresses: ["198.51.100.9"],
    http: answer(503, {
      version: "2",
      bodySize: 512,
      bodySha256: "bb",
      headers: { server: "maintenance", date: "now", "cf-ray": "9f1d2c3b4a596877-AMS" },
    }),
    tls: {
      ...certificate,
      fingerprint256: "99:88:77:66:55",
      issuer: "Other CA",
      validTo: "2026-11-21T00:00:00.000Z",
    },
    timings: { ...noTimings, dns: 5, tcp: 45, tls: 19, firstByte: 4000.4, total: 4070 },
  });
  assert.deepEqual(changesSince(good, seen), [
    "addresses: new 198.51.100.9; gone 192.0.2.1",
    "certificate: was AB:CD:EF:01… of Good CA, valid until 2027-01-01, is 99:88:77:66… of Other CA, valid until 2026-11-21",
    "HTTP version: was 1.1, is 2",
    "status: was 200, is 503",
    "point of presence: was FRA, is AMS",
    "header server: was nginx, is maintenance",
    "body: another one, was 19 bytes, is 512",
    "slower first byte: was 90 ms, is 4000 ms",
  ]);
  assert.deepEqual(changesSince(good, { ...good, outcome: "fail" }), []);
  assert.deepEqual(changesSince(null, seen), []);
});

test("a failure that came less far is compared as far as it came", () => {
  const { http: _http, tls: _tls, ...refusedHere } = fail("eu", { ...refused, timings: noTimings });
  assert.deepEqual(changesSince(good, refusedHere), []);
});

test("DNS answers are compared without their order and their TTLs", () => {
  const answers = ["192.0.2.1", "192.0.2.2"].map((value, ttl) => ({
    name: "shop.example",
    type: "A",
    ttl,
    value,
  }));
  const of = (list: typeof answers, rcode = "NOERROR") =>
    pass("eu", { dns: { resolver: null, rcode, answers: list } });
  assert.deepEqual(changesSince(of(answers), of(answers.toReversed())), []);
  assert.deepEqual(changesSince(of(answers), of([], "SERVFAIL")), [
    "DNS answer code: was NOERROR, is SERVFAIL",
    "DNS answers: was A 192.0.2.1, A 192.0.2.2, is empty",
  ]);
});

test("every location that fails has its evidence, the ones that pass or are slow none", () => {
  const observations = [fail("eu", refused), flaky("apac"), pass("na"), degraded("sa")];
  const votes = { eu: "fail", apac: "flaky", na: "pass", sa: "degraded" } as const;
  const selfTest: SelfTest = {
    definition: "",
    check: "storefront",
    location: "eu",
    testedAt: noon,
    failingSince: null,
    last: good,
    good,
  };
  const found = evidenceFor({ plan: planOf(), checks: [checkVerdictOf("confirmed", votes)], observations }, [
    selfTest,
  ]);
  assert.deepEqual(
    found.map(({ location, changes }) => [location, changes]),
    [
      ["eu", ["last passed 2027-01-15 08:00Z, and nothing that can be compared has changed since"]],
      ["apac", []],
    ],
  );
  assert.match(found[0]?.command ?? "", /^curl .*https:\/\/shop\.example\/$/v);
  const slow = evidenceFor(
    { plan: planOf(), checks: [checkVerdictOf("degraded", { sa: "degraded" })], observations },
    [],
  );
  assert.deepEqual(
    slow.map(({ location }) => location),
    ["sa"],
  );
});
