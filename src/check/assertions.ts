/** Whether what a probe saw holds against a check's assertions. Pure. */
import type { Assertion, AssertionResult, Comparison } from "../model/assertion.ts";
import type { DnsDetails, GrpcDetails, TlsDetails } from "../model/observation.ts";
import { parseDuration } from "../model/settings.ts";
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

/** An assertion's result, and what to call it and say of it if it did not hold. */
export interface Judged {
  readonly result: AssertionResult;
  readonly errorClass: ErrorClass;
  /** Empty when it holds. */
  readonly message: string;
}

/** What was found: `value` is undefined for what is not there, `missing` says why it could not be looked at. */
interface Found {
  readonly value: unknown;
  readonly missing?: string;
  readonly errorClass?: ErrorClass;
}

const actualLimit = 200;

/** Of JSON, so that walking through it and telling of it end before the stack does. */
const depthLimit = 500;

/** What is said of text that was cut. */
const unread = {
  body: ": the body is longer than max-body, its rest was not read",
  received: ": more came than is read",
} as const;

/**
 * Judges each assertion by itself, in order. Expects assertions without faults (`assertionFaults`). What is told of
 * values goes through `hide`, before it is cut: half a secret is one, too.
 */
export function evaluate(
  assertions: readonly Assertion[],
  evidence: Evidence,
  hide: (text: string) => string = (text) => text,
): readonly Judged[] {
  return assertions.map((assertion) => {
    const found = find(assertion, evidence);
    const unsure =
      evidence.truncated === true && assertion.source in unread && assertion.comparison === "not-contains";
    const holds = found.missing === undefined && compare(found.value, assertion);
    const passed = holds && !unsure;
    const actual =
      found.value === undefined ? {} : { actual: excerpt(hide(textOf(found.value)), actualLimit) };
    const tail = holds && unsure ? unread[assertion.source as keyof typeof unread] : "";
    return {
      result: { ...assertion, ...actual, passed },
      errorClass: found.errorClass ?? classOf(assertion),
      message: passed ? "" : describe(assertion, { ...found, shown: quote(found.value, hide) }, holds) + tail,
    };
  });
}

function find({ source, property = "" }: Assertion, evidence: Evidence): Found {
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
    const why = truncated === true ? "longer than max-body" : (error as Error).message;
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

function compare(value: unknown, { source, comparison, target }: Assertion): boolean {
  switch (comparison) {
    case "equals":
      return equal(value, target);
    case "not-equals":
      return !equal(value, target);
    case "contains":
      return includes(value, target);
    case "not-contains":
      return !includes(value, target);
    case "matches":
      return value !== undefined && RegExp(textOf(target), "u").test(textOf(value));
    case "less-than":
      return numberOf(value) < limitOf(source, target);
    case "greater-than":
      return numberOf(value) > limitOf(source, target);
    case "is-empty":
      return isEmpty(value);
    case "not-empty":
      return !isEmpty(value);
    case "is-null":
      return value === undefined || value === null;
    case "not-null":
      return value !== undefined && value !== null;
    case "has-key":
      return isObject(value) && Object.hasOwn(value, textOf(target));
  }
}

/** By text, since the file may say `200`, `"200"` or a template that yields either. */
function equal(value: unknown, target: unknown): boolean {
  return value !== undefined && textOf(value) === textOf(target);
}

function includes(value: unknown, target: unknown): boolean {
  if (Array.isArray(value)) return value.some((item) => equal(item, target));
  return value !== undefined && textOf(value).includes(textOf(target));
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** NaN, which compares as false both ways, for what is no number. */
function numberOf(value: unknown): number {
  if (typeof value === "string") return value.trim() === "" ? Number.NaN : Number(value);
  return typeof value === "number" ? value : Number.NaN;
}

function limitOf(source: Assertion["source"], target: unknown): number {
  const ms = source === "response-time" && typeof target === "string" ? parseDuration(target) : undefined;
  return ms ?? numberOf(target);
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : JSON.stringify(value);
}

function classOf({ source }: Assertion): ErrorClass {
  if (source === "status-code") return "http.status";
  if (source === "grpc-status") return "grpc.status";
  if (source === "health") return "grpc.not-serving";
  return source === "response-time" ? "content.latency" : "content.assertion";
}

const phrases: Record<Comparison, (actual: string, target: string) => string> = {
  equals: (actual, target) => `is ${actual}, not ${target}`,
  "not-equals": (actual) => `is ${actual}`,
  contains: (_, target) => `does not contain ${target}`,
  "not-contains": (_, target) => `contains ${target}`,
  matches: (_, target) => `does not match ${target}`,
  "less-than": (actual, target) => `is ${actual}, not less than ${target}`,
  "greater-than": (actual, target) => `is ${actual}, not more than ${target}`,
  "is-empty": () => "is not empty",
  "not-empty": () => "is empty",
  "is-null": () => "is not null",
  "not-null": () => "is null",
  "has-key": (_, target) => `has no key ${target}`,
};

function describe(
  { source, property, comparison, target }: Assertion,
  { value, missing, shown }: Found & { readonly shown: string },
  holds: boolean,
): string {
  if (missing !== undefined) return missing;
  const subject = {
    header: `header ${property}`,
    "json-body": `${property}`,
    certificate: `certificate's ${property}`,
  };
  const name = source in subject ? subject[source as keyof typeof subject] : source.replace("-", " ");
  if (holds) return `${name} cannot be told not to contain ${quote(target)}`;
  if (value === undefined) return `${name} is missing`;
  const unit = source === "response-time" ? " ms" : "";
  return `${name} ${phrases[comparison](shown + unit, quote(target))}`;
}

function quote(value: unknown, hide: (text: string) => string = (text) => text): string {
  return excerpt(hide(JSON.stringify(value) ?? "nothing"), 80);
}

function excerpt(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text;
}
