/** What is wrong with an assertion before anything is measured, so that the configuration's loader can say it. */
import * as z from "zod";
import {
  assertion as assertionShape,
  type Assertion,
  type AssertionSource,
  type Comparison,
} from "../model/assertion.ts";
import { parseDuration } from "../model/settings.ts";
import { parseJsonPath } from "./json-path/json-path.ts";
import { isTemplate } from "./template.ts";

export interface AssertionFault {
  /** The key to mark. */
  readonly key: "property" | "comparison" | "target";
  readonly message: string;
}

const text = ["equals", "not-equals", "contains", "not-contains", "matches"] as const;
const size = ["less-than", "greater-than"] as const;
const presence = ["is-empty", "not-empty", "is-null", "not-null"] as const;

/** The comparisons that mean something for each source. */
const meaningful: Record<AssertionSource, readonly Comparison[]> = {
  "status-code": ["equals", "not-equals", "matches", ...size],
  header: [...text, ...size, ...presence],
  body: [...text, ...size, "is-empty", "not-empty"],
  "json-body": [...text, ...size, ...presence, "has-key"],
  "response-time": size,
  certificate: [...text, ...size, ...presence],
  received: [...text, "is-empty", "not-empty"],
  answers: ["equals", "not-equals", "contains", "not-contains", "matches", "is-empty", "not-empty"],
  rcode: ["equals", "not-equals", "matches"],
  ttl: size,
  "grpc-status": ["equals", "not-equals", ...size],
  health: ["equals", "not-equals", "matches"],
};

/** The sources that are looked at by a property of theirs. */
const propertied = ["header", "json-body", "certificate"] as const satisfies readonly AssertionSource[];
type Propertied = (typeof propertied)[number];

/** What `property` may be for a certificate, and where TLS details have it. */
export const certificateProperties = {
  "days-until-expiry": "daysUntilExpiry",
  "valid-from": "validFrom",
  "valid-to": "validTo",
  issuer: "issuer",
  subject: "subject",
  "subject-alt-name": "subjectAltName",
  "serial-number": "serialNumber",
  fingerprint: "fingerprint256",
  protocol: "protocol",
  cipher: "cipher",
} as const;

/** Every fault of an assertion, none when it can be evaluated; templates are left for the moment when they are rendered. */
export function assertionFaults(assertion: Assertion): readonly AssertionFault[] {
  const property = propertyFault(assertion);
  const comparison = comparisonFault(assertion);
  const target = comparison === undefined ? targetFault(assertion) : undefined;
  return [
    ...(property === undefined ? [] : [{ key: "property", message: property } as const]),
    ...(comparison === undefined ? [] : [{ key: "comparison", message: comparison } as const]),
    ...(target === undefined ? [] : [{ key: "target", message: target } as const]),
  ];
}

/**
 * A check's `assertions:`, each of which can be evaluated and looks at one of `sources`, which is what there is to see for
 * this type of check. The faults of others are issues at the key that is wrong.
 */
export function assertionsOn(sources: readonly AssertionSource[]) {
  const sound = assertionShape.superRefine((assertion, context) => {
    const { source } = assertion;
    if (!sources.includes(source)) {
      const message = `there is no ${source} to look at here: use ${sources.join(", ")}`;
      context.addIssue({ code: "custom", message, path: ["source"], input: source });
      return;
    }
    for (const { key, message } of assertionFaults(assertion)) {
      context.addIssue({ code: "custom", message, path: [key], input: assertion[key] });
    }
  });
  return z.array(sound).max(50).default([]);
}

function propertyFault({ source, property }: Assertion): string | undefined {
  if (!isPropertied(source)) {
    return property === undefined ? undefined : `${source} has no properties`;
  }
  if (property === undefined) return `${source} needs a property: ${propertyMeaning[source]}`;
  if (isTemplate(property)) return undefined;
  if (source === "certificate" && !Object.hasOwn(certificateProperties, property)) {
    return `a certificate has no "${property}": ${propertyMeaning.certificate}`;
  }
  if (source === "header" && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(property)) {
    return `"${property}" is not the name of a header`;
  }
  return source === "json-body" ? jsonPathFault(property) : undefined;
}

function isPropertied(source: AssertionSource): source is Propertied {
  return (propertied as readonly AssertionSource[]).includes(source);
}

const propertyMeaning: Readonly<Record<Propertied, string>> = {
  header: "the header's name",
  "json-body": "a JSONPath (RFC 9535), such as $.status",
  certificate: `one of ${Object.keys(certificateProperties).join(", ")}`,
};

function jsonPathFault(path: string): string | undefined {
  try {
    parseJsonPath(path);
    return undefined;
  } catch (error) {
    return `"${path}" is not a JSONPath (RFC 9535): ${(error as Error).message}`;
  }
}

function comparisonFault({ source, comparison }: Assertion): string | undefined {
  if (meaningful[source].includes(comparison)) return undefined;
  return `${comparison} says nothing about ${source}: use ${meaningful[source].join(", ")}`;
}

function targetFault({ source, comparison, target }: Assertion): string | undefined {
  if ((presence as readonly Comparison[]).includes(comparison)) {
    return target === undefined ? undefined : `${comparison} takes no target`;
  }
  if (target === undefined) return `${comparison} needs a target`;
  if (isTemplate(target)) return undefined;
  if (source === "response-time") return durationFault(target);
  if (comparison === "matches") return patternFault(target);
  const numeric = comparison === "less-than" || comparison === "greater-than" || numericSources.has(source);
  if (numeric && !isNumeric(target))
    return `${comparison} of ${source} needs a number, not ${JSON.stringify(target)}`;
  if (typeof target !== "string" && wantsText.has(comparison)) return `${comparison} needs text`;
  if (target === "")
    return comparison === "equals" || comparison === "not-equals" ? undefined : "the target is empty";
  return undefined;
}

const numericSources: ReadonlySet<AssertionSource> = new Set(["status-code", "grpc-status"]);

const wantsText = new Set<Comparison>(["has-key"]);

function durationFault(target: Assertion["target"]): string | undefined {
  if (typeof target === "number" && target > 0) return undefined;
  if (typeof target === "string" && parseDuration(target) !== undefined) return undefined;
  return `a response time is compared with a duration, such as 500ms or 3s, not ${JSON.stringify(target)}`;
}

function patternFault(target: Assertion["target"]): string | undefined {
  if (typeof target !== "string") return "matches needs a regular expression as text";
  try {
    RegExp(target, "u");
    return undefined;
  } catch (error) {
    return `"${target}" is not a regular expression: ${(error as Error).message}`;
  }
}

function isNumeric(target: Assertion["target"]): boolean {
  return typeof target === "number" || (typeof target === "string" && /^-?\d+(\.\d+)?$/.test(target.trim()));
}
