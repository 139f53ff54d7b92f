/** Whether what a probe saw holds against a check's assertions. Pure. */
import type { Assertion, AssertionResult, Comparison } from "../model/assertion.ts";
import { compare, textOf } from "./compare.ts";
import { find, type Evidence, type Found } from "./evidence.ts";
import type { ErrorClass } from "./failure.ts";

/** An assertion's result, and what to call it and say of it if it did not hold. */
export interface Judged {
  readonly result: AssertionResult;
  readonly errorClass: ErrorClass;
  /** Empty when it holds. */
  readonly message: string;
}

const actualLimit = 200;

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
