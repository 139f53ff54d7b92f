import type * as z from "zod";
import type { Assertion } from "../model/assertion.ts";
import type { Hide } from "../model/hide.ts";
import type { Attempt } from "../model/observation.ts";
import type { Kind } from "../model/registry.ts";
import type { DnsQuestion } from "./dns/message.ts";
import type { Address, Resolution } from "./resolve.ts";

/** The settings that checks of every type have; durations in ms. */
export interface CheckSettings {
  readonly type: string;
  readonly name: string;
  readonly timeout: number;
  readonly retry: { readonly attempts: number; readonly backoff: number };
  readonly assertions: readonly Assertion[];
}

/** What a check looks at, before anybody has said where that is. */
export interface Target {
  /** As the check names it; no brackets around an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** Only addresses of this family are looked at. */
  readonly family?: 4 | 6 | undefined;
  /** Who is asked what the host is (`1.1.1.1`, `[2606:4700:4700::1111]:53`); the location's own resolver when left out. */
  readonly resolver?: string | undefined;
  /** It is not the host that is connected to but these servers, which are asked what it is. */
  readonly dns?: { readonly servers: readonly Address[]; readonly question: DnsQuestion } | undefined;
}

/** The part of a target that `networkKeys` say (model/check.ts). */
export function lookupOf({
  ipFamily,
  resolver,
}: {
  readonly ipFamily: 4 | 6 | "any";
  readonly resolver?: string | undefined;
}): Pick<Target, "family" | "resolver"> {
  return {
    ...(ipFamily === "any" ? {} : { family: ipFamily }),
    ...(resolver === undefined ? {} : { resolver }),
  };
}

/** How one attempt ended: an attempt without its place in the run. */
export type Finding = Omit<Attempt, "sample" | "number" | "startedAt">;

/** Does work that holds the thread until it is done, so that whoever watches the thread knows whose it is. */
export type Hold = <T>(work: () => T) => T;

/** The one place that an attempt connects to, and how to find another when the target sends it on. */
export interface AttemptContext {
  readonly address: Address;
  /** What resolving the name took; null when the target is an address. */
  readonly dnsMs: number | null;
  /** What the location is called, for the target's log. */
  readonly location: string | undefined;
  /** Resolves the host of a redirect to addresses that it may lead to; rejects with a ProbeFailure. */
  resolveRedirect(to: Pick<Target, "host" | "port">, signal: AbortSignal): Promise<Resolution>;
  /** For judging an answer: a regular expression may run away. */
  readonly hold: Hold;
}

/**
 * A type of check: its word, its settings, and one try of it on one address over a fresh connection. Names, samples,
 * retries and the deadline of the run live in run-probe.ts.
 */
export interface ProbeType<Settings extends CheckSettings = CheckSettings> extends Kind {
  readonly settings: z.ZodType<Settings>;
  /** What must not be seen of what comes back; left out by a type whose checks have no secrets. */
  hiding?(settings: Settings): Hide;
  /** Its host is resolved before the first attempt. Throws for a template that nobody has rendered. */
  target(settings: Settings): Target;
  /**
   * Never rejects: what goes wrong is the finding. When the signal aborts, the attempt's time is up: the finding says in
   * which phase.
   */
  attempt(settings: Settings, context: AttemptContext, signal: AbortSignal): Promise<Finding>;
}

/** Keeps the settings' type while the list of types forgets it. */
export function defineProbe<Settings extends CheckSettings>(type: ProbeType<Settings>): ProbeType<Settings> {
  return type;
}
