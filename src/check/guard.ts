/**
 * Which addresses a probe may connect to. A target from an alert, or a redirect, is a stranger's wish: without this
 * anybody who can send an alert could look around in the network that the location stands in (SSRF).
 */
import ipaddr from "ipaddr.js";
import type { TargetOrigin } from "../model/probe-protocol.ts";

/** The target that the check names, or a host that an answer sends the probe on to. */
export type Hop = "first" | "redirect";

/** Where a connection would go. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** On whose word a probe would connect. */
export interface Warrant {
  readonly target: TargetOrigin;
  readonly hop: Hop;
  /** What only this process may talk to, whoever asks: the runtime API of a function, which hands out its events. */
  readonly sealed?: Endpoint | undefined;
}

type Ip = ReturnType<typeof ipaddr.process>;

/** Services that hand credentials to whoever asks from inside a machine; nobody checks their health from here. */
const metadataServices = [
  "169.254.0.0/16", // AWS, GCP, Azure, DigitalOcean, and link-local at large
  "168.63.129.16/32", // Azure wire server
  "100.100.100.200/32", // Alibaba Cloud
  "192.0.0.192/32", // Oracle Cloud
  "fd00:ec2::/32", // AWS over IPv6
  "fd20:ce::254/128", // GCP over IPv6
  "fd00:c1::a9fe:a9fe/128", // Oracle Cloud over IPv6
  "fd00:100::100:200/128", // Alibaba Cloud over IPv6
  "fd00:a9fe:a9fe::1/128", // Akamai (Linode) over IPv6
  "fd00:42::42/128", // Scaleway over IPv6
  "fe80::a9fe:a9fe/128", // OpenStack over IPv6
].map((range) => ipaddr.parseCIDR(range));

/** What IANA has given out for global unicast: https://www.iana.org/assignments/ipv6-address-space */
const globalIpv6 = ipaddr.parseCIDR("2000::/3");

/** Embeddings of IPv4 in IPv6: the bits before it, and the 16-bit group that it starts at. */
const embeddings = [
  { range: ipaddr.parseCIDR("::ffff:0:0/96"), at: 6, sameHost: true }, // RFC 4291, mapped
  { range: ipaddr.parseCIDR("64:ff9b::/96"), at: 6, sameHost: true }, // RFC 6052, NAT64
  { range: ipaddr.parseCIDR("64:ff9b:1::/48"), at: 6, sameHost: false }, // RFC 8215, local NAT64
  { range: ipaddr.parseCIDR("::/96"), at: 6, sameHost: false }, // RFC 4291, compatible
  { range: ipaddr.parseCIDR("::ffff:0:0:0/96"), at: 6, sameHost: false }, // RFC 2765, translated
  { range: ipaddr.parseCIDR("2002::/16"), at: 1, sameHost: false }, // RFC 3056, 6to4
];

/** Where a router of a site has an IPv4 address in the last two groups, behind these two (RFC 5214, ISATAP). */
const isatap: ReadonlySet<string> = new Set(["0:5efe", "200:5efe"]);

/** Why a probe may not connect to an address, in words; undefined when it may. */
export function refusal({ address, port }: Endpoint, { target, hop, sealed }: Warrant): string | undefined {
  if (!ipaddr.isValid(address)) return `${address} is not an IP address`;
  const written = ipaddr.parse(address);
  const { ip, inner } = unwrap(written);
  const forms = inner === undefined ? [ip] : [ip, inner];
  if (sealed?.port === port && forms.some((form) => isHere(form, sealed.address)))
    return `${address} at port ${port} is this function's own runtime API, which is never probed`;
  if (forms.some((form) => metadataServices.some((range) => contains(range, form)))) {
    return `${address} belongs to a cloud's metadata service, which is never probed`;
  }
  if (target.from === "config" && hop === "first") return undefined;
  if (forms.every(isPublic)) return undefined;
  if (target.allowPrivate.some((range) => [written, ip].some((form) => contains(parseRange(range), form)))) {
    return undefined;
  }
  const why = hop === "redirect" ? "a redirect" : "a target that comes from an alert";
  const range = rangeOf(forms.find((form) => !isPublic(form)) ?? ip);
  return (
    `${address} is not a public address (${range}), and ${why} may only lead to public ones; ` +
    "list its range in `allow-private-targets` to allow it"
  );
}

/** An IPv6 address out in the Internet; false for loopback, link-local and private (`fd00::2`) ones, and for IPv4. */
export function isGlobalIpv6(address: string): boolean {
  // A zone (`fe80::1%eth0`) is nothing that ranges know.
  const plain = address.replace(/%.*/, "");
  return ipaddr.IPv6.isValid(plain) && contains(globalIpv6, ipaddr.parse(plain));
}

/** What is wrong with a range of `allow-private-targets`; undefined for CIDR or one address. */
export function rangeFault(range: string): string | undefined {
  if (ipaddr.isValidCIDR(range) || ipaddr.isValid(range)) return undefined;
  return `"${range}" is not a range of addresses, such as 10.0.0.0/8 or fd00::/8`;
}

/** The host that an address really stands for, and the IPv4 address that may be hidden in it. */
function unwrap(written: Ip): { ip: Ip; inner?: Ip } {
  if (written.kind() === "ipv4") return { ip: written };
  const { parts } = written as ipaddr.IPv6;
  const embedding = embeddings.find(({ range }) => contains(range, written));
  if (embedding === undefined) {
    const [high = 0, low = 0] = parts.slice(4, 6);
    if (!isatap.has(`${high.toString(16)}:${low.toString(16)}`)) return { ip: written };
    return { ip: written, inner: ipv4At(parts, 6) };
  }
  const inner = ipv4At(parts, embedding.at);
  return embedding.sameHost ? { ip: inner } : { ip: written, inner };
}

function ipv4At(parts: readonly number[], at: number): Ip {
  return ipaddr.fromByteArray(parts.slice(at, at + 2).flatMap((part) => [part >> 8, part & 0xff]));
}

/** The address, or one more of the machine that it is on, for whom nobody has another word. */
function isHere(ip: Ip, address: string): boolean {
  const range = ip.range();
  return range === "loopback" || range === "unspecified" || ip.toString() === address;
}

function isPublic(ip: Ip): boolean {
  return ip.range() === "unicast" && (ip.kind() === "ipv4" || contains(globalIpv6, ip));
}

function rangeOf(ip: Ip): string {
  const range = ip.range();
  return range === "unicast" ? "reserved" : range;
}

/** A range as people write it: CIDR, or one address. */
function parseRange(range: string): [Ip, number] {
  if (range.includes("/")) return ipaddr.parseCIDR(range);
  const ip = ipaddr.parse(range);
  return [ip, ip.kind() === "ipv4" ? 32 : 128];
}

function contains(range: [Ip, number], ip: Ip): boolean {
  return range[0].kind() === ip.kind() && ip.match(range);
}
