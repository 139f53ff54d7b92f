import { verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import * as z from "zod";

/**
 * What SNS posts (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html): as JSON, though its
 * Content-Type says text/plain.
 */
export const snsMessage = z.object({
  Type: z.enum(["Notification", "SubscriptionConfirmation", "UnsubscribeConfirmation"]),
  MessageId: z.string(),
  TopicArn: z.string(),
  Subject: z.string().nullish(),
  Message: z.string(),
  Timestamp: z.string(),
  SignatureVersion: z.enum(["1", "2"]),
  Signature: z.string(),
  SigningCertURL: z.string(),
  SubscribeURL: z.string().nullish(),
  Token: z.string().nullish(),
});
export type SnsMessage = z.output<typeof snsMessage>;

const inNotification = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"] as const;
const inConfirmation = [
  "Message",
  "MessageId",
  "SubscribeURL",
  "Timestamp",
  "Token",
  "TopicArn",
  "Type",
] as const;

/** Names and values that are there, a line each, in the order of their bytes. */
export function signedText(message: SnsMessage): string {
  const names = message.Type === "Notification" ? inNotification : inConfirmation;
  return names
    .flatMap((name) => [name, message[name]].filter(() => message[name] != null))
    .map((line) => `${line}\n`)
    .join("");
}

/** Whether SNS has signed a message: RSA PKCS #1 v1.5 over SHA-1 in version 1, over SHA-256 in version 2. */
export function isSignedBy(message: SnsMessage, key: KeyObject): boolean {
  if (key.asymmetricKeyType !== "rsa") return false;
  const algorithm = message.SignatureVersion === "1" ? "RSA-SHA1" : "RSA-SHA256";
  return verify(algorithm, Buffer.from(signedText(message)), key, Buffer.from(message.Signature, "base64"));
}

/** An address that a message names, when it is one of SNS's own; null for any other. */
export function snsUrl(text: string | null | undefined): URL | null {
  const url = URL.parse(text ?? "");
  const own =
    url !== null &&
    url.protocol === "https:" &&
    url.port === "" &&
    url.username === "" &&
    url.password === "" &&
    /^sns\.[a-z0-9-]{3,}\.amazonaws\.com(\.cn)?$/.test(url.hostname);
  return own ? url : null;
}
