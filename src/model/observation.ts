import * as z from "zod";
import { assertionResult } from "./assertion.ts";

/**
 * `pass`; `degraded`: works, slower than asked; `fail`: the target failed the check; `error`: the location could not
 * tell.
 */
export const observationOutcome = z.enum(["pass", "degraded", "fail", "error"]);
export type ObservationOutcome = z.output<typeof observationOutcome>;

/** Whose fault it was. */
export const failureSource = z.enum(["target", "network", "resolver", "location"]);
export type FailureSource = z.output<typeof failureSource>;

/** How far the check got: the layer that failed. */
export const layer = z.enum(["dns", "tcp", "tls", "http", "grpc", "websocket", "content", "location"]);
export type Layer = z.output<typeof layer>;

const ms = z.number().nonnegative().nullable();

/** Milliseconds; `null`: the phase did not happen. Over redirects they are sums. */
export const timings = z.object({ dns: ms, tcp: ms, tls: ms, firstByte: ms, download: ms, total: ms });
export type Timings = z.output<typeof timings>;

export const noTimings: Timings = {
  dns: null,
  tcp: null,
  tls: null,
  firstByte: null,
  download: null,
  total: null,
};

/** What HTTP said. */
export const httpDetails = z.object({
  statusCode: z.int(),
  version: z.string(),
  redirects: z.array(z.object({ statusCode: z.int(), location: z.string() })),
  headers: z.record(z.string(), z.string()),
  bodySize: z.int(),
  bodySample: z.string(),
  bodySha256: z.string(),
  truncated: z.boolean(),
});
export type HttpDetails = z.output<typeof httpDetails>;

/** What TLS said; dates are RFC 3339. */
export const tlsDetails = z.object({
  authorized: z.boolean(),
  error: z.string().nullable(),
  protocol: z.string().nullable(),
  cipher: z.string().nullable(),
  alpn: z.string().nullable(),
  subject: z.string().nullable(),
  issuer: z.string().nullable(),
  subjectAltName: z.string().nullable(),
  validFrom: z.string().nullable(),
  validTo: z.string().nullable(),
  daysUntilExpiry: z.number().nullable(),
  serialNumber: z.string().nullable(),
  fingerprint256: z.string().nullable(),
});
export type TlsDetails = z.output<typeof tlsDetails>;

/** What DNS said; `rcode` in RFC 1035's and IANA's words (`NOERROR`, `NXDOMAIN`), TTLs in seconds. */
export const dnsDetails = z.object({
  resolver: z.string().nullable(),
  rcode: z.string().nullable(),
  answers: z.array(
    z.object({ name: z.string(), type: z.string(), ttl: z.int().nullable(), value: z.string() }),
  ),
});
export type DnsDetails = z.output<typeof dnsDetails>;

/** What a gRPC server said: `status` of the call (0 is OK), `health` as grpc.health.v1 calls it (`SERVING`). */
export const grpcDetails = z.object({ status: z.int().nullable(), health: z.string().nullable() });
export type GrpcDetails = z.output<typeof grpcDetails>;

/** What a TCP server sent, as text and cut. */
export const tcpDetails = z.object({ received: z.string() });
export type TcpDetails = z.output<typeof tcpDetails>;

/**
 * What came of asking a control once: a URL of somebody else, which tells whether the place itself is cut off. Any answer
 * over valid TLS, a 500 included, proves that it is not. Each URL is asked as often as there are samples, at most three
 * times, and further up to ten times while none has been lost; it has one of these for each try that ended. Where nothing
 * got through to the target, the first tries are all that is waited for. So a URL that no try reached is cut off, and one that some tries reached lies on a noisy path.
 */
export const controlResult = z.object({
  url: z.string(),
  reached: z.boolean(),
  /** Why not; empty when it was reached. */
  message: z.string(),
  durationMs: z.number(),
});
export type ControlResult = z.output<typeof controlResult>;

/** How one try ended. `errorClass` is `<layer>.<what>`, such as `tls.expired`; docs/error-classes.md lists them. */
const finding = z.object({
  outcome: observationOutcome,
  failureSource: failureSource.nullable(),
  layer: layer.nullable(),
  errorClass: z.string().nullable(),
  /** For people: what went wrong or was left out, with the values that matter; empty when nothing was. */
  message: z.string(),
  remoteAddress: z.string().nullable(),
  ipVersion: z.union([z.literal(4), z.literal(6)]).nullable(),
  timings,
  /** The address that the connection went out from. */
  localAddress: z.string().optional(),
  http: httpDetails.optional(),
  tls: tlsDetails.optional(),
  dns: dnsDetails.optional(),
  grpc: grpcDetails.optional(),
  tcp: tcpDetails.optional(),
  assertions: z.array(assertionResult),
});

/** One try on one address over a fresh connection. */
export const attempt = finding.extend({
  /** 1 for the first sample. */
  sample: z.int().positive(),
  /** 1 for a sample's first try, 2 for its retry. */
  number: z.int().positive(),
  /** ms since 1970, by the location's clock */
  startedAt: z.number(),
});
export type Attempt = z.output<typeof attempt>;

/**
 * What one location saw for one check: every attempt, and the finding of the one that tells most: the last failing one
 * if any failed, else the last. `outcome` is `pass` or `degraded` when any attempt got through; with an `errorClass`
 * beside it, some did not. Nothing failed, but time ran out before every sample was taken: `error`,
 * `location.timeout`, with the attempts that had ended. The `message` of a pass says what could not be looked at.
 */
export const observation = finding.extend({
  check: z.string(),
  location: z.string(),
  resolvedAddresses: z.array(z.string()),
  /**
   * Who said what the name is, or was to say it: an address, or `system`; absent for a target that is an address. Of a
   * dns check: who was looked at.
   */
  resolver: z.string().optional(),
  /** In the order of their ends, asked beside the retry when something failed below HTTP; absent when nobody was asked. */
  controls: z.array(controlResult).optional(),
  attempts: z.array(attempt),
  startedAt: z.number(),
  durationMs: z.number(),
  /** The location had just been started for this: its phases are longer than the target's fault. */
  coldStart: z.boolean().optional(),
});
export type Observation = z.output<typeof observation>;

/** The observation of a location that could not do its work; it has no vote. */
export function errorObservation(where: {
  readonly check: string;
  readonly location: string;
  readonly errorClass: string;
  readonly message: string;
  readonly startedAt: number;
  readonly durationMs: number;
}): Observation {
  return {
    ...where,
    outcome: "error",
    failureSource: "location",
    layer: "location",
    remoteAddress: null,
    ipVersion: null,
    timings: noTimings,
    assertions: [],
    resolvedAddresses: [],
    attempts: [],
  };
}

/** An observation as we show it to others: its times are RFC 3339. */
export function observationJson({ startedAt, attempts, ...observation }: Observation) {
  return {
    ...observation,
    startedAt: new Date(startedAt).toISOString(),
    attempts: attempts.map((attempt) => ({
      ...attempt,
      startedAt: new Date(attempt.startedAt).toISOString(),
    })),
  };
}
