/** Hosts and ports that probes below HTTP are pointed at. */
import { isIP } from "node:net";
import * as z from "zod";
import { nameFault } from "../dns/message.ts";
import { isTemplate } from "../template.ts";

/** A check's `host:`; what is not a template is judged at once. */
export const host = z
  .string()
  .superRefine((text, context) => {
    const message = isTemplate(text) ? undefined : hostFault(text);
    if (message !== undefined) context.addIssue({ code: "custom", message, input: text });
  })
  .describe("a name or an address; `{{ … }}` in it is Rego over the alert");

/** A name that is only compared and sent, never looked up: no template. */
export const serverName = z.string().superRefine((text, context) => {
  const message = hostFault(text);
  if (message !== undefined) context.addIssue({ code: "custom", message, input: text });
});

export const port = z.int().min(1).max(65_535);

/**
 * A host as it is looked up: in lower case, in ASCII (`bücher.example` is `xn--bcher-kva.example`), IPv6 without brackets.
 * @throws Error for what is no host, such as a template that nobody has rendered.
 */
export function lookupName(text: string): string {
  const name = normalized(text);
  if (name === undefined) throw new Error(hostFault(text));
  return name;
}

function hostFault(text: string): string | undefined {
  return normalized(text) === undefined
    ? `"${text}" is not a host: write a name or an address, without a scheme, a port or a path`
    : undefined;
}

/** By the rules of URLs, so that `0x7f.1` is the address that it would be connected to. */
function normalized(text: string): string | undefined {
  const written = isIP(text) === 6 ? `[${text}]` : text;
  const url = URL.canParse(`http://${written}`) ? new URL(`http://${written}`) : undefined;
  if (url === undefined || /[:/?#@%\\\s]/.test(written.replace(/^\[[\da-f:.]+\]$/i, ""))) return undefined;
  const name = url.hostname.replace(/^\[(.*)\]$/, "$1");
  return isIP(name) === 0 && nameFault(name) !== undefined ? undefined : name;
}

/**
 * For `superRefine`: one IP family of a host that is an address of the other is nothing to look at, and its absence no
 * failure of the target.
 */
export function fittingFamily(
  { ipFamily, ...target }: { readonly ipFamily: 4 | 6 | "any" } & ({ host: string } | { url: string }),
  context: z.RefinementCtx,
): void {
  const written = "host" in target ? normalized(target.host) : URL.parse(target.url)?.hostname;
  const address = written?.replace(/^\[(.*)\]$/, "$1") ?? "";
  const own = isIP(address);
  if (ipFamily === "any" || own === 0 || own === ipFamily) return;
  const message = `${address} is an IPv${own} address: leave ip-family out, or write a name that has both`;
  context.addIssue({ code: "custom", message, path: ["ip-family"], input: ipFamily });
}
