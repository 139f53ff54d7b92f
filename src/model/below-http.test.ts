import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { isBelowHttp } from "./below-http.ts";
import { layer, noTimings, type ObservationOutcome } from "./observation.ts";

suite("below HTTP", () => {
  const cases: [errorClass: string, firstByte: number | null, expected: boolean][] = [
    ["dns.servfail", null, true],
    ["tcp.timeout", null, true],
    ["tcp.reset", 3, true],
    ["tls.handshake", null, true],
    ["tls.timeout", null, true],
    ["tls.expired", null, false],
    ["tls.starttls", null, false],
    ["http.timeout-first-byte", null, true],
    ["http.timeout-first-byte", 3, false],
    ["http.timeout-body", 3, false],
    ["http.protocol", null, false],
    ["http.status", 3, false],
    ["grpc.timeout", null, true],
    ["grpc.timeout", 3, false],
    ["websocket.timeout", null, true],
    ["content.timeout", null, true],
    ["content.timeout", 3, false],
    ["location.resolver", null, false],
  ];
  for (const [errorClass, firstByte, expected] of cases) {
    test(`${errorClass}, first byte ${firstByte}: ${expected}`, () => {
      const [head] = errorClass.split(".");
      const outcome: ObservationOutcome = head === "location" ? "error" : "fail";
      const finding = { outcome, layer: layer.parse(head), errorClass, timings: { ...noTimings, firstByte } };
      assert.equal(isBelowHttp(finding), expected);
      assert.equal(isBelowHttp({ ...finding, outcome: "pass" }), false);
    });
  }
});
