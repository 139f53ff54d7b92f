import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import type { TlsDetails } from "../../model/observation.ts";
import { ProbeFailure } from "../failure.ts";

const dayMs = 86_400_000;

/** Where a certificate was met, for people and for the calendar. */
export interface Meeting {
  readonly host: string;
  readonly place: string;
  /** ms since 1970 */
  readonly now: number;
}

/**
 * What a finished handshake says, and why its connection must not be used: OpenSSL's verification and Node's comparison
 * of the names. Once a connection: Node 24 takes the certificate out of it with the first look.
 */
export function examine(
  socket: TLSSocket,
  meeting: Meeting,
): { readonly details: TlsDetails; readonly failure: ProbeFailure | undefined } {
  const leaf = socket.getPeerX509Certificate();
  const error = verifyError(socket);
  return {
    details: {
      authorized: socket.authorized,
      error,
      protocol: socket.getProtocol(),
      cipher: socket.getCipher().standardName,
      alpn: socket.alpnProtocol === false ? null : socket.alpnProtocol,
      ...describe(leaf, meeting.now),
    },
    failure: socket.authorized ? undefined : judge(leaf, error ?? "", meeting),
  };
}

function describe(leaf: X509Certificate | undefined, now: number) {
  return {
    subject: oneLine(leaf?.subject),
    issuer: oneLine(leaf?.issuer),
    subjectAltName: leaf?.subjectAltName ?? null,
    validFrom: written(leaf?.validFrom),
    validTo: written(leaf?.validTo),
    daysUntilExpiry: daysUntil(leaf?.validTo, now),
    serialNumber: leaf?.serialNumber ?? null,
    fingerprint256: leaf?.fingerprint256 ?? null,
  };
}

function judge(leaf: X509Certificate | undefined, code: string, { host, place, now }: Meeting): ProbeFailure {
  if (code === "CERT_HAS_EXPIRED") {
    const late = chainOf(leaf).find(({ validTo }) => Date.parse(validTo) <= now);
    const since = dateOf(late?.validTo, now);
    return new ProbeFailure("tls.expired", `${nameIn(leaf, late)} expired on ${since} at ${place}`);
  }
  if (code === "CERT_NOT_YET_VALID") {
    const early = chainOf(leaf).find(({ validFrom }) => Date.parse(validFrom) > now);
    const from = dateOf(early?.validFrom, now);
    return new ProbeFailure(
      "tls.not-yet-valid",
      `${nameIn(leaf, early)} is not valid before ${from} at ${place}`,
    );
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") {
    const names = excerpt(leaf?.subjectAltName ?? oneLine(leaf?.subject) ?? "nobody");
    return new ProbeFailure("tls.hostname", `certificate is for ${names}, not for ${host}, at ${place}`);
  }
  const issuer = excerpt(oneLine(leaf?.issuer) ?? "nobody");
  return new ProbeFailure("tls.untrusted", `certificate from ${issuer} is not trusted (${code}) at ${place}`);
}

/** Typed as an Error by @types/node; it is a code, or a message where there is none. */
function verifyError(socket: TLSSocket): string | null {
  const error: unknown = socket.authorizationError;
  if (error === null || error === undefined) return null;
  return error instanceof Error ? error.message : (error as string);
}

function chainOf(leaf: X509Certificate | undefined): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let link = leaf; link !== undefined && chain.length < 10; link = link.issuerCertificate)
    chain.push(link);
  return chain;
}

function nameIn(leaf: X509Certificate | undefined, bad: X509Certificate | undefined): string {
  return bad === undefined || bad === leaf
    ? "certificate"
    : `certificate ${oneLine(bad.subject)} of the chain`;
}

/** `2026-11-01 (21 days ago)` */
function dateOf(text: string | undefined, now: number): string {
  const date = parsed(text);
  if (date === undefined) return "an unknown date";
  const days = Math.floor(Math.abs(date.getTime() - now) / dayMs);
  const count = `${days} ${days === 1 ? "day" : "days"}`;
  return `${date.toISOString().slice(0, 10)} (${date.getTime() <= now ? `${count} ago` : `in ${count}`})`;
}

function daysUntil(text: string | undefined, now: number): number | null {
  const date = parsed(text);
  return date === undefined ? null : Math.floor(((date.getTime() - now) / dayMs) * 10) / 10;
}

function written(text: string | undefined): string | null {
  return parsed(text)?.toISOString() ?? null;
}

/** OpenSSL's `Nov  1 10:00:00 2026 GMT`. Of a 99th month it says `Bad time value`, where Node's own dates are anything. */
function parsed(text = ""): Date | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : new Date(at);
}

/** Some certificates are for a hundred names. */
function excerpt(names: string): string {
  return names.length > 200 ? `${names.slice(0, 199)}…` : names;
}

/** Node separates a name's parts by line feeds. */
function oneLine(name: string | undefined): string | null {
  return name?.replaceAll("\n", ", ") ?? null;
}
