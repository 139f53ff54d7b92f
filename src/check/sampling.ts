/** How often and where one location looks: samples over the addresses of a name, with a retry for those that break. */
import { setTimeout as pause } from "node:timers/promises";
import { deadline } from "../deadline.ts";
import { noTimings, type Attempt } from "../model/observation.ts";
import { failed, ProbeFailure } from "./failure.ts";
import type { CheckSettings, Finding, ProbeType } from "./probe-type.ts";
import { resolve, type Resolution, type ResolveContext } from "./resolve.ts";

export interface Sampling {
  readonly probe: ProbeType;
  readonly settings: CheckSettings;
  readonly network: ResolveContext;
  readonly location: string | undefined;
  /** Samples before a pass; a name with more addresses gets one for each. */
  readonly count: number;
  readonly intervalMs: number;
}

/** What was seen so far; it grows while samples are taken. */
export interface Taken {
  readonly attempts: Attempt[];
  resolution?: Resolution;
}

/** A second try cannot change these: the answer was whole and wrong, or nobody was asked. */
const final: ReadonlySet<string | null> = new Set([
  "tls.expired",
  "tls.not-yet-valid",
  "tls.hostname",
  "tls.untrusted",
  "http.redirect",
  "http.redirect-loop",
  "location.blocked-target",
  "location.bug",
]);

/**
 * 1. Each sample is one try on the next address in turn, over a fresh connection, and if that breaks below the content,
 *    more of them after a pause, each on the next address.
 * 2. A sample that fails while nothing has got through ends it: the target is down. If something got through already it
 *    goes on, so that every address is seen.
 * 3. When the signal aborts, the running try is dropped and what has been taken stays.
 */
export async function takeSamples(sampling: Sampling, taken: Taken, signal: AbortSignal): Promise<void> {
  try {
    for (let sample = 1; sample <= wanted(sampling, taken); sample += 1) {
      if (sample > 1) await pause(sampling.intervalMs, undefined, { signal });
      const finding = await takeSample(sampling, taken, { sample, signal });
      if (isHopeless(finding) && !taken.attempts.some(gotThrough)) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The finding of the sample's last try. */
async function takeSample(
  sampling: Sampling,
  taken: Taken,
  { sample, signal }: { readonly sample: number; readonly signal: AbortSignal },
): Promise<Finding> {
  const { attempts, backoff } = sampling.settings.retry;
  for (let number = 1; ; number += 1) {
    using limit = deadline(signal, sampling.settings.timeout);
    const startedAt = Date.now();
    const finding = await look(sampling, taken, limit.signal);
    // The run was over first: what this try ended with is our doing.
    signal.throwIfAborted();
    taken.attempts.push({ ...finding, sample, number, startedAt });
    if (number >= attempts || !isWorthAnotherTry(finding)) return finding;
    await pause(backoff, undefined, { signal });
  }
}

/** One try. The name is resolved once; while it cannot be, that is what the try found. */
async function look(
  { probe, settings, network, location }: Sampling,
  taken: Taken,
  signal: AbortSignal,
): Promise<Finding> {
  const started = performance.now();
  try {
    taken.resolution ??= await resolve(probe.target(settings).host, "first", network, signal);
  } catch (error) {
    if (!(error instanceof ProbeFailure)) throw error;
    const timings = { ...noTimings, total: performance.now() - started };
    return { ...failed(error), remoteAddress: null, ipVersion: null, timings, assertions: [] };
  }
  const { addresses, dnsMs } = taken.resolution;
  const tries = taken.attempts.filter(({ remoteAddress }) => remoteAddress !== null).length;
  const address = addresses[tries % addresses.length] as (typeof addresses)[0];
  const resolveRedirect = (host: string, limit: AbortSignal) => resolve(host, "redirect", network, limit);
  return await probe.attempt(settings, { address, dnsMs, location, resolveRedirect }, signal);
}

function wanted({ count }: Sampling, { resolution }: Taken): number {
  return Math.max(count, resolution?.addresses.length ?? 1);
}

function gotThrough({ outcome }: Finding): boolean {
  return outcome === "pass" || outcome === "degraded";
}

function isWorthAnotherTry({ outcome, layer, errorClass, http }: Finding): boolean {
  if (outcome !== "fail" && outcome !== "error") return false;
  if (layer === "content" || final.has(errorClass)) return false;
  return errorClass !== "http.status" || (http?.statusCode ?? 0) >= 500;
}

/** A fault of ours at one address says nothing of the next one; one without an address ends it for all. */
function isHopeless({ outcome, errorClass, remoteAddress }: Finding): boolean {
  if (outcome === "error") return remoteAddress === null || errorClass === "location.blocked-target";
  return outcome === "fail";
}
