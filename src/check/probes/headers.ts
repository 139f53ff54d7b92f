/** Headers as the configuration writes them, as they are sent, and as they come back. */
import type { IncomingHttpHeaders } from "node:http";
import * as z from "zod";
import type { Secret } from "../../model/secret.ts";
import { secret } from "../../model/settings.ts";
import { version } from "../../model/version.ts";
import type { AttemptContext } from "../probe-type.ts";

/** Names as in the configuration. */
export type HeaderSettings = Readonly<Record<string, Secret>>;

/** A token of RFC 9110 §5.6.2, and what Node sends as a value. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A check's `headers:`; what they are for is the caller's to `describe`. */
export const headerSettings = z
  .record(z.string(), secret)
  .superRefine((record, context) => {
    for (const [name, value] of Object.entries(record)) {
      const fault = headerFault(name, value);
      if (fault !== undefined)
        context.addIssue({ code: "custom", message: fault, path: [name], input: name });
    }
  })
  .default({});

/** Says nothing of the value, which may be secret. */
function headerFault(name: string, value: Secret): string | undefined {
  if (!headerName.test(name)) return `"${name}" is not the name of a header`;
  return headerValue.test(value.reference) ? undefined : "a header's value is one line of Latin-1 text";
}

/** With their values, for the moment of sending; names in lower case. */
export function revealed(headers: HeaderSettings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.reference]),
  );
}

/** Who asks, for the target's log. */
export function userAgent({ location }: Pick<AttemptContext, "location">): string {
  return `crosscheck/${version}${location === undefined ? "" : ` (${location})`}`;
}

/** An answer's headers, repeated ones as one text. */
export function joined(headers: IncomingHttpHeaders): Record<string, string> {
  const list = Object.entries(headers).map(([name, value]) => [name, [value ?? ""].flat().join(", ")]);
  return Object.fromEntries(list) as Record<string, string>;
}
