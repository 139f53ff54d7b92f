import type { WrittenCheck } from "../model/check.ts";
import type { Observation } from "../model/observation.ts";
import { parseDuration } from "../model/settings.ts";

/** Where a check goes. Hosts stand without the brackets of an IPv6 address. */
export interface Target {
  readonly host: string;
  readonly port: number;
  /** Where the failing try went; null: it never came so far. */
  readonly address: string | null;
  readonly timeoutSeconds: number;
}

/** A setting as it is written in the check; empty when it is not. */
export function textOf(check: WrittenCheck, key: string): string {
  const value = check[key];
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

const defaultPorts: Readonly<Record<string, number>> = { "http:": 80, "ws:": 80, "https:": 443, "wss:": 443 };

/** Undefined for what is no target that a tool could be given, such as a name that looks like an option. */
export function targetOf(check: WrittenCheck, seen: Observation): Target | undefined {
  const timeoutSeconds = Math.max(1, Math.ceil((parseDuration(textOf(check, "timeout")) ?? 5000) / 1000));
  const { remoteAddress, resolvedAddresses } = seen;
  // Behind a redirect to another host the address is not the target's.
  const isOwn =
    remoteAddress !== null && (resolvedAddresses.length === 0 || resolvedAddresses.includes(remoteAddress));
  const where = { address: isOwn ? remoteAddress : null, timeoutSeconds };
  const host = textOf(check, "host");
  if (host.startsWith("-")) return undefined;
  if (host !== "") {
    const port = Number(textOf(check, "port")) || (check["starttls"] === "smtp" ? 587 : 443);
    return { ...where, host: withoutBrackets(host), port };
  }
  const url = URL.parse(textOf(check, "url"));
  const usual = defaultPorts[url?.protocol ?? ""];
  if (url === null || usual === undefined) return undefined;
  return { ...where, host: withoutBrackets(url.hostname), port: url.port === "" ? usual : Number(url.port) };
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, "$1");
}
