import * as z from "zod";
import { checkKeys } from "../../model/check.ts";
import type { Secret } from "../../model/secret.ts";
import { secret, settings } from "../../model/settings.ts";
import { assertionsOn } from "../assertion-faults.ts";
import { isTemplate } from "../template.ts";

/** A token of RFC 9110 §5.6.2, and what Node sends as a value. */
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

const headers = z
  .record(z.string(), secret)
  .superRefine((record, context) => {
    for (const [name, value] of Object.entries(record)) {
      const fault = headerFault(name, value);
      if (fault !== undefined)
        context.addIssue({ code: "custom", message: fault, path: [name], input: name });
    }
  })
  .default({})
  .describe("sent to the URL's own origin only, never to where it redirects");

const url = z
  .string()
  .superRefine((text, context) => {
    const message = isTemplate(text) ? undefined : urlFault(text);
    if (message !== undefined) context.addIssue({ code: "custom", message, input: text });
  })
  .describe("http:// or https://; `{{ … }}` in it is Rego over the alert");

export const httpSettings = settings({
  ...checkKeys,
  type: z.literal("http"),
  url,
  method: z.enum(["GET", "HEAD"]).default("GET"),
  headers,
  "follow-redirects": z.boolean().default(true),
  "max-redirects": z.int().min(0).max(20).default(5),
  "max-body": z
    .int()
    .min(1)
    .max(16_000_000)
    .default(1_000_000)
    .describe("bytes of the body that are read; what is behind them is not looked at"),
  assertions: assertionsOn([
    "status-code",
    "header",
    "body",
    "json-body",
    "response-time",
    "certificate",
  ]).describe("what must hold; without one for status-code the status must be 2xx"),
});
export type HttpSettings = z.output<typeof httpSettings>;

/** Says nothing of the value, which may be secret. */
function headerFault(name: string, value: Secret): string | undefined {
  if (!headerName.test(name)) return `"${name}" is not the name of a header`;
  return headerValue.test(value.reference) ? undefined : "a header's value is one line of Latin-1 text";
}

function urlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return `"${text}" is not a URL`;
  const { protocol, username, password } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:") return `"${text}" is not an http:// or https:// URL`;
  if (username !== "" || password !== "") return "write credentials as a header: a URL is shown to people";
  return undefined;
}
