import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Assertion } from "../model/assertion.ts";
import type { TlsDetails } from "../model/observation.ts";
import { assertionFaults } from "./assertion-faults.ts";
import { evaluate } from "./assertions.ts";
import type { Evidence } from "./evidence.ts";

const tls: TlsDetails = {
  authorized: true,
  error: null,
  protocol: "TLSv1.3",
  cipher: "TLS_AES_256_GCM_SHA384",
  alpn: null,
  subject: "CN=storefront.example",
  issuer: "C=US, O=Let's Encrypt, CN=R11",
  subjectAltName: "DNS:storefront.example",
  validFrom: "2026-10-01T00:00:00.000Z",
  validTo: "2026-12-01T00:00:00.000Z",
  daysUntilExpiry: 9.5,
  serialNumber: "04A1",
  fingerprint256: "AB:CD",
};

const evidence: Evidence = {
  statusCode: 200,
  headers: { "content-type": "application/json", "x-count": "42", "x-empty": "" },
  body: '{"status":"ok","count":3,"up":true,"none":null,"list":[1,2,"three"],"empty":[],"nested":{"key":{"deep":"yes"}}}',
  truncated: false,
  totalMs: 812.4,
  tls,
};

type Case = readonly [source: string, property: string | undefined, comparison: string, target?: unknown];

const title = (each: Case) => each.map(String).join(" ");
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

function assertionOf([source, property, comparison, target]: Case): Assertion {
  return {
    source,
    comparison,
    ...(property === undefined ? {} : { property }),
    ...(target === undefined ? {} : { target }),
  } as Assertion;
}

suite("hold", () => {
  const cases: Case[] = [
    ["status-code", undefined, "equals", 200],
    ["status-code", undefined, "equals", "200"],
    ["status-code", undefined, "not-equals", 500],
    ["status-code", undefined, "less-than", 300],
    ["status-code", undefined, "greater-than", 199],
    ["status-code", undefined, "matches", "^2"],
    ["header", "Content-Type", "equals", "application/json"],
    ["header", "content-type", "contains", "json"],
    ["header", "content-type", "not-contains", "html"],
    ["header", "content-type", "matches", "^application/"],
    ["header", "x-count", "greater-than", 41],
    ["header", "x-absent", "is-null"],
    ["header", "x-absent", "is-empty"],
    ["header", "x-absent", "not-equals", "a"],
    ["header", "x-absent", "not-contains", "a"],
    ["header", "x-empty", "is-empty"],
    ["header", "constructor", "is-null"],
    ["header", "x-empty", "not-null"],
    ["body", undefined, "contains", '"status":"ok"'],
    ["body", undefined, "matches", "\\bok\\b"],
    ["body", undefined, "not-empty"],
    ["body", undefined, "not-contains", "error"],
    ["json-body", "$.status", "equals", "ok"],
    ["json-body", "$.count", "equals", 3],
    ["json-body", "$.count", "equals", "3"],
    ["json-body", "$.count", "less-than", 4],
    ["json-body", "$.up", "equals", true],
    ["json-body", "$.none", "is-null"],
    ["json-body", "$.none", "equals", null],
    ["json-body", "$.absent", "is-null"],
    ["json-body", "$.absent", "is-empty"],
    ["json-body", "$.list", "contains", 2],
    ["json-body", "$.list", "contains", "three"],
    ["json-body", "$.list[*]", "contains", "three"],
    ["json-body", "$.list", "not-contains", "four"],
    ["json-body", "$.list[0]", "equals", 1],
    ["json-body", "$.empty", "is-empty"],
    ["json-body", "$.nested", "has-key", "key"],
    ["json-body", "$.nested", "not-empty"],
    ["json-body", "$..deep", "equals", "yes"],
    ["json-body", "$.nested", "equals", '{"key":{"deep":"yes"}}'],
    ["response-time", undefined, "less-than", "1s"],
    ["response-time", undefined, "less-than", 813],
    ["response-time", undefined, "greater-than", "800ms"],
    ["certificate", "days-until-expiry", "greater-than", 9],
    ["certificate", "issuer", "contains", "Let's Encrypt"],
    ["certificate", "subject", "equals", "CN=storefront.example"],
    ["certificate", "protocol", "equals", "TLSv1.3"],
    ["certificate", "valid-to", "matches", "^2026-12"],
  ];
  for (const each of cases) {
    test(title(each), () => {
      const assertion = assertionOf(each);
      assert.deepEqual(assertionFaults(assertion), []);
      const [judged] = evaluate([assertion], evidence);
      assert.equal(judged?.result.passed, true, judged?.message ?? "");
      assert.equal(judged.message, "");
    });
  }
});

suite("do not hold, and say so", () => {
  const cases: { assertion: Case; says: string; errorClass?: string; actual?: string | null }[] = [
    {
      assertion: ["status-code", undefined, "equals", 201],
      says: "status code is 200, not 201",
      errorClass: "http.status",
      actual: "200",
    },
    {
      assertion: ["status-code", undefined, "not-equals", 200],
      says: "status code is 200",
      errorClass: "http.status",
    },
    {
      assertion: ["status-code", undefined, "matches", "^5"],
      says: 'status code does not match "^5"',
      errorClass: "http.status",
    },
    { assertion: ["header", "x-absent", "equals", "a"], says: "header x-absent is missing" },
    { assertion: ["header", "x-absent", "not-null"], says: "header x-absent is missing" },
    { assertion: ["header", "x-absent", "matches", ".*"], says: "header x-absent is missing" },
    {
      assertion: ["header", "x-count", "greater-than", 42],
      says: 'header x-count is "42", not more than 42',
      actual: "42",
    },
    { assertion: ["header", "x-empty", "less-than", 1], says: 'header x-empty is "", not less than 1' },
    {
      assertion: ["header", "content-type", "less-than", 1],
      says: 'header content-type is "application/json", not less than 1',
    },
    { assertion: ["body", undefined, "contains", "absent"], says: 'body does not contain "absent"' },
    { assertion: ["body", undefined, "not-contains", "status"], says: 'body contains "status"' },
    { assertion: ["body", undefined, "is-empty"], says: "body is not empty" },
    { assertion: ["json-body", "$.absent", "equals", "a"], says: "$.absent is missing" },
    { assertion: ["json-body", "$.count", "equals", 4], says: "$.count is 3, not 4", actual: "3" },
    { assertion: ["json-body", "$.count", "is-null"], says: "$.count is not null" },
    { assertion: ["json-body", "$.none", "not-null"], says: "$.none is null" },
    { assertion: ["json-body", "$.list", "contains", "four"], says: '$.list does not contain "four"' },
    {
      assertion: ["json-body", "$.nested", "has-key", "constructor"],
      says: '$.nested has no key "constructor"',
    },
    { assertion: ["json-body", "$.list", "has-key", "0"], says: '$.list has no key "0"' },
    {
      assertion: ["response-time", undefined, "less-than", "800ms"],
      says: 'response time is 812 ms, not less than "800ms"',
      errorClass: "content.latency",
      actual: "812",
    },
    {
      assertion: ["certificate", "days-until-expiry", "greater-than", 14],
      says: "certificate's days-until-expiry is 9.5, not more than 14",
      actual: "9.5",
    },
  ];
  for (const { assertion, says, errorClass = "content.assertion", actual = null } of cases) {
    test(title(assertion), () => {
      const [judged] = evaluate([assertionOf(assertion)], evidence);
      assert.equal(judged?.result.passed, false);
      assert.equal(judged.message, says);
      assert.equal(judged.errorClass, errorClass);
      if (actual !== null) assert.equal(judged.result.actual, actual);
    });
  }

  test("a body that is not JSON", () => {
    const html = { ...evidence, body: "<html>" };
    const [judged] = evaluate([assertionOf(["json-body", "$.status", "is-null"])], html);
    assert.equal(judged?.result.passed, false);
    assert.equal(judged.errorClass, "content.json");
    assert.match(judged.message, /^the body is not JSON: /);
  });

  test("a body that nests absurdly, or is too much for the path", () => {
    const all = [assertionOf(["json-body", "$..*..*..*..*", "not-null"])];
    const [deep] = evaluate(all, { ...evidence, body: nested(100_000) });
    assert.equal(deep?.message, "the body is nested more than 500 levels deep");
    assert.equal(deep.errorClass, "content.json");
    const [much] = evaluate(all, { ...evidence, body: nested(500) });
    assert.match(much?.message ?? "", /^\$\.\.\*.*: it takes more than 5000000 steps here: look at less of/);
    assert.equal(much?.errorClass, "content.assertion");
    assert.equal(much.result.passed, false);
  });

  test("what may stand in the part of the body that was not read", () => {
    const long = { ...evidence, truncated: true };
    const [absent, present, json] = evaluate(
      [
        assertionOf(["body", undefined, "not-contains", "error"]),
        assertionOf(["body", undefined, "contains", "status"]),
        assertionOf(["json-body", "$.status", "equals", "ok"]),
      ],
      { ...long, body: '{"status": ' },
    );
    assert.equal(absent?.result.passed, false);
    assert.match(absent.message, /cannot be told not to contain "error": the body is longer than max-body/);
    assert.equal(present?.result.passed, true);
    assert.match(json?.message ?? "", /not JSON: longer than max-body/);
  });

  test("a certificate that is not there", () => {
    const { tls: _tls, ...plain } = evidence;
    const [judged] = evaluate([assertionOf(["certificate", "issuer", "is-null"])], plain);
    assert.equal(judged?.result.passed, false);
    assert.equal(judged.message, "there is no certificate: the connection had no TLS");
  });

  test("actual values are cut", () => {
    const [judged] = evaluate([assertionOf(["body", undefined, "is-empty"])], {
      ...evidence,
      body: "x".repeat(5000),
    });
    assert.equal(judged?.result.actual?.length, 200);
  });
});

suite("faults", () => {
  const cases: { assertion: Case; key: string; says: RegExp }[] = [
    {
      assertion: ["body", undefined, "has-key", "a"],
      key: "comparison",
      says: /^has-key says nothing about body: use equals,/,
    },
    {
      assertion: ["response-time", undefined, "equals", "1s"],
      key: "comparison",
      says: /use less-than, greater-than$/,
    },
    { assertion: ["status-code", undefined, "is-empty"], key: "comparison", says: /is-empty says nothing/ },
    {
      assertion: ["header", undefined, "is-null"],
      key: "property",
      says: /needs a property: the header's name/,
    },
    { assertion: ["header", "a b", "is-null"], key: "property", says: /"a b" is not the name of a header/ },
    { assertion: ["json-body", undefined, "is-null"], key: "property", says: /needs a property: a JSONPath/ },
    { assertion: ["json-body", "status", "is-null"], key: "property", says: /"status" is not a JSONPath/ },
    { assertion: ["json-body", "$.a[", "is-null"], key: "property", says: /is not a JSONPath/ },
    {
      assertion: ["json-body", "$[?length(@.*) > 1]", "is-null"],
      key: "property",
      says: /is not a JSONPath \(RFC 9535\): only single names .* have a value, at character 11$/,
    },
    {
      assertion: ["certificate", "owner", "is-null"],
      key: "property",
      says: /no "owner": one of days-until-expiry/,
    },
    { assertion: ["body", "x", "is-empty"], key: "property", says: /body has no properties/ },
    { assertion: ["body", undefined, "contains"], key: "target", says: /contains needs a target/ },
    { assertion: ["body", undefined, "contains", ""], key: "target", says: /empty/ },
    { assertion: ["body", undefined, "is-empty", "x"], key: "target", says: /is-empty takes no target/ },
    {
      assertion: ["body", undefined, "matches", "("],
      key: "target",
      says: /"\(" is not a regular expression/,
    },
    { assertion: ["body", undefined, "matches", 7], key: "target", says: /as text/ },
    {
      assertion: ["status-code", undefined, "equals", "ok"],
      key: "target",
      says: /needs a number, not "ok"/,
    },
    { assertion: ["header", "x", "less-than", "many"], key: "target", says: /needs a number/ },
    {
      assertion: ["response-time", undefined, "less-than", "3"],
      key: "target",
      says: /duration, such as 500ms or 3s, not "3"/,
    },
    { assertion: ["response-time", undefined, "less-than", true], key: "target", says: /duration/ },
    { assertion: ["json-body", "$", "has-key", 7], key: "target", says: /needs text/ },
  ];
  for (const { assertion, key, says } of cases) {
    test(title(assertion), () => {
      const [fault, ...more] = assertionFaults(assertionOf(assertion));
      assert.equal(fault?.key, key);
      assert.match(fault.message, says);
      assert.deepEqual(more, []);
    });
  }

  test("templates are judged when they are rendered", () => {
    for (const source of ["status-code", "response-time", "body"]) {
      const comparison = source === "body" ? "matches" : "less-than";
      assert.deepEqual(
        assertionFaults(assertionOf([source, undefined, comparison, "{{ input.limit }}"])),
        [],
      );
    }
    assert.deepEqual(assertionFaults(assertionOf(["json-body", "{{ input.path }}", "is-null"])), []);
  });
});
