import type { IncomingMessage } from "node:http";
import { deadline } from "../deadline.ts";
import { DeliveryError } from "../model/errors.ts";
import { hiding, urlWords } from "../model/hide.ts";
import type { Secret } from "../model/secret.ts";
import { receiverUrl } from "./receiver-url.ts";
import { post, validateHeaders } from "./request.ts";
import { plainText } from "./text.ts";

export interface PostRequest {
  /** Revealed. A receiver's address is often its password; one that is text is no secret. */
  readonly url: Secret | string;
  /** Revealed as well. */
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON */
  readonly body: string;
  /** What in the body must not be seen where the answer quotes it. */
  readonly secrets?: readonly string[];
  readonly timeoutMs: number;
}

/** What a receiver said. */
export interface Answer {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
  /** The beginning of the body as one line, without the request's secrets: fit for an error message. */
  readonly text: string;
  /** The body as it came, at most 256 KiB of it: to be read, never to be shown. */
  readonly body: string;
}

const maxAnswerBytes = 262_144;
const maxQuotedLength = 200;

/**
 * Posts JSON and gives the answer, whatever it is; `refusal` makes an error of one. Redirects are not followed: they
 * would take the message, and the secrets in its headers, to a place that nobody configured.
 * @throws DeliveryError when there is no answer. No error carries the address or a header: they are the secrets.
 */
export async function postJson(request: PostRequest, signal: AbortSignal): Promise<Answer> {
  const url = receiverUrl(typeof request.url === "string" ? request.url : request.url.reference);
  if (url === null) throw new DeliveryError("url is no address to post to", { permanent: true });
  const headers = requestHeaders(request.headers ?? {});
  using limit = deadline(signal, request.timeoutMs);
  const posting = { headers, body: request.body, signal: limit.signal };
  const response = await post(url, posting).catch((error: unknown) => {
    throw new DeliveryError("the request failed", { permanent: false, cause: error });
  });
  const body = await beginningOf(response);
  return {
    status: response.statusCode ?? 0,
    retryAfterMs: parseRetryAfter(response.headers["retry-after"] ?? null, Date.now()),
    // Made where it is asked for: hiding takes long, and most answers are not quoted.
    get text() {
      return plainText(hideSecrets(body, secretsOf(request, url)), maxQuotedLength);
    },
    body,
  };
}

/** Why an answer is no success, and whether the same request may have better luck later. */
export function refusal({ status, text, retryAfterMs }: Omit<Answer, "body">): DeliveryError {
  const redirected = status >= 300 && status < 400 ? ", a redirect, which is not followed" : "";
  const unexpected = status < 300 ? ", but not as one that has taken the message" : "";
  const said = text === "" ? "" : `: ${text}`;
  return new DeliveryError(`answered ${status}${unexpected}${redirected}${said}`, {
    permanent: isPermanent(status),
    retryAfterMs,
  });
}

/** Later is no better: moved for good, or refused for what the request is rather than for when it came. */
function isPermanent(status: number): boolean {
  if (status === 301 || status === 308) return true;
  return status >= 400 && status < 500 && ![408, 425, 429].includes(status);
}

/** Milliseconds of `Retry-After` (RFC 9110 §10.2.3): seconds, or an HTTP date; undefined for anything else. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  // An HTTP date begins with the day's name; Date.parse alone takes "-5" for a year.
  const date = /^[A-Z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function requestHeaders(own: Readonly<Record<string, string>>): Record<string, string> {
  const named = Object.entries(own).map(([name, value]) => [name.toLowerCase(), value.trim()] as const);
  const ours = { "content-type": "application/json; charset=utf-8", "user-agent": "crosscheck" };
  const headers = { ...Object.fromEntries(named), ...ours };
  try {
    validateHeaders(headers);
    return headers;
  } catch {
    // Without the cause: its message has the value.
    throw new DeliveryError("a header has characters that HTTP does not allow", { permanent: true });
  }
}

/**
 * An answer whose body does not come is still an answer: its status says whether the message was taken. By its events: an
 * iterator over them costs as much as the rest of the answer.
 */
export async function beginningOf(answer: IncomingMessage): Promise<string> {
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const chunks: Uint8Array[] = [];
  let size = 0;
  answer.on("data", (chunk: Uint8Array) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= maxAnswerBytes) answer.destroy();
  });
  // What came so far will do.
  answer.on("error", () => undefined);
  answer.once("end", end);
  answer.once("close", end);
  await ended;
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, maxAnswerBytes));
}

function secretsOf(request: PostRequest, url: URL): string[] {
  const address = typeof request.url === "string" ? [] : urlWords(url);
  return [...address, ...headerParts(request), ...(request.secrets ?? [])];
}

/** Whole values, and their words: `Bearer <token>`. */
function headerParts({ headers = {} }: PostRequest): string[] {
  return Object.values(headers).flatMap((value) => [value, ...value.split(/\s+/)]);
}

/** Text of a receiver's without what we told it in confidence. */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  // Short words (`/`, `api`, `v1`) are no secrets, and hiding them would make the rest unreadable.
  return text === "" ? "" : hiding(secrets, 6)(text);
}
