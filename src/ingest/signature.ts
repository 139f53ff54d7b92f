import { createHmac, timingSafeEqual } from "node:crypto";
import type { Admission } from "./source-type.ts";

/** How far a signed time may be from ours: what Standard Webhooks and most senders ask for. */
const toleranceMs = 300_000;

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

/** Whether a signed time, in seconds since 1970, is about now: what was signed long ago is a repeat by somebody else. */
export function isRecent(seconds: string, now: number): boolean {
  return /^\d{1,12}$/.test(seconds) && Math.abs(Number(seconds) * 1000 - now) <= toleranceMs;
}

/** What a signature in a header comes to. */
export function admitSigned(signed: boolean, header: string): Admission {
  if (signed) return { admitted: true };
  const why = `${header} holds no signature of this body by a secret of the source: compare the secrets`;
  return { admitted: false, status: 401, why };
}

/** The same for one that is signed with its time. */
export function admitTimed(signed: boolean, recent: boolean, header: string): Admission {
  if (!signed || recent) return admitSigned(signed, header);
  const why = "it was signed more than 5 minutes from now: compare the clocks";
  return { admitted: false, status: 401, why };
}
