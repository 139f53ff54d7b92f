import { createHmac } from "node:crypto";
import * as z from "zod";
import { DeliveryError } from "../../model/errors.ts";
import type { Message } from "../../model/message.ts";
import type { Secret } from "../../model/secret.ts";
import { secret, settings } from "../../model/settings.ts";
import { actionKeys, defineAction } from "../action-type.ts";
import { payload } from "../payload.ts";
import { postJson, refusal } from "../post.ts";
import { isReference, secretUrl } from "../receiver-url.ts";

const secretForm = "a signing secret is whsec_ and the base64 of 24 to 64 bytes";

/** Tells a program of yours everything there is to know, as JSON, signed the way of Standard Webhooks. */
export const webhook = defineAction({
  name: "webhook",
  kind: "message",
  settings: settings({
    type: z.literal("webhook"),
    ...actionKeys,
    url: secretUrl.describe("where to post to"),
    headers: z
      .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, "a header's name is one word"), secret)
      .default({})
      .describe("sent with every request, such as Authorization"),
    secret: secret
      .refine(({ reference }) => isReference(reference) || signingKey(reference) !== null, secretForm)
      .optional()
      .describe(`signs every request; ${secretForm}`),
  }),
  async send(message, { url, headers, secret: signing, timeout }, { signal }) {
    const body = JSON.stringify(payload(message));
    const ours = {
      "idempotency-key": message.id,
      ...(signing === undefined ? {} : signatureHeaders(message, body, signing)),
    };
    const request = { url, headers: { ...revealed(headers), ...ours }, body, timeoutMs: timeout };
    const answer = await postJson(request, signal);
    if (answer.status < 200 || answer.status > 299) throw refusal(answer);
  },
});

/** In lower case, so that none is sent twice: once from the configuration and once ours. */
function revealed(headers: Readonly<Record<string, Secret>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value.reference]),
  );
}

/** https://www.standardwebhooks.com: the id is the same over retries, so that a receiver can tell a repetition. */
function signatureHeaders({ id, sentAt }: Message, body: string, signing: Secret): Record<string, string> {
  const key = signingKey(signing.reference);
  if (key === null) throw new DeliveryError(secretForm, { permanent: true });
  const timestamp = String(Math.floor(sentAt / 1000));
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

function signingKey(text: string): Buffer | null {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const key = Buffer.from(encoded ?? "", "base64");
  return key.length >= 24 && key.length <= 64 ? key : null;
}
