import { ProbeFailure } from "../failure.ts";

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** Where an answer sends the client; undefined when it does not. */
export function redirectOf(statusCode: number, location: string | undefined): string | undefined {
  return redirectStatuses.has(statusCode) ? location : undefined;
}

/**
 * The next URL of a chain, `visited` being the ones before, the current one last.
 * @throws ProbeFailure of `http.redirect-loop` or `http.redirect` for one that must not be followed.
 */
export function nextUrl(visited: readonly URL[], location: string, maxRedirects: number): URL {
  const current = visited.at(-1) as URL;
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
  if (current.protocol === "https:" && next.protocol === "http:") {
    throw new ProbeFailure("http.redirect", `${current.href} redirects from https to http: ${next.href}`);
  }
  if (visited.some(({ href }) => href === next.href)) {
    throw new ProbeFailure("http.redirect-loop", `${current.href} redirects back to ${next.href}`);
  }
  if (visited.length > maxRedirects) {
    throw new ProbeFailure(
      "http.redirect-loop",
      `more than ${maxRedirects} redirects; the next would be ${next.href}`,
    );
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
