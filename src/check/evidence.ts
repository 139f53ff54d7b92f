/** What an assertion looks at in what a probe saw. Pure. */
import type { Assertion } from "../model/assertion.ts";
import type { DnsDetails, GrpcDetails, TlsDetails } from "../model/observation.ts";
import { certificateProperties } from "./assertion-faults.ts";
import type { ErrorClass } from "./failure.ts";
import { parseJsonPath } from "./json-path/json-path.ts";
import { isNestedWithin, type JsonValue } from "./json-path/json-value.ts";
import { JsonPathError } from "./json-path/scope.ts";

/** What assertions look at: of each type of check, what there is to see. */
export interface Evidence {
  readonly totalMs: number;
  readonly statusCode?: number;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The body, or what was received, was longer than is read; its rest is unknown. */
  readonly truncated?: boolean;
  readonly tls?: TlsDetails | undefined;
  /** What a TCP server sent. */
  readonly received?: string;
  readonly dns?: DnsDetails;
  readonly grpc?: GrpcDetails;
}

/** What was found: `value` is undefined for what is not there, `missing` says why it could not be looked at. */
export interface Found {
  readonly value: unknown;
  readonly missing?: string;
  readonly errorClass?: ErrorClass;
}

/** Of JSON, so that walking through it and telling of it end before the stack does. */
const depthLimit = 500;

/** The part of the evidence that an assertion is about. */
export function find({ source, property = "" }: Assertion, evidence: Evidence): Found {
  switch (source) {
    case "status-code":
      return { value: evidence.statusCode };
    case "header":
      return { value: ownHeader(evidence.headers ?? {}, property.toLowerCase()) };
    case "body":
      return { value: evidence.body };
    case "json-body":
      return findJson(property, evidence);
    case "response-time":
      return { value: Math.round(evidence.totalMs) };
    case "certificate":
      if (evidence.tls === undefined)
        return { value: undefined, missing: "there is no certificate: the connection had no TLS" };
      return { value: evidence.tls[certificateProperties[property as keyof typeof certificateProperties]] };
    case "received":
      return { value: evidence.received };
    case "answers":
      return { value: evidence.dns?.answers.map(({ value }) => value) };
    case "rcode":
      return { value: evidence.dns?.rcode };
    case "ttl":
      return { value: smallestTtl(evidence.dns) };
    case "grpc-status":
      return { value: evidence.grpc?.status };
    case "health":
      return { value: evidence.grpc?.health };
  }
}

/** `constructor` is the name of a header, too. */
function ownHeader(headers: NonNullable<Evidence["headers"]>, name: string): string | undefined {
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}

/** Caches drop a record when its time is up: the first to go counts. */
function smallestTtl(dns: DnsDetails | undefined): number | undefined {
  const ttls = dns?.answers.flatMap(({ ttl }) => ttl ?? []) ?? [];
  return ttls.length === 0 ? undefined : Math.min(...ttls);
}

/** The node that the path selects; several are a list, none is undefined. */
function findJson(path: string, { body = "", truncated }: Evidence): Found {
  let document: JsonValue;
  try {
    document = JSON.parse(body) as JsonValue;
  } catch (error) {
    // What it quotes of the body may be a part of what was sent.
    const why =
      truncated === true
        ? "longer than max-body"
        : (error as Error).message.replace(/,? ?(?:\.{3})?".*$/s, "");
    return { value: undefined, missing: `the body is not JSON: ${why}`, errorClass: "content.json" };
  }
  if (!isNestedWithin(document, depthLimit)) {
    const missing = `the body is nested more than ${depthLimit} levels deep`;
    return { value: undefined, missing, errorClass: "content.json" };
  }
  try {
    const nodes = parseJsonPath(path)(document);
    return { value: nodes.length > 1 ? nodes : nodes[0] };
  } catch (error) {
    if (error instanceof JsonPathError) return { value: undefined, missing: `${path}: ${error.message}` };
    throw error;
  }
}
