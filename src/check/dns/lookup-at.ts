/** What names are, asked of one DNS server rather than of the system. */
import { asFailure, ProbeFailure, type ErrorClass } from "../failure.ts";
import type { Address } from "../resolve.ts";
import { askDns } from "./ask.ts";
import { nameOf, type DnsServer } from "./dns-server.ts";
import type { DnsMessage, DnsQuestion, DnsRecord } from "./message.ts";

const types = { 4: "A", 6: "AAAA" } as const;

/**
 * All addresses of a name, of one family or both; search domains and /etc/hosts are not for other people's servers.
 * @throws ProbeFailure: what `askDns` throws; `dns.nxdomain`, `dns.servfail`, `dns.refused`, `dns.protocol` for what the
 * server says instead. One family that has addresses is enough, unless the other was waited for until time was up.
 */
export async function lookupAt(
  server: DnsServer,
  { host, family }: { readonly host: string; readonly family?: 4 | 6 | undefined },
  signal: AbortSignal,
): Promise<readonly Address[]> {
  const families = family === undefined ? ([4, 6] as const) : [family];
  const asked = await Promise.all(
    families.map((one) => addressesOf(server, { host, family: one }, signal).catch(asFailure)),
  );
  const found = asked.flatMap((answer) => (answer instanceof ProbeFailure ? [] : answer));
  const failures = asked.filter((answer) => answer instanceof ProbeFailure);
  const worst = failures.find(({ errorClass }) => errorClass === "dns.nxdomain") ?? failures[0];
  if (worst === undefined || (found.length > 0 && !signal.aborted)) return found;
  throw worst;
}

async function addressesOf(
  server: DnsServer,
  { host, family }: { readonly host: string; readonly family: 4 | 6 },
  signal: AbortSignal,
): Promise<readonly Address[]> {
  const question = { name: host, type: types[family] };
  const answer = await askDns(server, question, signal);
  const fault = rcodeFault(answer, host);
  if (fault !== undefined)
    throw new ProbeFailure(fault.errorClass, `${fault.message}, says ${nameOf(server)}`);
  return valuesOf(answer, question).map((address) => ({ address, family }));
}

/** The values of the asked type that belong to the name, or to what it is an alias of. */
export function valuesOf(message: DnsMessage, question: DnsQuestion): readonly string[] {
  return recordsOf(message, question).map(({ value }) => value);
}

/** The records of the asked type that belong to the name, or to what it is an alias of. */
export function recordsOf({ answers }: DnsMessage, { name, type }: DnsQuestion): readonly DnsRecord[] {
  const names = new Set([name.toLowerCase().replace(/(?<=.)\.$/, "")]);
  const aliases = type === "CNAME" ? [] : answers.filter((record) => record.type === "CNAME");
  // A set grows while it is walked; aliases may come in any order.
  for (const known of names)
    for (const alias of aliases.filter((record) => record.name === known)) names.add(alias.value);
  return answers.filter((record) => record.type === type && names.has(record.name));
}

const rcodeClasses: Readonly<Record<string, ErrorClass>> = {
  NXDOMAIN: "dns.nxdomain",
  SERVFAIL: "dns.servfail",
  REFUSED: "dns.refused",
};

/** What to call an answer that is none because of its response code; undefined: it is one. */
export function rcodeFault(
  { rcode }: DnsMessage,
  name: string,
): { readonly errorClass: ErrorClass; readonly message: string } | undefined {
  if (rcode === "NOERROR") return undefined;
  const message =
    rcode === "NXDOMAIN" ? `${name} does not exist in DNS` : `no answer about ${name}: ${rcode}`;
  return { errorClass: rcodeClasses[rcode] ?? "dns.protocol", message };
}
