import { describeError } from "../model/errors.ts";
import type { FailureSource, Layer } from "../model/observation.ts";
import type { Finding } from "./probe-type.ts";

/** Every class of failure that probes find, and whose fault it is; docs/error-classes.md explains each. */
export const errorClasses = {
  "dns.nxdomain": "target",
  "dns.nodata": "target",
  "dns.servfail": "target",
  "dns.refused": "target",
  "dns.timeout": "target",
  "dns.protocol": "target",
  "tcp.refused": "target",
  "tcp.reset": "target",
  "tcp.timeout": "network",
  "tcp.unreachable": "network",
  "tls.handshake": "target",
  "tls.timeout": "target",
  "tls.expired": "target",
  "tls.not-yet-valid": "target",
  "tls.hostname": "target",
  "tls.untrusted": "target",
  "tls.version": "target",
  "tls.starttls": "target",
  "http.timeout-first-byte": "target",
  "http.timeout-body": "target",
  "http.protocol": "target",
  "http.truncated": "target",
  "http.redirect": "target",
  "http.redirect-loop": "target",
  "http.status": "target",
  "grpc.status": "target",
  "grpc.not-serving": "target",
  "grpc.protocol": "target",
  "grpc.timeout": "target",
  "websocket.handshake": "target",
  "websocket.timeout": "target",
  "content.assertion": "target",
  "content.json": "target",
  "content.latency": "target",
  "content.timeout": "target",
  "location.resolver": "resolver",
  "location.network": "location",
  "location.resources": "location",
  "location.blocked-target": "location",
  "location.bug": "location",
} as const satisfies Partial<Record<`${Layer}.${string}`, FailureSource>>;
export type ErrorClass = keyof typeof errorClasses;

/** An attempt that did not get through; the message is for people and has the values that matter. */
export class ProbeFailure extends Error {
  override name = "ProbeFailure";
  readonly errorClass: ErrorClass;

  constructor(errorClass: ErrorClass, message: string, options?: ErrorOptions) {
    super(message, options);
    this.errorClass = errorClass;
  }
}

/** An error as a failure of an attempt; what is none yet is our own mistake. */
export function asFailure(error: unknown): ProbeFailure {
  if (error instanceof ProbeFailure) return error;
  return new ProbeFailure("location.bug", describeError(error), { cause: error });
}

type Verdict = Pick<Finding, "outcome" | "failureSource" | "layer" | "errorClass" | "message">;

/** Each attempt has its message, and targets choose some of the words. */
const messageLimit = 1000;

/** The part of a finding that says what went wrong. A fault of the place is an error: it says nothing of the target. */
export function failed({ errorClass, message }: Pick<ProbeFailure, "errorClass" | "message">): Verdict {
  const layer = errorClass.slice(0, errorClass.indexOf(".")) as Layer;
  return {
    outcome: layer === "location" ? "error" : "fail",
    failureSource: errorClasses[errorClass],
    layer,
    errorClass,
    message: message.length > messageLimit ? `${message.slice(0, messageLimit - 1)}…` : message,
  };
}
