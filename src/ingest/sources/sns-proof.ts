import { X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { alertInput } from "../../model/alert.ts";
import { describeError } from "../../model/errors.ts";
import type { Admission, Edge, Proof } from "../source-type.ts";
import { isSignedBy, snsMessage, snsUrl } from "./sns-message.ts";
import type { SnsMessage } from "./sns-message.ts";

/** SNS tries for an hour at most; an hour more for the clocks. What comes later is somebody else's repeat. */
const maxAgeMs = 7_200_000;

/** SNS has one certificate a region at a time. */
const maxKeys = 20;

/** Who asks for more certificates at once than this is not SNS. */
const maxFetches = 4;

export interface SnsTrust {
  readonly topics: readonly string[];
  readonly requireV2: boolean;
}

/**
 * In this order: the topic is one of ours, the time is about now, the signature fits; then, and only then, a
 * subscription is confirmed. SNS takes a 4xx for delivered: what may get better is 503.
 */
export function snsProof({ topics, requireV2 }: SnsTrust): Proof {
  const keys = new SigningKeys();
  return async ({ body }, edge) => {
    const parsed = snsMessage.safeParse(alertInput({ body }));
    if (!parsed.success)
      return forged("it is no signed message of SNS: raw message delivery has to be switched off");
    const message = parsed.data;
    if (!topics.includes(message.TopicArn)) return forged("its topic is not listed in `topics`");
    const sent = Date.parse(message.Timestamp);
    if (!(Math.abs(sent - edge.now) <= maxAgeMs)) return forged("it is not from the last two hours");
    if (requireV2 && message.SignatureVersion !== "2")
      return forged("it is signed with SHA-1: set the topic's SignatureVersion to 2");
    const signed = await checkSignature(message, keys, edge);
    if (!signed.admitted || message.Type !== "SubscriptionConfirmation") return signed;
    return confirm(message, edge);
  };
}

function forged(why: string): Admission {
  return { admitted: false, status: 403, why };
}

async function checkSignature(message: SnsMessage, keys: SigningKeys, edge: Edge): Promise<Admission> {
  const url = snsUrl(message.SigningCertURL);
  // With a query it could be a call of SNS's own API, whose answer holds what its caller has written there.
  if (url === null || url.search !== "" || !url.pathname.endsWith(".pem"))
    return forged("its SigningCertURL is no address of SNS's certificates");
  let key: KeyObject;
  try {
    key = await keys.at(url, edge);
  } catch (error) {
    const why = `the certificate of SNS cannot be read: ${describeError(error)}`;
    return { admitted: false, status: 503, why };
  }
  return isSignedBy(message, key) ? { admitted: true } : forged("its signature does not fit");
}

/** Confirming twice does no harm, and SNS sends its question again until somebody has. */
async function confirm(message: SnsMessage, edge: Edge): Promise<Admission> {
  const url = snsUrl(message.SubscribeURL);
  if (url === null) return forged("its SubscribeURL is no address of SNS");
  try {
    await edge.get(url);
    return { admitted: true };
  } catch (error) {
    const why = `the subscription could not be confirmed: ${describeError(error)}`;
    return { admitted: false, status: 503, why };
  }
}

/** The public keys of SNS by the address of their certificate, each fetched once. */
class SigningKeys {
  readonly #keys = new Map<string, KeyObject>();
  readonly #fetches = new Map<string, Promise<KeyObject>>();

  /** @throws Error when there is no certificate at the address, or none now */
  async at(url: URL, edge: Edge): Promise<KeyObject> {
    const known = this.#keys.get(url.href);
    if (known !== undefined) return known;
    const going = this.#fetches.get(url.href);
    if (going !== undefined) return going;
    if (this.#fetches.size >= maxFetches) throw new Error("too many are being fetched");
    const fetching = this.#fetch(url, edge).finally(() => this.#fetches.delete(url.href));
    this.#fetches.set(url.href, fetching);
    return fetching;
  }

  async #fetch(url: URL, edge: Edge): Promise<KeyObject> {
    const key = new X509Certificate(await edge.get(url)).publicKey;
    const [oldest] = this.#keys.keys();
    if (oldest !== undefined && this.#keys.size >= maxKeys) this.#keys.delete(oldest);
    this.#keys.set(url.href, key);
    return key;
  }
}
