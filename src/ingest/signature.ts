import { createHmac, timingSafeEqual } from "node:crypto";
import { duration, formatDuration } from "../model/settings.ts";
import type { Admission } from "./source-type.ts";

/** How far a signed time may be from ours; the default is what Standard Webhooks and most senders ask for. */
export const tolerance = duration
  .prefault("5m")
  .describe("how far the time that is signed may be from ours: what is older is somebody's repeat");

/** What has been signed, and what is shown for it. */
export interface Signed {
  /** One after the other. */
  readonly parts: readonly (string | Uint8Array)[];
  /** The signatures' bytes; a sender that changes its secret shows two. */
  readonly shown: readonly Uint8Array[];
  /** Several while a secret is being changed. */
  readonly keys: readonly (string | Uint8Array)[];
}

/** Whether a signature that is shown is the HMAC-SHA256 (RFC 2104) of the parts under one of the keys. */
export function isSigned({ parts, shown, keys }: Signed): boolean {
  const expected = keys.map((key) => {
    const hmac = createHmac("sha256", key);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  });
  // Every pair is compared, in constant time, so that time tells nothing about how near a guess was.
  const hits = expected.flatMap((one) =>
    shown.map((other) => one.length === other.length && timingSafeEqual(one, other)),
  );
  return hits.includes(true);
}

/** The bytes of a signature in hex, with the prefix that stands before it; none when it is not written so. */
export function fromHex(text: string, prefix = ""): Uint8Array[] {
  const digits = withoutPrefix(text, prefix);
  return digits !== undefined && /^[0-9a-f]{64}$/i.test(digits) ? [Buffer.from(digits, "hex")] : [];
}

/** The same in base64. */
export function fromBase64(text: string, prefix = ""): Uint8Array[] {
  const digits = withoutPrefix(text, prefix);
  return digits === undefined ? [] : [Buffer.from(digits, "base64")];
}

function withoutPrefix(text: string, prefix: string): string | undefined {
  const written = text.trim();
  return written.startsWith(prefix) ? written.slice(prefix.length) : undefined;
}

/** When something was signed, and how far from now (ms since 1970) that may be. */
export interface SignedTime {
  /** Seconds since 1970, or milliseconds, as it is written. */
  readonly written: string;
  readonly now: number;
  readonly toleranceMs: number;
}

function isRecent({ written, now, toleranceMs }: SignedTime): boolean {
  if (!/^\d{1,13}$/.test(written)) return false;
  // In seconds 13 digits are a time that nobody living will see.
  const ms = Number(written) * (written.length === 13 ? 1 : 1000);
  return Math.abs(ms - now) <= toleranceMs;
}

/** What a signature in a header comes to. */
export function admitSigned(signed: boolean, header: string): Admission {
  if (signed) return { admitted: true };
  const why = `${header} holds no signature of this body by a secret of the source: compare the secrets`;
  return { admitted: false, status: 401, why };
}

/**
 * The same for one that comes with its time. Within the tolerance a repeat is taken: senders repeat what they had no answer
 * to, with the same time, and an alert that is told twice joins its incident.
 */
export function admitTimed(signed: boolean, time: SignedTime, header: string): Admission {
  if (!signed || isRecent(time)) return admitSigned(signed, header);
  const why = `it was signed more than ${formatDuration(time.toleranceMs)} from now: compare the clocks`;
  return { admitted: false, status: 401, why };
}
