import assert from "node:assert/strict";
import { test } from "node:test";
import { noClaim } from "../model/claim.ts";
import type { Claim } from "../model/claim.ts";
import { expression } from "../rego/index.ts";
import { claimOf, coverageOf } from "./claim.ts";
import type { Written } from "./claim.ts";

const places = [
  { name: "office", region: null },
  { name: "dublin", region: "eu-west-1" },
];

const bodyOf = (value: unknown) =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

function claimed(value: unknown, written: Written = null): Claim {
  const documents = { input: typeof value === "string" ? undefined : value, data: {} };
  return claimOf({ alert: { body: bodyOf(value) }, documents }, written, places);
}

const words: { says: string; claim: Partial<Claim> }[] = [
  { says: "p99 latency of checkout is high", claim: { kinds: ["latency"] } },
  { says: "slow responses", claim: { kinds: ["latency"] } },
  { says: "request timed out", claim: { kinds: ["latency"] } },
  { says: "SSL certificate expires in 3 days", claim: { kinds: ["certificate"] } },
  { says: "TLS handshake", claim: { kinds: ["certificate"] } },
  { says: "DNS: NXDOMAIN for shop.example", claim: { kinds: ["dns"] } },
  { says: "shop.example could not be resolved", claim: { kinds: ["dns"] } },
  { says: "the alert is resolved", claim: {} },
  { says: "keyword missing on the page", claim: { kinds: ["content"] } },
  { says: "shop is DOWN", claim: { kinds: ["reachability"] } },
  { says: "HTTP 503 from shop", claim: { kinds: ["reachability"] } },
  { says: "site down, certificate invalid", claim: { kinds: ["certificate", "reachability"] } },
  { says: "nothing that we know", claim: {} },
  { says: "slowly but surely: breakdown, hotels, dnsmasq", claim: { kinds: ["latency"] } },
  { says: "see https://grafana.example/d/latency-and-ssl", claim: {} },
  { says: "SSLCertExpiringSoon", claim: { kinds: ["certificate"] } },
  { says: "HighRequestLatency", claim: { kinds: ["latency"] } },
  { says: "high_latency of probe_ssl_earliest_cert", claim: { kinds: ["latency", "certificate"] } },
  { says: "KubeDNSFailing", claim: { kinds: ["dns"] } },
  { says: "InstanceDown", claim: { kinds: ["reachability"] } },
  { says: "EndpointIPv6Failing", claim: { ipVersions: [6] } },
  { says: "trace.http.request.latency", claim: { kinds: ["latency"] } },
  { says: "aws.elb.latency.p95 is high", claim: { kinds: ["latency"] } },
  { says: "It is slow.It was not", claim: { kinds: ["latency"] } },
  { says: "dial tcp: lookup shop.example: no such host", claim: { kinds: ["dns"] } },
  { says: "getaddrinfo ENOTFOUND shop.example", claim: { kinds: ["dns"] } },
  { says: "too many 5xx", claim: { kinds: ["reachability"] } },
  { says: "fails at latency.example and dns.shop.de, slow:8080", claim: { kinds: ["latency"] } },
  { says: "latency.shop.internal:443, certs.svc:8443, dns@shop.example, down.shop.co.", claim: {} },
  { says: "zip-v4 and the ship v6, IPv66", claim: {} },
  { says: "ipv4_probe and Ipv6", claim: { ipVersions: [4, 6] } },
  { says: "only TLSv1.2 is left", claim: { kinds: ["certificate"] } },
  { says: "DNSSECBogus", claim: { kinds: ["dns"] } },
  { says: "cluster prod-eu-west-1", claim: { regions: ["eu-west-1"] } },
  { says: "api_eu-west-1_checks", claim: { regions: ["eu-west-1"] } },
  { says: "fails over IPv6", claim: { ipVersions: [6] } },
  { says: "no AAAA, IPv4 works", claim: { ipVersions: [4, 6] } },
  { says: "fails from eu-west-1a and europe-west4", claim: { regions: ["eu-west-1", "europe-west4"] } },
  { says: "arn:aws:cloudwatch:us-gov-east-1:123:alarm", claim: { regions: ["us-gov-east-1"] } },
  { says: "the Office cannot reach it, dublin-2 can", claim: { regions: ["office"] } },
  { says: "eu-west-12x, my-eu-west, officer", claim: {} },
];
for (const { says, claim } of words) {
  test(`"${says}": ${JSON.stringify(claim)}`, () => {
    assert.deepEqual(claimed({ alerts: [{ annotations: { summary: says } }] }), { ...noClaim, ...claim });
  });
}

test("an alert that is no JSON is read as the text that it is", () => {
  assert.deepEqual(claimed("Certificate problem").kinds, ["certificate"]);
});

test("keys are no claims, and of long texts and large alerts only the beginning is read", () => {
  assert.deepEqual(claimed({ dns: null, latency: 3 }), noClaim);
  assert.deepEqual(claimed({ log: `${"x ".repeat(5000)} certificate` }), noClaim);
  const many = Array.from({ length: 200_000 }, (_, index) => `line ${index}`);
  assert.deepEqual(claimed({ many, last: "certificate" }).kinds, ["certificate"], "the top comes first");
  assert.deepEqual(claimed([...many, "certificate"]), noClaim);
});

test("of a hundred alerts in one group each is read", () => {
  const alerts = Array.from({ length: 100 }, (_, index) => ({
    status: "firing",
    startsAt: `2026-01-01T00:${index % 60}:00Z`,
    endsAt: "0001-01-01T00:00:00Z",
    generatorURL: "https://prometheus.example/graph?g0.expr=up",
    fingerprint: `c0ffee00000000${index}`,
    labels: { alertname: "Probe", severity: "page", job: "blackbox", instance: `shop-${index}` },
    annotations: { summary: index < 99 ? `Probe ${index}` : "SSLCertExpiring", runbook: "wiki" },
  }));
  assert.deepEqual(claimed({ receiver: "crosscheck", alerts }).kinds, ["certificate"]);
});

test("a deeply nested alert does not crash", () => {
  const deep = `${"[".repeat(20_000)}"certificate"${"]".repeat(20_000)}`;
  assert.equal(typeof claimed(deep), "object");
});

test("what the route says goes before the words, regions and families included", () => {
  const alert = { kind: "latency", text: "certificate over IPv6 in sa-east-1" };
  assert.deepEqual(claimed(alert, ["dns"]), { ...noClaim, kinds: ["dns"] });
  assert.deepEqual(claimed(alert, expression("input.kind")), { ...noClaim, kinds: ["latency"] });
  assert.deepEqual(claimed(alert, expression(`["content", "ipv6", "Dublin", "us-east-1"]`)), {
    kinds: ["content"],
    ipVersions: [6],
    regions: ["dublin", "us-east-1"],
  });
  assert.deepEqual(claimed(alert, expression("[]")), noClaim);
});

for (const rule of ["input.nothing", "1", `["latency", "weather"]`, `{"latency": true}`, "1 / 0"]) {
  test(`a claim that cannot be read (${rule}) leaves it to the words`, () => {
    assert.deepEqual(claimed({ text: "certificate" }, expression(rule)).kinds, ["certificate"]);
  });
}

const latency: Claim = { ...noClaim, kinds: ["latency"] };
const both: Claim = { ...noClaim, kinds: ["latency", "certificate"] };

const coverages: { covers: Written; claim: Claim; covered: boolean | null }[] = [
  { covers: null, claim: latency, covered: null },
  { covers: ["latency"], claim: latency, covered: true },
  { covers: ["reachability", "content"], claim: latency, covered: false },
  { covers: ["latency"], claim: both, covered: false },
  { covers: ["latency", "certificate"], claim: both, covered: true },
  { covers: ["reachability"], claim: noClaim, covered: true },
  { covers: expression("true"), claim: both, covered: true },
  { covers: expression("false"), claim: noClaim, covered: false },
  { covers: expression(`["latency"]`), claim: latency, covered: true },
  { covers: expression(`"latency"`), claim: both, covered: false },
  { covers: expression("[]"), claim: noClaim, covered: false },
  { covers: expression(`["weather"]`), claim: noClaim, covered: false },
  { covers: expression("input.nothing"), claim: noClaim, covered: false },
  { covers: expression("1"), claim: noClaim, covered: false },
  { covers: expression("input.kind == `page`"), claim: latency, covered: true },
  {
    covers: {
      value: () => {
        throw new Error("too many steps");
      },
    },
    claim: noClaim,
    covered: false,
  },
];
for (const [index, { covers, claim, covered }] of coverages.entries()) {
  test(`coverage ${index}: ${covered}`, () => {
    const coverage = coverageOf(covers, claim, { input: { kind: "page" }, data: {} });
    assert.equal(coverage?.covered ?? null, covered);
    if (coverage !== null) assert.notEqual(coverage.why, "");
  });
}
