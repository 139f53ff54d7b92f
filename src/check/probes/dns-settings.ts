import { domainToASCII } from "node:url";
import * as z from "zod";
import { checkKeys, resolverAddress } from "../../model/check.ts";
import { settings } from "../../model/settings.ts";
import { assertionsOn } from "../assertion-faults.ts";
import { nameFault, type DnsQuestion } from "../dns/message.ts";
import { isTemplate } from "../template.ts";

const query = z
  .string()
  .superRefine((text, context) => {
    const message = isTemplate(text) ? undefined : nameFault(asciiName(text));
    if (message !== undefined) context.addIssue({ code: "custom", message, input: text });
  })
  .describe("the name that is asked for; `{{ … }}` in it is Rego over the alert");

export const dnsSettings = settings({
  ...checkKeys,
  type: z.literal("dns"),
  query,
  "record-type": z
    .enum(["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"])
    .default("A")
    .describe("what is asked for"),
  resolver: resolverAddress
    .optional()
    .describe("the DNS server that is looked at; those that the location is set up with when left out"),
  assertions: assertionsOn(["answers", "rcode", "ttl", "response-time"]).describe(
    "what must hold; without one for rcode it must be NOERROR with at least one answer",
  ),
});
export type DnsSettings = z.output<typeof dnsSettings>;

/** @throws Error for a name that nobody can ask for, such as a template that nobody has rendered. */
export function questionOf({ query, recordType }: DnsSettings): DnsQuestion {
  const name = asciiName(query);
  const fault = isTemplate(query) ? `"${query}" is a template that nobody has rendered` : nameFault(name);
  if (fault !== undefined) throw new Error(fault);
  return { name, type: recordType };
}

/** `bücher.example` is `xn--bcher-kva.example` in DNS (RFC 5891); empty for a name that cannot be one. */
function asciiName(text: string): string {
  return /^\p{ASCII}*$/u.test(text) ? text : domainToASCII(text);
}
