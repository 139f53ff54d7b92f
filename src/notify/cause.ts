import type { Layer, Observation } from "../model/observation.ts";
import type { Verdict, VerdictReason } from "../model/verdict.ts";

/** Error classes in the words of a first line; one that is not here is shown as it is. */
const errorWords: Readonly<Record<string, string>> = {
  "dns.nxdomain": "the name does not exist",
  "dns.nodata": "the name has no address",
  "dns.servfail": "DNS answers SERVFAIL",
  "dns.timeout": "DNS does not answer",
  "dns.refused": "DNS refuses to answer",
  "tcp.refused": "connection refused",
  "tcp.reset": "connection reset",
  "tcp.timeout": "no connection in time",
  "tcp.unreachable": "no way to the host",
  "tls.handshake": "TLS handshake fails",
  "tls.expired": "TLS certificate expired",
  "tls.not-yet-valid": "TLS certificate not valid yet",
  "tls.hostname": "TLS certificate of another name",
  "tls.untrusted": "TLS certificate not trusted",
  "tls.timeout": "no TLS handshake in time",
  "tls.version": "TLS version too old",
  "tls.starttls": "no STARTTLS",
  "http.status": "wrong HTTP status",
  "http.timeout-first-byte": "connects, but no answer in time",
  "http.timeout-body": "the answer stalls",
  "http.protocol": "the answer is no HTTP",
  "http.redirect-loop": "redirects in a loop",
  "http.blocked": "we are refused as a robot",
  "http.function-error": "your function says no",
  "websocket.handshake": "WebSocket handshake fails",
  "websocket.timeout": "no WebSocket handshake in time",
  "content.assertion": "wrong content",
  "content.json": "the answer is no JSON",
  "content.latency": "slower than asked",
  "content.timeout": "connects, but the answer does not come",
};

/** `null`: what fails says more than why the verdict is so. Empty: the headline says it all. */
const reasonWords: Readonly<Record<VerdictReason, string | null>> = {
  "enough-domains-fail": null,
  intermittent: null,
  "single-location": null,
  "some-domains-fail": null,
  "some-domains-flaky": null,
  slow: "",
  "all-pass": "passes wherever we looked",
  "second-look-clean": "failed at first, passes on the second look",
  "too-few-votes": "too few locations could look",
  "no-votes": "no location could look",
  "all-impaired": "our side, or the Internet: every location is cut off",
  blocked: "turned away as a robot from too many places",
  "no-baseline": "it failed before this alert, too",
  "not-visible-from-outside": "passes, but cannot prove this alert wrong",
  "check-not-built": "the alert gave us nothing to check",
  "route-error": "the route's rules met an error",
  overdue: "no result in time",
  interrupted: "the check was interrupted",
};

/** `TLS certificate expired`, `HTTP 503`: an error class in words, with the status where all that fail got the same. */
export function errorText(errorClass: string, observations: readonly Observation[]): string {
  const failing = observations.filter((observation) => observation.errorClass === errorClass);
  const statuses = new Set(failing.map((observation) => observation.http?.statusCode));
  const [status] = statuses;
  if (errorClass === "http.status" && statuses.size === 1 && status !== undefined) return `HTTP ${status}`;
  return errorWords[errorClass] ?? errorClass;
}

/** Why, in the few words of a first line. */
export function causeOf(verdict: Verdict, observations: readonly Observation[]): string {
  const words = reasonWords[verdict.reason];
  if (words !== null) return words;
  // One location alone may well pass; then it is the only one that could say so.
  if (verdict.votes.fail + verdict.votes.flaky === 0) return "passes, but only one location looked";
  const what = whatFails(verdict, observations);
  const where = whereOnly(verdict);
  if (where !== "") return `${what}, ${where}`;
  const atTimes = verdict.reason === "intermittent" || verdict.reason === "some-domains-flaky";
  return atTimes ? `${what}, at times` : what;
}

const layerWords: Partial<Record<Layer, string>> = {
  dns: "DNS",
  tcp: "TCP",
  tls: "TLS",
  http: "HTTP",
  grpc: "gRPC",
  websocket: "WebSocket",
};

function whatFails({ scope: { errorClass, layer } }: Verdict, observations: readonly Observation[]): string {
  if (errorClass !== null) return errorText(errorClass, observations);
  const word = layer === null ? undefined : layerWords[layer];
  return word === undefined ? "fails in several ways" : `${word} fails in several ways`;
}

/** `only over IPv6`; empty where the headline has said it, which names the locations. */
function whereOnly({ outcome, scope: { common, sentence } }: Verdict): string {
  const named = common.length === 1 && common[0]?.attribute === "location" && outcome === "regional";
  const [, only = ""] = /^fails (only .+)$/.exec(sentence) ?? [];
  return named ? "" : only;
}
