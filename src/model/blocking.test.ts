import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { looksBlocked } from "./blocking.ts";
import type { HttpDetails } from "./observation.ts";

const ordinary: HttpDetails = {
  statusCode: 200,
  version: "1.1",
  redirects: [],
  headers: {},
  bodySize: 5,
  bodySample: "hello",
  bodySha256: "",
  truncated: false,
};

suite("looks blocked", () => {
  const cases: Partial<HttpDetails>[] = [
    { statusCode: 403 },
    { statusCode: 429 },
    { statusCode: 451 },
    { statusCode: 503, headers: { "cf-mitigated": "challenge" } },
    { statusCode: 202, headers: { "x-amzn-waf-action": "challenge" } },
    { statusCode: 405, headers: { "x-amzn-waf-action": "captcha" } },
    { headers: { "x-vercel-mitigated": "challenge" } },
    { headers: { "x-dd-b": "1" } },
    { statusCode: 503, bodySample: "<html><head><title>Just a moment...</title>" },
    { bodySample: "<script>window._cf_chl_opt={cvId:'3'}</script>" },
    { bodySample: '<iframe src="https://geo.captcha-delivery.com/captcha/?initialCid=x">' },
    { bodySample: "<script>AwsWafIntegration.checkForceRefresh().then(f)</script>" },
    { bodySample: "Request unsuccessful. Incapsula incident ID: 877000490-1" },
  ];
  for (const answer of cases) {
    test(JSON.stringify(answer), () => {
      assert.equal(looksBlocked({ ...ordinary, ...answer }), true);
    });
  }
});

suite("does not", () => {
  const cases: Partial<HttpDetails>[] = [
    {},
    { statusCode: 401 },
    { statusCode: 404 },
    { statusCode: 503 },
    { statusCode: 405 },
    { headers: { "cf-ray": "8f1d2c3b4a596877-FRA", server: "cloudflare" } },
    // The script of Cloudflare's that pages have which passed.
    { bodySample: '<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>' },
    { headers: { "x-dd-b": "0" } },
  ];
  for (const answer of cases) {
    test(JSON.stringify(answer), () => {
      assert.equal(looksBlocked({ ...ordinary, ...answer }), false);
    });
  }
});
