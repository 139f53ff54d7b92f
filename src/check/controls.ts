/** Controls: URLs of somebody else. Where they fail as well, it is the location that is cut off. */
import { deadline } from "../deadline.ts";
import { isBelowHttp } from "../model/below-http.ts";
import { describeError } from "../model/errors.ts";
import type { ControlResult } from "../model/observation.ts";
import { ProbeFailure } from "./failure.ts";
import type { Finding } from "./probe-type.ts";
import { http } from "./probes/http.ts";
import { configured, resolve, type ResolveContext } from "./resolve.ts";

const limitMs = 2000;

/** Enough to tell a control that is dead from a packet that was lost. */
const leastTries = 3;
/**
 * While none is lost: one packet in twenty shows in thirty questions, and hardly in nine (docs/verdict-simulation.md).
 * More would be too much to ask of other people's servers.
 */
const mostTries = 10;

export interface Asking {
  /** What has come of it so far, in the order of the ends. */
  readonly results: ControlResult[];
  /** Each control has been tried once. They never reject; at the signal's abort they end without a result. */
  readonly once: Promise<unknown>;
  /** Each has been tried as often as wanted. */
  readonly all: Promise<unknown>;
}

/**
 * Asks all controls at once, each over fresh connections, and each again as soon as it has answered: a path that loses
 * some of the packets shows only in the count.
 */
export function askControls(
  urls: readonly string[],
  { samples, network }: { readonly samples: number; readonly network: ResolveContext },
  signal: AbortSignal,
): Asking {
  const results: ControlResult[] = [];
  const firsts: Promise<unknown>[] = [];
  const context = { ...network, target: network.own ?? configured };
  const alls = urls.map(async (url) => {
    const first = askOnce(url, { context, results }, signal);
    firsts.push(first);
    await first;
    for (let asked = 1; !signal.aborted && isWorthAnother(asked, samples, results); asked += 1)
      await askOnce(url, { context, results }, signal);
  });
  return { results, once: Promise.all(firsts), all: Promise.all(alls) };
}

/** One that is lost is what more of them would look for. Who takes a single sample wants a single answer. */
function isWorthAnother(asked: number, samples: number, results: readonly ControlResult[]): boolean {
  if (asked < Math.min(samples, leastTries)) return true;
  return samples > 1 && asked < mostTries && results.every(({ reached }) => reached);
}

async function askOnce(
  url: string,
  { context, results }: { readonly context: ResolveContext; readonly results: ControlResult[] },
  signal: AbortSignal,
): Promise<void> {
  using limit = deadline(signal, limitMs);
  const started = performance.now();
  const message = await reach(url, context, limit.signal);
  // Who asked has no more time: that says nothing of the control.
  if (signal.aborted) return;
  const durationMs = performance.now() - started;
  results.push({ url, reached: message === undefined, message: message ?? "", durationMs });
}

/** Why there was no answer; undefined when there was one, whatever it said. */
async function reach(url: string, context: ResolveContext, signal: AbortSignal): Promise<string | undefined> {
  const check = { name: "control", type: "http", url, "follow-redirects": false, "max-body": 1 };
  const { data: settings, error } = http.settings.safeParse(check);
  if (settings === undefined) return error.message;
  try {
    const { host, port } = http.target(settings);
    const { addresses, dnsMs } = await resolve({ host, port, hop: "first" }, context, signal);
    for (const address of addresses) {
      const attempt = { address, dnsMs, location: undefined, resolveRedirect, hold };
      const { timings, errorClass, message } = await http.attempt(settings, attempt, signal);
      if (timings.firstByte !== null) return undefined;
      // A location may have only one of the two families. Anything else is noise, which must be heard of.
      if (errorClass !== "tcp.unreachable" && errorClass !== "location.network") return message;
    }
    return "there is no way from here to any of its addresses";
  } catch (failure) {
    return describeError(failure);
  }
}

/** Redirects of controls are answers enough. */
function resolveRedirect(): Promise<never> {
  return Promise.reject(new ProbeFailure("http.redirect", "a control's redirect is not followed"));
}

function hold<T>(work: () => T): T {
  return work();
}

/** Whether the location's own network could be to blame: nothing that was certainly the target has come back. */
export function mayBeOurs(finding: Finding): boolean {
  const { errorClass } = finding;
  return isBelowHttp(finding) || errorClass === "location.resolver" || errorClass === "location.network";
}
