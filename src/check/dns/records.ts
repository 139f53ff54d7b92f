import ipaddr from "ipaddr.js";
import type { Reader } from "./reader.ts";

/** The types that can be asked for, by https://www.iana.org/assignments/dns-parameters */
export const recordTypes: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  CAA: 257,
};

const layouts: Readonly<Record<string, (data: Reader) => readonly (string | number)[]>> = {
  A: (data) => [address(data.bytes(4))],
  AAAA: (data) => [address(data.bytes(16))],
  NS: (data) => [data.name()],
  CNAME: (data) => [data.name()],
  PTR: (data) => [data.name()],
  MX: (data) => [data.uint16(), data.name()],
  // RFC 2782
  SRV: (data) => [data.uint16(), data.uint16(), data.uint16(), data.name()],
  SOA: (data) => [data.name(), data.name(), ...Array.from({ length: 5 }, () => data.uint32())],
  TXT: (data) => [strings(data)],
  // RFC 8659 §4.1
  CAA: (data) => [data.uint8(), text(data, data.uint8()), `"${text(data, data.left)}"`],
};

/** `10 mail.example` of an MX record's data; RFC 3597's `\# 2 c0ff` for a type that we do not know. */
export function valueOf(type: string, data: Reader): string {
  const layout = layouts[type];
  if (layout !== undefined) return layout(data).join(" ");
  return `\\# ${data.left} ${data.bytes(data.left).toString("hex")}`;
}

function address(bytes: Buffer): string {
  return ipaddr.fromByteArray([...bytes]).toString();
}

/** A long text is several strings, which mean nothing by themselves (RFC 7208 §3.3). */
function strings(data: Reader): string {
  const parts: Buffer[] = [];
  while (data.left > 0) parts.push(data.bytes(data.uint8()));
  return Buffer.concat(parts).toString();
}

function text(data: Reader, length: number): string {
  return data.bytes(length).toString();
}
