/**
 * What the walkthrough's function checks, which its Python original did by hand: a site has to answer 2xx with a text in
 * its page. It is a check like others, so that there is one way of probing.
 */
import { ConfigError, LocationError } from "../model/errors.ts";
import type { Observation } from "../model/observation.ts";
import { probeProtocolVersion, type ProbeRequest } from "../model/probe-protocol.ts";
import { formatDuration } from "../model/settings.ts";

export interface WalkthroughSite {
  /** `https://www.example.com/` */
  readonly site: string | undefined;
  /** What the page has to contain; empty: nothing in particular. */
  readonly expected: string | undefined;
}

/** What the end of an attempt needs to become an observation before the time for all is up. */
const marginMs = 200;

/** The longest body that a check reads. */
const maxBody = 16_000_000;

/**
 * One look, as the original took it: nothing is tried again.
 * @throws ConfigError for a site or a text that nobody has set.
 */
export function walkthroughRequest({ site, expected }: WalkthroughSite, deadlineMs: number): ProbeRequest {
  const faults = [
    ...(site === undefined || site === "" ? ["SITE is not set: the URL that this function is to check"] : []),
    ...(expected === undefined ? ["EXPECTED is not set: a text in the page of SITE, or nothing"] : []),
  ];
  if (faults.length > 0) {
    const cure =
      "set it in the function's environment, or ask in the probe protocol (locations of type lambda)";
    throw new ConfigError(faults.map((fault) => `${fault}; ${cure}`));
  }
  return {
    version: probeProtocolVersion,
    check: {
      name: "SITE",
      type: "http",
      url: site,
      timeout: formatDuration(Math.max(1, Math.floor(deadlineMs) - marginMs)),
      retry: { attempts: 1, backoff: "0ms" },
      "max-body": maxBody,
      assertions: expected === "" ? [] : [{ source: "body", comparison: "contains", target: expected }],
    },
    samples: { count: 1, intervalMs: 0 },
    controls: [],
    deadlineMs,
    target: { from: "config", allowPrivate: [] },
  };
}

/**
 * `https://www.example.com/ is up! at 2026-11-22T10:00:00.000Z`
 * @throws Error with what is wrong, where the original raised one; LocationError when the function could not tell.
 */
export function walkthroughSentence(site: string, seen: Observation): string {
  const { outcome, errorClass, message, startedAt, durationMs } = seen;
  if (outcome === "pass" || outcome === "degraded")
    return `${site} is up! at ${new Date(startedAt + durationMs).toISOString()}`;
  if (outcome === "error")
    throw new LocationError("location.bug", `${site} was not seen: ${message} (${errorClass})`);
  throw new Error(`${site} is not well: ${message} (${errorClass})`);
}
