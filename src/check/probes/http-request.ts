/** What an http check sends, and what of it must not be seen in what comes back. */
import { hiding, hidingAll, type Hide } from "../../model/hide.ts";
import type { AttemptContext } from "../probe-type.ts";
import { revealed, userAgent } from "./headers.ts";
import { hidingHeaders } from "./hide.ts";
import type { HttpSettings } from "./http-settings.ts";
import type { Hop } from "./redirect.ts";

/** One request on its way through redirects. */
export interface Request extends Hop {
  /** The configured ones, as long as they may be sent; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The check's own request, its secrets in it. */
export function requestOf(settings: HttpSettings): Request {
  const { url, method, headers, basicAuth, body } = settings;
  const bytes = body === undefined ? undefined : Buffer.from(body.reference);
  return {
    url: new URL(url),
    method,
    body: bytes,
    headers: {
      ...(bytes === undefined ? {} : { "content-type": contentType(bytes.toString()) }),
      ...(basicAuth === undefined ? {} : { authorization: `Basic ${credentials(basicAuth)}` }),
      ...revealed(headers),
    },
  };
}

/**
 * The request at the next hop. Headers may hold secrets and were meant for their origin only: once gone they do not come
 * back. Those that describe a body go with it.
 */
export function requestAt(next: Hop, { url, headers }: Request): Request {
  if (next.url.origin !== url.origin) return { ...next, headers: {} };
  const kept = Object.entries(headers).filter(
    ([name]) => next.body !== undefined || !name.startsWith("content-"),
  );
  return { ...next, headers: Object.fromEntries(kept) };
}

/** `identity`: the body's size and text are what the server has, and no small answer can unfold into a huge one. */
export function ownHeaders(context: AttemptContext): Record<string, string> {
  return { "user-agent": userAgent(context), accept: "*/*", "accept-encoding": "identity" };
}

function contentType(body: string): string {
  return parsed(body) === undefined ? "text/plain; charset=utf-8" : "application/json";
}

/** RFC 7617 §2. */
function credentials({ username, password }: NonNullable<HttpSettings["basicAuth"]>): string {
  return Buffer.from(`${username}:${password.reference}`).toString("base64");
}

/** Passwords are shorter than tokens, and what is cut too often costs less than one that is seen. */
const shortestPassword = 4;

/** For what comes back: targets echo whole requests, or the one field that they did not like. */
export function hidingRequest({ headers, basicAuth, body }: HttpSettings): Hide {
  const texts = [
    ...(basicAuth === undefined ? [] : [credentials(basicAuth)]),
    ...(body === undefined ? [] : [body.reference, ...fields(body.reference)]),
  ];
  const hides = [
    hidingHeaders(headers),
    hiding(texts),
    hiding(basicAuth === undefined ? [] : [basicAuth.password.reference], shortestPassword),
  ];
  return hidingAll(hides);
}

/** The values in a body that is JSON or a form, and the words of any other, such as XML. */
function fields(body: string): readonly string[] {
  const json = parsed(body);
  if (json !== undefined) return textsIn(json);
  return [...new URLSearchParams(body).values(), ...body.split(/[\s<>"'&=]+/)];
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number") return [String(value)];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(textsIn) : [];
}

function parsed(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    return value !== null && typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}
