import type { ClaimKind } from "../model/claim.ts";

/**
 * How texts speak of what is wrong, an alert's among them: what monitors write, and what Go, curl and Node.js say when a name
 * does not resolve.
 */
const kindWords: readonly (readonly [ClaimKind, RegExp])[] = [
  [
    "latency",
    /\b(?:latenc(?:y|ies)|slow\w*|response.?times?|durations?|time.?outs?|timed.?out|p9[059]|apdex|deadline exceeded)\b/iv,
  ],
  ["certificate", /\b(?:certificates?|certs?|tls(?:v1[\d.]*)?|ssl(?:v3)?|x\.?509|expir\w+)\b/iv],
  [
    "dns",
    /\b(?:dns(?:sec)?|name.?servers?|nxdomain|servfail|name resolution|(?:no such|unknown) host|enotfound|getaddrinfo|fail(?:ed|ure|s) to resolve|(?:can|could)(?: ?not|n't)(?: be)? resolved?)\b/iv,
  ],
  [
    "content",
    /\b(?:content|keywords?|checksum|defaced|(?:wrong|unexpected) (?:text|body|page)|(?:does not|doesn't) contain)\b/iv,
  ],
  [
    "reachability",
    /\b(?:down|unreachable|unavailable|unhealthy|offline|outage|refused|not (?:reachable|responding)|no (?:answer|response)|(?:http.?)?5xx|http.?5\d\d)\b/iv,
  ],
];

/** Links, hosts and addresses of people name things and claim nothing: `https://grafana.example/d/latency`, `dns.shop.example:443`. */
const links = /https?:\/\/\S+/giv;
const hosts =
  /(?<![\p{L}\p{N}._\-@])(?:[\p{L}\p{N}._+\-]{1,64}@)?(?:(?:[\p{L}\p{N}_\-]+\.){2,}[a-z]{2}|(?:[\p{L}\p{N}_\-]+\.)+(?:com|net|org|info|app|dev|cloud|internal|local|example|test|[\p{L}\p{N}\-]+(?=:\d)))(?![\p{L}\p{N}_\-]|\.[\p{L}\p{N}])/giv;

/** Where words begin in names of alerts and metrics: `SSLCertExpiring`, `high_latency`. */
const seams = /(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|_/gv;

export function withoutLinks(text: string): string {
  return text.replaceAll(links, " ");
}

/** The kinds of trouble that a text speaks of. */
export function kindsIn(text: string): ClaimKind[] {
  const claims = withoutLinks(text).replaceAll(hosts, " ");
  // As it stands as well: `TLSv1.2` has a seam too many.
  const words = `${claims}\n${claims.replaceAll(seams, " ")}`;
  return kindWords.filter(([, pattern]) => pattern.test(words)).map(([kind]) => kind);
}

const families = {
  4: /(?:IP|(?<!\p{L})[Ii]p)[ _\-]?[Vv]4(?!\d)/v,
  6: /(?:IP|(?<!\p{L})[Ii]p)[ _\-]?[Vv]6(?!\d)|\b[Aa]{4}\b/v,
} as const;

/** The IP families that it names, in links as well. */
export function familiesIn(text: string): (4 | 6)[] {
  return ([4, 6] as const).filter((version) => families[version].test(text));
}

/** The names of AWS (`eu-west-1`, `us-gov-east-1`) and GCP (`europe-west1`), without the letter of a zone. */
const regionName =
  /(?<![a-z0-9])(?:(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov|-isob?)?-(?:central|(?:north|south)(?:east|west)?|east|west)-\d|(?:africa|asia|australia|europe|me|northamerica|southamerica|us)-(?:central|(?:north|south)(?:east|west)?|east|west)\d{1,2})(?=-?[a-z]?(?![a-z0-9]))/giv;

/** The regions of clouds that it names, in links as well, as they are written. */
export function regionsIn(text: string): string[] {
  return text.match(regionName) ?? [];
}
