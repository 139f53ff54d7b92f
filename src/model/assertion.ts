import * as z from "zod";

export const assertionSource = z.enum([
  "status-code",
  "header",
  "body",
  "json-body",
  "response-time",
  "certificate",
  "received",
  "answers",
  "rcode",
  "ttl",
  "grpc-status",
  "health",
]);
export type AssertionSource = z.output<typeof assertionSource>;

export const comparison = z.enum([
  "equals",
  "not-equals",
  "contains",
  "not-contains",
  "matches",
  "less-than",
  "greater-than",
  "is-empty",
  "not-empty",
  "is-null",
  "not-null",
  "has-key",
]);
export type Comparison = z.output<typeof comparison>;

const target = z.union([z.string(), z.number(), z.boolean(), z.null()]).optional();

/**
 * One expectation of a check, in Checkly's and Datadog's words: what is looked at (`source`, and `property` for a header's
 * name, a JSONPath of RFC 9535 or a certificate's field; of DNS `answers` are the values, `ttl` the smallest), how (`comparison`), and with what (`target`).
 */
export const assertion = z.strictObject({
  source: assertionSource,
  property: z.string().min(1).optional(),
  comparison,
  target,
  /** When it does not hold the target is degraded, not failing. */
  degraded: z.boolean().optional(),
});
export type Assertion = z.output<typeof assertion>;

/** An assertion with what was found. */
export const assertionResult = z.object({
  source: assertionSource,
  property: z.string().optional(),
  comparison,
  target,
  degraded: z.boolean().optional(),
  /** What was there, as text and cut; absent when it could not be looked at. */
  actual: z.string().optional(),
  passed: z.boolean(),
});
export type AssertionResult = z.output<typeof assertionResult>;
