import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { isCached, pointOfPresence } from "./cdn.ts";

type Headers = Record<string, string>;

suite("out of a cache", () => {
  const cached: Headers[] = [
    { age: "1" },
    { age: "86400" },
    { "cache-status": "ExampleCache; hit" },
    { "cache-status": 'OriginCache; hit; ttl=1100, "CDN Company Here"; hit; ttl=545' },
    { "cache-status": '"Edge; Inc, here"; fwd=miss, Parent;hit=?1' },
    { "x-cache": "HIT" },
    { "x-cache": "MISS, HIT" },
    { "x-cache": "HIT, MISS" },
    { "x-cache": "Hit from cloudfront" },
    { "x-cache": "TCP_HIT" },
    { "x-cache": "TCP_REMOTE_HIT" },
    { "x-cache": "TCP_MEM_HIT from a118-214-191-15 (AkamaiGHost/6.7.0.2-9183648)" },
    { "x-cache": "TCP_REFRESH_FAIL_HIT from a118-214-191-15 (AkamaiGHost/6.7.0.2-9183648)" },
    { "x-cache": "TCP_MISS from a", "x-cache-remote": "TCP_HIT from b" },
    { "x-cache": "HitStale from child" },
    { "x-cache-hits": "0, 7" },
    { "x-varnish": "32770 3" },
    { "x-cache-status": "STALE" },
    { "x-proxy-cache": "UPDATING" },
    { "cf-cache-status": "HIT" },
    { "cf-cache-status": "STALE" },
    { "cf-cache-status": "UPDATING" },
    { "cdn-cache": "HIT" },
    { "x-vercel-cache": "HIT" },
    { "x-vercel-cache": "PRERENDER" },
    { "server-timing": 'cdn-cache-hit,cdn-pop;desc="FRA56-P5"' },
    { "server-timing": "edge; dur=1, cdn-cache; desc=HIT" },
  ];
  for (const headers of cached) {
    test(JSON.stringify(headers), () => {
      assert.equal(isCached(headers), true);
    });
  }
});

suite("from the origin", () => {
  const asked: Headers[] = [
    {},
    { age: "0" },
    { age: "soon" },
    { "cache-status": "ExampleCache; fwd=miss; stored" },
    { "cache-status": "ExampleCache; hit=?0; fwd=bypass" },
    { "cache-status": '"the ; hit cache"; fwd=uri-miss' },
    { "cache-status": "ExampleCache; fwd=stale; fwd-status=304; hits=3" },
    { "x-cache": "MISS, MISS" },
    { "x-cache": "Miss from cloudfront" },
    { "x-cache": "RefreshHit from cloudfront" },
    { "x-cache": "TCP_REFRESH_HIT from a118-214-191-15" },
    { "x-cache": "CONFIG_NOCACHE" },
    { "x-cache-hits": "0, 0" },
    { "x-varnish": "32770" },
    { "x-cache-status": "REVALIDATED" },
    { "cf-cache-status": "DYNAMIC" },
    { "cf-cache-status": "REVALIDATED" },
    { "cf-cache-status": "EXPIRED" },
    { "x-vercel-cache": "BYPASS" },
    { "server-timing": "cdn-cache-refresh, cdn-upstream-dns;dur=0" },
    { "server-timing": "cdn-cache; desc=MISS, origin; dur=12" },
  ];
  for (const headers of asked) {
    test(JSON.stringify(headers), () => {
      assert.equal(isCached(headers), false);
    });
  }
});

suite("the point of presence", () => {
  const cases: { headers: Headers; place: string | null }[] = [
    { headers: { "cf-ray": "8f1d2c3b4a596877-FRA" }, place: "FRA" },
    { headers: { "cf-ray": "8f1d2c3b4a596877" }, place: null },
    { headers: { "x-amz-cf-pop": "FRA56-P5" }, place: "FRA56-P5" },
    { headers: { "x-amz-cf-pop": "AMS1" }, place: "AMS1" },
    { headers: { "x-served-by": "cache-fra-etou8220101-FRA" }, place: "FRA" },
    { headers: { "x-served-by": "cache-iad-kiad7000067-IAD, cache-fra-etou8220101-FRA" }, place: "FRA" },
    { headers: { "x-served-by": "cache-jfk1041-JFK, cache-ord1720-ORD" }, place: "ORD" },
    { headers: { "x-served-by": "web-3" }, place: null },
    { headers: { "x-vercel-id": "fra1::iad1::x7k2v-1700000000000-0123456789ab" }, place: "fra1" },
    { headers: { server: "BunnyCDN-DE1-1085" }, place: "DE1" },
    { headers: { server: "nginx" }, place: null },
    { headers: { "x-edge-location": "frankfurtDE" }, place: "frankfurtDE" },
    // Cloudflare before Vercel: who is nearer to us put its own on last.
    { headers: { "cf-ray": "8f1d2c3b4a596877-FRA", "x-vercel-id": "iad1::x" }, place: "FRA" },
    { headers: {}, place: null },
  ];
  for (const { headers, place } of cases) {
    test(`${JSON.stringify(headers)} is ${place}`, () => {
      assert.equal(pointOfPresence(headers), place);
    });
  }
});
