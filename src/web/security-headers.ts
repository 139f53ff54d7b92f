import type { ServerResponse } from "node:http";

/** 30 days: a server that goes back to HTTP is reached again before long. */
const strictTransport = "max-age=2592000";

/**
 * What every answer carries, whoever writes it: nothing of ours is run, framed, guessed at, kept or read by another site
 * (https://owasp.org/www-project-secure-headers/). A page sets its own policy in place of this one.
 */
export function setSecurityHeaders(response: ServerResponse, options: { readonly tls: boolean }): void {
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  response.setHeader("cross-origin-resource-policy", "same-origin");
  response.setHeader("referrer-policy", "no-referrer");
  response.setHeader("cache-control", "no-store");
  if (options.tls) response.setHeader("strict-transport-security", strictTransport);
}
