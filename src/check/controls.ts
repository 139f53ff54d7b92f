/** Controls: URLs of somebody else. Where they fail as well, it is the location that is cut off. */
import { deadline } from "../deadline.ts";
import { describeError } from "../model/errors.ts";
import type { ControlResult } from "../model/observation.ts";
import { ProbeFailure } from "./failure.ts";
import type { Finding } from "./probe-type.ts";
import { http } from "./probes/http.ts";
import { configured, resolve, type ResolveContext } from "./resolve.ts";

const limitMs = 2000;

/** More would tell little, and controls are other people's servers. */
const mostTries = 3;

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
  { tries, network }: { readonly tries: number; readonly network: ResolveContext },
  signal: AbortSignal,
): Asking {
  const results: ControlResult[] = [];
  const firsts: Promise<unknown>[] = [];
  const context = { ...network, target: network.own ?? configured };
  const alls = urls.map(async (url) => {
    const first = askOnce(url, { context, results }, signal);
    firsts.push(first);
    await first;
    for (let left = Math.min(tries, mostTries) - 1; left > 0 && !signal.aborted; left -= 1)
      await askOnce(url, { context, results }, signal);
  });
  return { results, once: Promise.all(firsts), all: Promise.all(alls) };
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
    const { host } = http.target(settings);
    const { addresses, dnsMs } = await resolve({ host, hop: "first" }, context, signal);
    // At least one, says the contract.
    const address = addresses[0] as (typeof addresses)[0];
    const attempt = { address, dnsMs, location: undefined, resolveRedirect, hold };
    const { timings, message } = await http.attempt(settings, attempt, signal);
    return timings.firstByte === null ? message : undefined;
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

const belowHttp: ReadonlySet<string | null> = new Set([
  "tls.handshake",
  "tls.timeout",
  "http.timeout-first-byte",
  "websocket.timeout",
  "grpc.timeout",
  "content.timeout",
  "location.resolver",
  "location.network",
]);

/** Whether the location's own network could be to blame: nothing that was certainly the target has come back. */
export function mayBeOurs({ outcome, layer, errorClass }: Finding): boolean {
  if (outcome !== "fail" && outcome !== "error") return false;
  return layer === "dns" || layer === "tcp" || belowHttp.has(errorClass);
}
