import { isIP } from "node:net";
import { deadline } from "../deadline.ts";
import { ConfigError, describeError } from "../model/errors.ts";
import type { Attempt, Observation } from "../model/observation.ts";
import type { ProbeRequest, TargetOrigin } from "../model/probe-protocol.ts";
import { Doubt } from "./doubt.ts";
import { rangeFault, type Endpoint } from "./guard.ts";
import { issueLines } from "./issues.ts";
import { observe, observeCutOff } from "./observe.ts";
import { probeTypeByName, probeTypes } from "./probes/index.ts";
import type { CheckSettings, Hold, ProbeType, Target } from "./probe-type.ts";
import type { Lookup } from "./resolve.ts";
import { takeSamples, wantedSamples, type Taken } from "./sampling.ts";

export interface ProbeContext {
  /** Aborting it gives the work up: `runProbe` rejects with its reason. */
  readonly signal: AbortSignal;
  /** How names are resolved; the system's way when left out. */
  readonly lookup?: Lookup | undefined;
  /** Whether there is IPv6 here; the network interfaces say so when left out. */
  readonly ipv6?: boolean | undefined;
  readonly hold?: Hold | undefined;
  /** Whose word controls and resolvers are; the server's own configuration when left out, which may name any address. */
  readonly own?: TargetOrigin | undefined;
  /** What is refused whoever asks, beside metadata services. */
  readonly sealed?: Endpoint | undefined;
}

/**
 * Carries out what a location was asked: resolves, takes samples, tries again, and says what it saw within
 * `request.deadlineMs`. An attempt that is running then is dropped: what has failed before stands, and fewer samples than
 * were asked without a failure are no pass but an error. Controls and other resolvers are asked within the same time.
 * `location` is empty: who asked knows whom.
 * @throws ConfigError for a check that this version does not know or that is badly written; a line for each fault.
 */
export async function runProbe(
  request: ProbeRequest,
  { signal, hold = (work) => work(), ...around }: ProbeContext,
): Promise<Observation> {
  const { probe, settings, destination } = parse(request);
  const { samples, deadlineMs, location, address } = request;
  const startedAt = Date.now();
  const started = performance.now();
  const taken: Taken = { attempts: [], samples: 0, cutOff: false };
  const network = { ...around, target: request.target };
  using limit = deadline(signal, deadlineMs);
  using doubt = new Doubt({ request, target: destination, network }, limit.signal);
  const endsAt = started + deadlineMs;
  const { consider: onFinding } = doubt;
  await takeSamples(
    { probe, settings, network, location, address, endsAt, hold, onFinding, ...samples },
    taken,
    limit.signal,
  );
  const { attempts, ...asked } = await doubt.settle(taken.attempts);
  signal.throwIfAborted();
  const durationMs = performance.now() - started;
  const resolvedAddresses = taken.resolution?.found ?? [];
  const place = { check: settings.name, location: "", startedAt, durationMs, resolvedAddresses };
  const where = { ...place, ...resolverOf(request, destination), ...asked };
  const unseen = taken.rotation?.unseen.map(({ address }) => address) ?? [];
  if (isSome(attempts) && !taken.cutOff) return observe({ ...where, attempts, unseen });
  const wanted = wantedSamples(samples, taken);
  return observeCutOff({ ...where, attempts }, { wanted, unseen, samples: taken.samples, deadlineMs });
}

/** Nobody is asked for an address. */
function resolverOf({ address }: ProbeRequest, { host, resolver, dns }: Target): { resolver?: string } {
  if (dns === undefined && (address !== undefined || isIP(host) !== 0)) return {};
  return { resolver: resolver ?? "system" };
}

interface Parsed {
  readonly probe: ProbeType;
  readonly settings: CheckSettings;
  readonly destination: Target;
}

function parse({ check, target, address }: ProbeRequest): Parsed {
  const probe = probeTypeByName.get(check.type);
  if (probe === undefined) {
    const known = probeTypes.map(({ name }) => name).join(", ");
    throw new ConfigError([`check ${check.name}: there is no type "${check.type}" here, only ${known}`]);
  }
  const parsed = probe.settings.safeParse(check);
  const faults = [
    ...(parsed.error === undefined ? [] : issueLines(parsed.error)),
    ...target.allowPrivate.flatMap((range) => rangeFault(range) ?? []),
    ...(address === undefined || isIP(address) !== 0 ? [] : [`"${address}" is not an address`]),
  ];
  if (parsed.data === undefined || faults.length > 0)
    throw new ConfigError(faults.map((fault) => `check ${check.name}: ${fault}`));
  try {
    return { probe, settings: parsed.data, destination: probe.target(parsed.data) };
  } catch (error) {
    // A template that nobody rendered, or that rendered to nonsense.
    throw new ConfigError([`check ${check.name}: no target: ${describeError(error)}`], { cause: error });
  }
}

function isSome(attempts: readonly Attempt[]): attempts is readonly [Attempt, ...Attempt[]] {
  return attempts.length > 0;
}
