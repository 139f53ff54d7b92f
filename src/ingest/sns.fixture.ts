import "../../test/fixtures/reflect-metadata.ts";
import { createSign } from "node:crypto";
import { X509CertificateGenerator } from "@peculiar/x509";
import { signedText, snsMessage } from "./sources/sns-message.ts";

/** Who signs as SNS does. */
export interface SnsSigner {
  /** PEM */
  readonly certificate: string;
  /** A message as SNS posts it, with its signature. */
  sign(message: object): Record<string, string>;
}

export const topic = "arn:aws:sns:eu-west-1:123456789012:alarms";
export const certificateUrl =
  "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-01d088a6f77103d0.pem";
export const subscribeUrl = `https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${topic}&Token=2336412f`;

const common = {
  MessageId: "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
  TopicArn: topic,
  SignatureVersion: "2",
  SigningCertURL: certificateUrl,
};

const now = () => new Date().toISOString();

/** What a topic sends; the signature comes with `sign`. */
export const notification = (more: object = {}) => ({
  Type: "Notification",
  Message: "the house is on fire",
  Timestamp: now(),
  UnsubscribeURL: "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
  ...common,
  ...more,
});

export const confirmation = (more: object = {}) => ({
  Type: "SubscriptionConfirmation",
  Message: `You have chosen to subscribe to the topic ${topic}.`,
  Timestamp: now(),
  Token: "2336412f",
  SubscribeURL: subscribeUrl,
  ...common,
  ...more,
});

export async function makeSnsSigner(): Promise<SnsSigner> {
  const algorithm = {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    publicExponent: new Uint8Array([1, 0, 1]),
    modulusLength: 2048,
  };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({ name: "CN=sns.amazonaws.com", keys });
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const key = { key: der, format: "der", type: "pkcs8" } as const;
  return {
    certificate: certificate.toString("pem"),
    sign(message) {
      const read = snsMessage.parse({ Signature: "", ...message });
      const digest = read.SignatureVersion === "1" ? "RSA-SHA1" : "RSA-SHA256";
      const Signature = createSign(digest).update(signedText(read)).sign(key, "base64");
      return { ...message, Signature };
    },
  };
}
