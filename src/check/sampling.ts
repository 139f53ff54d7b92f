/** How often and where one location looks: samples over the addresses of a name, with a retry for those that break. */
import { setTimeout as pause } from "node:timers/promises";
import { deadline } from "../deadline.ts";
import { noTimings, type Attempt } from "../model/observation.ts";
import { failed, ProbeFailure } from "./failure.ts";
import type { CheckSettings, Finding, Hold, ProbeType, Target } from "./probe-type.ts";
import { locate, resolve, type Resolution, type ResolveContext } from "./resolve.ts";
import { Rotation } from "./rotation.ts";

export interface Sampling {
  readonly probe: ProbeType;
  readonly settings: CheckSettings;
  readonly network: ResolveContext;
  readonly location: string | undefined;
  /** The only address that is looked at; all of the name when left out. */
  readonly address?: string | undefined;
  /** Samples before a pass; a name with more addresses gets one for each. */
  readonly count: number;
  readonly intervalMs: number;
  /** When the signal will abort, by `performance.now()`. */
  readonly endsAt: number;
  readonly hold: Hold;
  /** Told how each try ended, before the next one starts. */
  readonly onFinding: (finding: Finding) => void;
}

/** What was seen so far; it grows while samples are taken. */
export interface Taken {
  readonly attempts: Attempt[];
  resolution?: Resolution;
  rotation?: Rotation;
  /** Samples that have ended with all their tries. */
  samples: number;
  /** Time ran out before as many samples as it takes. */
  cutOff: boolean;
}

/** A second try cannot change these: the answer was whole and wrong, or nobody was asked. */
const final: ReadonlySet<string | null> = new Set([
  "tls.expired",
  "tls.not-yet-valid",
  "tls.hostname",
  "tls.untrusted",
  "tls.version",
  "http.redirect",
  "http.redirect-loop",
  "location.blocked-target",
  "location.bug",
]);

/** What the next address would meet as well: no route is told only when none is left. */
const forAll: ReadonlySet<string | null> = new Set(["location.blocked-target", "location.network"]);

/**
 * 1. Each sample is one try on the next address in turn, over a fresh connection, and if that breaks below the content,
 *    more of them after a pause, each on the next address.
 * 2. An address that this location has no route to (IPv6 where there is none) is left out, and the sample goes on at the
 *    next one at once.
 * 3. A sample that fails while nothing has got through ends it: the target is down. If something got through already it
 *    goes on, so that every address is seen.
 * 4. When the signal aborts, the running try is dropped and what has been taken stays.
 */
export async function takeSamples(sampling: Sampling, taken: Taken, signal: AbortSignal): Promise<void> {
  try {
    for (let sample = 1; sample <= wantedSamples(sampling, taken); sample += 1) {
      if (sample > 1) await pause(pauseMs(sampling, taken), undefined, { signal });
      const finding = await takeSample(sampling, taken, { sample, signal });
      taken.samples = sample;
      if (isHopeless(finding) && !taken.attempts.some(gotThrough)) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    taken.cutOff = true;
  }
}

/** As many as asked, or one for each address. */
export function wantedSamples({ count }: Pick<Sampling, "count">, { rotation }: Taken): number {
  return Math.max(count, rotation?.size ?? 1);
}

/** The interval, or less of it where the samples that are to come would not end in time at the pace of the slowest. */
function pauseMs(sampling: Sampling, taken: Taken): number {
  const left = sampling.endsAt - performance.now();
  const slowest = Math.max(...taken.attempts.map(({ timings }) => timings.total ?? 0));
  // One more than are to come: a last one that ended with the time would be lost to the first hiccup.
  const slots = wantedSamples(sampling, taken) - taken.samples + 1;
  const room = left / slots - slowest;
  return Math.max(0, Math.min(sampling.intervalMs, room));
}

/** The finding of the sample's last try. */
async function takeSample(
  sampling: Sampling,
  taken: Taken,
  { sample, signal }: { readonly sample: number; readonly signal: AbortSignal },
): Promise<Finding> {
  const { attempts, backoff } = sampling.settings.retry;
  for (let number = 1; ; number += 1) {
    const startedAt = Date.now();
    const finding = await look(sampling, taken, signal);
    taken.attempts.push({ ...finding, sample, number, startedAt });
    sampling.onFinding(finding);
    if (number >= attempts || !isWorthAnotherTry(finding)) return finding;
    await pause(backoff, undefined, { signal });
  }
}

/** One try. The name is resolved once; while it cannot be, that is what the try found. */
async function look(sampling: Sampling, taken: Taken, signal: AbortSignal): Promise<Finding> {
  for (;;) {
    using limit = deadline(signal, sampling.settings.timeout);
    const { rotation, finding } = await lookOnce(sampling, taken, limit.signal);
    // The run was over first: what this try ended with is our doing.
    signal.throwIfAborted();
    const told = rotation === undefined ? finding : rotation.judge(finding);
    if (told !== undefined) return told;
  }
}

async function lookOnce(sampling: Sampling, taken: Taken, signal: AbortSignal) {
  const { probe, settings, network, location, address: pinned, hold } = sampling;
  const started = performance.now();
  const { family, resolver, ...target } = probe.target(settings);
  try {
    const sought = { ...target, family, resolver, address: pinned };
    taken.resolution ??= await locate(sought, network, signal);
  } catch (error) {
    if (!(error instanceof ProbeFailure)) throw error;
    const timings = { ...noTimings, total: performance.now() - started };
    return { finding: { ...failed(error), remoteAddress: null, ipVersion: null, timings, assertions: [] } };
  }
  const { addresses, dnsMs } = taken.resolution;
  const rotation = (taken.rotation ??= new Rotation(addresses));
  const address = rotation.next();
  const resolveRedirect = (to: Pick<Target, "host" | "port">, limit: AbortSignal) =>
    resolve({ ...to, hop: "redirect", family, resolver }, network, limit);
  const context = { address, dnsMs, location, resolveRedirect, hold };
  return { rotation, finding: await probe.attempt(settings, context, signal) };
}

function gotThrough({ outcome }: Finding): boolean {
  return outcome === "pass" || outcome === "degraded";
}

function isWorthAnotherTry({ outcome, layer, errorClass, http }: Finding): boolean {
  if (outcome !== "fail" && outcome !== "error") return false;
  // Silence is no answer: the next try may get one.
  if (errorClass === "content.timeout") return true;
  if (layer === "content" || final.has(errorClass)) return false;
  return errorClass !== "http.status" || (http?.statusCode ?? 0) >= 500;
}

/** A fault of ours at one address says nothing of the next one; one without an address ends it for all. */
function isHopeless({ outcome, errorClass, remoteAddress }: Finding): boolean {
  if (outcome !== "error") return outcome === "fail";
  return remoteAddress === null || forAll.has(errorClass);
}
