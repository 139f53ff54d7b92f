import { ProbeFailure } from "../failure.ts";

/** One request of a chain, as far as redirects go. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly body?: Buffer | undefined;
}

/** How far redirects are followed. */
export interface RedirectPolicy {
  readonly maxRedirects: number;
  /** From https to http. */
  readonly allowDowngrade: boolean;
}

/** Where an answer sends the client. */
export interface Redirect {
  readonly statusCode: number;
  readonly location: string;
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** Where an answer sends the client; undefined when it does not. */
export function redirectOf(statusCode: number, location: string | undefined): Redirect | undefined {
  return redirectStatuses.has(statusCode) && location !== undefined ? { statusCode, location } : undefined;
}

/**
 * The next request of a chain, `visited` being the ones before, the current one last. After 303, and after 301 or 302 to a
 * POST, it is a GET without a body; otherwise both stay (RFC 9110 §15.4). A body does not leave its origin.
 * @throws ProbeFailure of `http.redirect-loop` or `http.redirect` for one that must not be followed.
 */
export function nextHop(visited: readonly Hop[], redirect: Redirect, policy: RedirectPolicy): Hop {
  const current = visited.at(-1) as Hop;
  const url = nextUrl(current.url, redirect.location, policy);
  const next = asksAnew(redirect.statusCode, current.method) ? { url, method: "GET" } : { ...current, url };
  const { href } = current.url;
  if (visited.some((hop) => hop.url.href === url.href && hop.method === next.method)) {
    throw new ProbeFailure("http.redirect-loop", `${href} redirects back to ${url.href}`);
  }
  if (visited.length > policy.maxRedirects) {
    throw new ProbeFailure(
      "http.redirect-loop",
      `more than ${policy.maxRedirects} redirects; the next would be ${url.href}`,
    );
  }
  if (next.body !== undefined && url.origin !== current.url.origin) {
    throw new ProbeFailure(
      "http.redirect",
      `${href} redirects a ${next.method} to ${url.href}, another origin, where its body is not sent: check that URL`,
    );
  }
  return next;
}

/** Whether what follows is a question for the result, and no longer the request itself. */
function asksAnew(statusCode: number, method: string): boolean {
  if (statusCode === 303) return method !== "GET" && method !== "HEAD";
  return (statusCode === 301 || statusCode === 302) && method === "POST";
}

function nextUrl(current: URL, location: string, { allowDowngrade }: RedirectPolicy): URL {
  if (!URL.canParse(location, current)) {
    throw new ProbeFailure("http.redirect", `${current.href} redirects to "${location}", which is no URL`);
  }
  const next = new URL(location, current);
  next.hash = "";
  if (next.protocol !== "http:" && next.protocol !== "https:") {
    throw new ProbeFailure(
      "http.redirect",
      `${current.href} redirects to ${next.protocol}, which is not HTTP`,
    );
  }
  if (current.protocol === "https:" && next.protocol === "http:" && !allowDowngrade) {
    throw new ProbeFailure("http.redirect", `${current.href} redirects from https to http: ${next.href}`);
  }
  return next;
}

/**
 * A hop that reaches nothing new: the same origin, or the same host from http to https on their own ports. It keeps the
 * address that was tested for the hop before, so that a private target of the configuration may redirect to its /login.
 */
export function staysAtHost(from: URL, to: URL): boolean {
  if (from.origin === to.origin) return true;
  return from.hostname === to.hostname && from.port === "" && to.port === "" && to.protocol === "https:";
}
