/** URLs that probes are pointed at. */
import { isIP } from "node:net";
import * as z from "zod";
import { nameFault } from "../dns/message.ts";
import { isTemplate } from "../template.ts";

const families = {
  http: { protocols: ["http:", "https:"], named: "an http:// or https:// URL" },
  ws: { protocols: ["ws:", "wss:"], named: "a ws:// or wss:// URL" },
} as const;

/** A `url:` with or without TLS; what is not a template is judged at once. */
export function urlOf(family: keyof typeof families) {
  return z
    .string()
    .superRefine((text, context) => {
      const message = isTemplate(text) ? undefined : urlFault(text, family);
      if (message !== undefined) context.addIssue({ code: "custom", message, input: text });
    })
    .describe(`${family}:// or ${family}s://; \`{{ … }}\` in it is Rego over the alert`);
}

function urlFault(text: string, family: keyof typeof families): string | undefined {
  if (!URL.canParse(text)) return `"${text}" is not a URL`;
  const url = new URL(text);
  const { protocol, username, password, port } = url;
  const { protocols, named } = families[family];
  if (!protocols.some((known) => known === protocol)) return `"${text}" is not ${named}`;
  if (username !== "" || password !== "") return "write credentials as a header: a URL is shown to people";
  if (port === "0") return `"${text}" has port 0, which nobody can listen on`;
  return isIP(hostOf(url)) === 0 ? nameFault(hostOf(url)) : undefined;
}

/** The host to look up; without the brackets around an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

export function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return isSecure({ protocol }) ? 443 : 80;
}

/** `https:` and `wss:` */
export function isSecure({ protocol }: Pick<URL, "protocol">): boolean {
  return protocol === "https:" || protocol === "wss:";
}
