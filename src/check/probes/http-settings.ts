import * as z from "zod";
import { checkKeys } from "../../model/check.ts";
import { secret, settings } from "../../model/settings.ts";
import { soundAssertion } from "../assertion-faults.ts";
import { isTemplate } from "../template.ts";

/** Names that an HTTP header may have: a token of RFC 9110 §5.6.2. */
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "the name of a header has letters, digits and '-'");

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
  headers: z
    .record(headerName, secret)
    .default({})
    .describe("sent to the URL's own origin only, never to where it redirects"),
  "follow-redirects": z.boolean().default(true),
  "max-redirects": z.int().min(0).max(20).default(5),
  "max-body": z
    .int()
    .min(1)
    .max(16_000_000)
    .default(1_000_000)
    .describe("bytes of the body that are read; what is behind them is not looked at"),
  assertions: z
    .array(soundAssertion)
    .max(50)
    .default([])
    .describe("what must hold; without one for status-code the status must be 2xx"),
});
export type HttpSettings = z.output<typeof httpSettings>;

function urlFault(text: string): string | undefined {
  if (!URL.canParse(text)) return `"${text}" is not a URL`;
  const { protocol, username, password } = new URL(text);
  if (protocol !== "http:" && protocol !== "https:") return `"${text}" is not an http:// or https:// URL`;
  if (username !== "" || password !== "") return "write credentials as a header: a URL is shown to people";
  return undefined;
}
