import { Resolver } from "node:dns";
import { isIP } from "node:net";
import type { Address } from "../resolve.ts";

/** A DNS server. */
export interface DnsServer extends Address {
  readonly port: number;
}

/** The server at `1.1.1.1`, `1.1.1.1:5353`, `2606:4700::1111` or `[2606:4700::1111]:53`; undefined: no such address. */
export function parseServer(text: string): DnsServer | undefined {
  const match = /^\[(?<six>[^\]]+)\](?::(?<port>\d+))?$|^(?<four>[\d.]+):(?<port>\d+)$/.exec(text);
  const { six, four, port = "53" } = match?.groups ?? {};
  const address = six ?? four ?? text;
  const family = isIP(address);
  if (family === 0 || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return { address, family: family as 4 | 6, port: Number(port) };
}

/** The servers that this machine is set up to ask. A new resolver reads what the system says now. */
export function systemServers(): readonly DnsServer[] {
  return new Resolver().getServers().flatMap((text) => parseServer(text) ?? []);
}

/** `1.1.1.1`, `127.0.0.1:5353`, for people. */
export function nameOf({ address, family, port }: DnsServer): string {
  if (port === 53) return address;
  return family === 6 ? `[${address}]:${port}` : `${address}:${port}`;
}
