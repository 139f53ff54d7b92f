import * as z from "zod";
import { alertStatus } from "../../model/alert.ts";
import type { AlertStatus } from "../../model/alert.ts";
import { name, secret, settings } from "../../model/settings.ts";
import { headerName } from "../header-name.ts";
import { regoText, valueOf } from "../rego-text.ts";
import type { Reading } from "../rego-text.ts";
import { senderTokens } from "../sender-tokens.ts";
import { admitSigned, admitTimed, fromBase64, fromHex, isSigned, tolerance } from "../signature.ts";
import { defineSource } from "../source-type.ts";
import type { Proof, Webhook } from "../source-type.ts";
import { targetUrl } from "../target-url.ts";

const body = z.object({ status: z.unknown().optional() });

/** Any sender of JSON. Of its body we read the top-level `status`, and what the settings say; the rest is for the routes. */
export const generic = defineSource({
  name: "generic",
  settings: settings({
    type: z.literal("generic"),
    name: name.describe("the last part of its URL: `/alerts/{name}`"),
    ...senderTokens,
    status: regoText
      .optional()
      .describe("Rego: `firing`, `resolved` or `other`; anything else fires. Default: the body's `status`"),
    "dedup-key": regoText
      .optional()
      .describe("Rego: what the sender calls the trouble, the same when it fires and when it is over"),
    url: regoText.optional().describe("Rego: the URL that the alert is about"),
    secrets: z
      .array(secret)
      .min(1)
      .optional()
      .describe(
        "what this sender signs with (HMAC-SHA256), instead of a token; two while it is being changed",
      ),
    signature: z
      .enum(["hex", "base64", "standard-webhooks"])
      .prefault("hex")
      .describe("how the signature is written, or `standard-webhooks`, which needs no more than secrets"),
    "signature-header": headerName.prefault("X-Signature").describe("the header of the signature"),
    "signature-prefix": z
      .string()
      .prefault("")
      .describe("what stands before the signature, such as `sha256=`"),
    "timestamp-header": headerName
      .optional()
      .describe("the header of the time of sending, in seconds or milliseconds since 1970"),
    signed: z
      .string()
      .regex(
        /^[^{}]*(\{timestamp\}[^{}]*)?\{body\}[^{}]*$/,
        "write {timestamp} once at most, then {body} once",
      )
      .prefault("{timestamp}.{body}")
      .describe("with `timestamp-header`: what the signature is over; without it, the body"),
    tolerance,
  }),
  proof({ secrets, signature, tolerance: toleranceMs, ...form }) {
    const texts = secrets?.map(({ reference }) => reference);
    if (texts === undefined) return undefined;
    return signature === "standard-webhooks"
      ? standardProof(texts, toleranceMs)
      : customProof(texts, { ...form, toleranceMs, read: signature === "hex" ? fromHex : fromBase64 });
  },
  read({ json }: Webhook, { status, dedupKey, url }) {
    return [
      {
        status: statusOf(json, status),
        dedupKey: dedupKey === undefined ? null : keyText(valueOf(dedupKey, json)),
        targetUrl: url === undefined ? null : targetUrl(valueOf(url, json)),
      },
    ];
  },
});

/** Anything but a word that means something else is taken as trouble: a page too many beats a page too few. */
function statusOf(json: unknown, reading: Reading | undefined): AlertStatus {
  if (reading !== undefined) return alertStatus.safeParse(valueOf(reading, json)).data ?? "firing";
  return body.safeParse(json).data?.status === "resolved" ? "resolved" : "firing";
}

function keyText(value: unknown): string | null {
  if (value === undefined || value === null || value === "") return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

interface Form {
  readonly signatureHeader: string;
  readonly signaturePrefix: string;
  readonly timestampHeader?: string | undefined;
  readonly signed: string;
  readonly toleranceMs: number;
  readonly read: typeof fromHex;
}

/** A signature in the form that the settings say. */
function customProof(keys: readonly string[], form: Form): Proof {
  const { signatureHeader, timestampHeader, toleranceMs } = form;
  const [before = "", after = ""] = form.signed.split("{body}");
  return ({ headers, body }, { now }) => {
    const shown = form.read(headers.get(signatureHeader) ?? "", form.signaturePrefix);
    if (timestampHeader === undefined)
      return admitSigned(isSigned({ parts: [body], shown, keys }), signatureHeader);
    const written = headers.get(timestampHeader) ?? "";
    const parts = [before.replace("{timestamp}", () => written), body, after];
    return admitTimed(isSigned({ parts, shown, keys }), { written, now, toleranceMs }, signatureHeader);
  };
}

/**
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: `v1,<base64>`, separated by
 * spaces, over `<id>.<seconds>.<body>`; a secret is base64 after `whsec_`.
 */
function standardProof(secrets: readonly string[], toleranceMs: number): Proof {
  const header = "webhook-signature";
  const decoded = secrets.map((text) => Buffer.from(text.replace(/^whsec_/, ""), "base64"));
  // What is no base64 comes to no bytes, and everybody knows that key.
  const keys = decoded.filter(({ length }) => length > 0);
  return ({ headers, body }, { now }) => {
    const written = headers.get("webhook-timestamp") ?? "";
    const shown = (headers.get(header) ?? "").split(" ").flatMap((text) => fromBase64(text, "v1,"));
    const parts = [`${headers.get("webhook-id") ?? ""}.${written}.`, body];
    return admitTimed(isSigned({ parts, shown, keys }), { written, now, toleranceMs }, header);
  };
}
