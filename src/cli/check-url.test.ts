import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSettings } from "../check/probes/index.ts";
import { checkOfUrl } from "./check-url.ts";
import { UsageError } from "./usage.ts";

test("a URL stands for a check of its kind", () => {
  const cases = [
    ["https://shop.example/x?y", { type: "http", url: "https://shop.example/x?y" }],
    ["wss://shop.example/live", { type: "websocket", url: "wss://shop.example/live" }],
    ["tcp://shop.example:25", { type: "tcp", host: "shop.example", port: 25 }],
    ["tcp://[2001:db8::1]:25", { type: "tcp", host: "2001:db8::1", port: 25 }],
    ["tls://shop.example", { type: "tls", host: "shop.example" }],
    ["tls://shop.example:8443", { type: "tls", host: "shop.example", port: 8443 }],
    ["dns:shop.example?type=mx", { type: "dns", query: "shop.example", "record-type": "MX" }],
    ["dns://192.0.2.53/shop.example", { type: "dns", query: "shop.example", resolver: "192.0.2.53" }],
    [
      "dns://192.0.2.53:5353/shop.example",
      { type: "dns", query: "shop.example", resolver: "192.0.2.53:5353" },
    ],
    [
      "grpc://shop.example:50051",
      { type: "grpc", host: "shop.example", port: 50_051, tls: false, service: "" },
    ],
    [
      "grpcs://shop.example:443/cart.Cart",
      { type: "grpc", host: "shop.example", port: 443, tls: true, service: "cart.Cart" },
    ],
  ] as const;
  for (const [url, check] of cases) {
    assert.deepEqual(checkOfUrl(url), { name: "check", ...check }, url);
    assert.equal(checkSettings.safeParse(checkOfUrl(url)).success, true, url);
  }
});

test("what is none, or of another kind, is refused with the kinds there are", () => {
  for (const url of [
    "shop.example",
    "ftp://shop.example",
    "/var/run",
    "tcp://shop.example",
    "grpcs://shop.example",
  ])
    assert.throws(
      () => checkOfUrl(url),
      (error) => error instanceof UsageError && /tcp:\/\/HOST:PORT/.test(error.message),
    );
});
