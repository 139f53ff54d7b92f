/** What the headers of an answer tell of the caches and content delivery networks that it came through. Names in lower case. */

type Headers = Readonly<Record<string, string>>;

/**
 * Headers in which caches say what they did with a request, in words of their own: Fastly, CloudFront, Azure, Akamai and Squid
 * (`x-cache`; Akamai's parent in `x-cache-remote`), Cloudflare, Vercel, Bunny, and what configurations of nginx call
 * `$upstream_cache_status`.
 */
const cacheHeaders = [
  "x-cache",
  "x-cache-remote",
  "x-cache-status",
  "x-proxy-cache",
  "cf-cache-status",
  "cdn-cache",
  "x-vercel-cache",
] as const;

/**
 * `HIT`, `Hit from cloudfront`, `TCP_MEM_HIT`, `TCP_REMOTE_HIT`, `HitStale`, and also `TCP_REFRESH_FAIL_HIT`, which Akamai says of
 * a copy whose origin is dead. No hit: `RefreshHit` and `TCP_REFRESH_HIT`, for which the origin was asked.
 */
const hit = /^(?!(?:tcp_)?refresh_hit$)(?:\w+_)?hit(?:stale|_\w+)?$/i;

/** An old copy while a new one is fetched, or cannot be (Cloudflare, nginx, Vercel); a page made when the site was built. */
const unasked = /^(?:stale|updating|prerender)$/i;

/**
 * Whether an answer came out of a cache, so that it says nothing of the origin: its health now, its content now. A copy that
 * the origin has just confirmed (Cloudflare's `REVALIDATED`, CloudFront's `RefreshHit`) did not. Any cache on the way counts.
 *
 * Sources: RFC 9111 §5.1 (`Age`; of 0 it says nothing, since Varnish and Fastly send it with what they fetched), RFC 9211
 * (`Cache-Status`), developers.cloudflare.com/cache/concepts/cache-responses, fastly.com/documentation/reference/http/http-headers
 * (X-Cache, X-Cache-Hits), docs.aws.amazon.com/AmazonCloudFront (access logs, `x-edge-result-type`; Server-Timing), learn.microsoft.com
 * (azure/cdn/cdn-msft-http-debug-headers), techdocs.akamai.com/edge-diagnostics (pragma headers), vercel.com/docs/caching/cache-status.
 */
export function isCached(headers: Headers): boolean {
  if (Number(headers.age) > 0 || hasRfc9211Hit(headers["cache-status"])) return true;
  // Fastly: how often each node had it.
  if (headers["x-cache-hits"]?.split(",").some((count) => Number(count) > 0) === true) return true;
  // CloudFront (`cdn-cache-hit`) and Akamai (`cdn-cache; desc=HIT`).
  if (/\bcdn-cache(?:-hit|;\s*desc="?hit)\b/i.test(headers["server-timing"] ?? "")) return true;
  // Varnish names the request that fetched the copy after the present one.
  if (/^\d+ \d+$/.test(headers["x-varnish"] ?? "")) return true;
  return cacheHeaders.some((name) => {
    const words = headers[name]?.match(/\w+/g) ?? [];
    return words.some((word) => hit.test(word) || unasked.test(word));
  });
}

/** RFC 9211 §2.1: a list of caches, each with parameters; `hit` is a boolean. */
function hasRfc9211Hit(text = ""): boolean {
  const bare = text.replaceAll(/"(?:\\.?|[^"\\])*(?:"|$)/gs, "cache");
  return bare.split(",").some((cache) => /;\s*hit\s*(?:=\s*\?1\s*)?(?:;|$)/.test(cache));
}

/** Of each network's header, the part that names the place. */
const places: readonly { readonly header: string; readonly pattern: RegExp }[] = [
  // Cloudflare: the request's number, the data centre's airport: `8f1d2c3b4a596877-FRA`.
  { header: "cf-ray", pattern: /^[0-9a-f]+-([A-Z]{3})$/ },
  // CloudFront: `FRA56-P5`.
  { header: "x-amz-cf-pop", pattern: /^([A-Z]{3}\w*(?:-\w+)?)$/ },
  // Fastly, the last of its nodes being the nearest: `cache-iad-kiad7000067-IAD, cache-fra-etou8220101-FRA`.
  { header: "x-served-by", pattern: /(?:^|,\s*)cache-[\w-]+-([A-Z]{3})$/ },
  // Vercel, the nearest first: `fra1::iad1::x7k2v-1700000000000-0123456789ab`.
  { header: "x-vercel-id", pattern: /^([a-z]{3}\d+)::/ },
  // Bunny: `BunnyCDN-DE1-1085`.
  { header: "server", pattern: /^BunnyCDN-([A-Z0-9]+)-/ },
  // CDN77: `frankfurtDE`.
  { header: "x-edge-location", pattern: /^([\w, -]{1,40})$/ },
];

/**
 * The point of presence of the content delivery network that answered, in that network's own code (`FRA`, `FRA56-P5`, `fra1`);
 * null where none says.
 *
 * Sources: developers.cloudflare.com/fundamentals/reference/http-headers (cf-ray), docs.aws.amazon.com/AmazonCloudFront
 * (x-amz-cf-pop), fastly.com/documentation/reference/http/http-headers/X-Served-By, vercel.com/docs/headers/response-headers,
 * docs.bunny.net/cdn/troubleshooting/run-traceroute, client.cdn77.com/support (headers added by CDN77).
 */
export function pointOfPresence(headers: Headers): string | null {
  for (const { header, pattern } of places) {
    const code = pattern.exec(headers[header] ?? "")?.[1];
    if (code !== undefined) return code;
  }
  return null;
}

/**
 * The headers that tell where an answer came from and what kept it back, which stay in the evidence however many others there
 * are: those above, those by which operators of networks find a request in their logs, and those of challenges and limits.
 */
export const tellingHeaders: ReadonlySet<string> = new Set([
  ...cacheHeaders,
  ...places.map(({ header }) => header),
  "age",
  "cache-status",
  "x-cache-hits",
  "x-varnish",
  "server-timing",
  "x-amz-cf-id",
  "x-azure-ref",
  "x-msedge-ref",
  "x-akamai-request-id",
  "akamai-grn",
  "fly-request-id",
  "cdn-requestid",
  "x-request-id",
  "via",
  "alt-svc",
  "retry-after",
  "cf-mitigated",
  "x-amzn-waf-action",
  "x-vercel-mitigated",
  "x-dd-b",
  "content-type",
  "content-length",
  "location",
  "date",
]);
