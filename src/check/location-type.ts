import * as z from "zod";
import type { Kind } from "../model/registry.ts";
import { name } from "../model/settings.ts";
import type { Hide } from "../model/hide.ts";
import type { Observation } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";

/** A place that checks run from, ready to be asked. */
export interface Location extends AsyncDisposable {
  readonly name: string;
  /** The failure domain: locations of one domain have one vote together. */
  readonly domain: string;
  /** Who runs the network that it stands in (`aws`), and where; null: nobody has said. */
  readonly provider: string | null;
  readonly region: string | null;
  /** What must not be seen of what it says: it may repeat what it is asked with. */
  readonly hide?: Hide | undefined;
  /**
   * Runs one check there. Resolves with what the location saw, an `error` outcome included.
   * @throws LocationError when the location did not do its work: refused, hung until the signal, answered garbage.
   */
  ask(request: ProbeRequest, signal: AbortSignal): Promise<Observation>;
}

/** The keys that locations of every type have. */
export interface LocationSettings {
  readonly type: string;
  readonly name: string;
  readonly domain?: string | undefined;
  readonly provider?: string | undefined;
  readonly region?: string | undefined;
  readonly controls?: readonly string[] | undefined;
  readonly egress?: readonly string[] | undefined;
}

/** The keys of every type that say where a location stands. */
export const placeKeys = {
  domain: name
    .optional()
    .describe("the failure domain; provider and region when left out, else the location's name"),
  provider: name.optional().describe("who runs the network that it stands in, such as `aws` or `hetzner`"),
  region: name.optional().describe("the region of that provider, such as `eu-west-1`"),
  controls: z
    .array(z.url({ protocol: /^https?$/ }))
    .max(8)
    .optional()
    .describe("in place of the file's `controls`; empty: nothing is asked, and its failures always count"),
  egress: z
    .array(z.union([z.ipv4(), z.ipv6()]))
    .optional()
    .describe("addresses that its requests come from, for whoever has to let them through"),
};

/** Where a location stands: what the file says, else what `known` does. Locations of one region fail together. */
export function placeOf(
  { name: own, domain, provider, region }: LocationSettings,
  known: { readonly provider?: string; readonly region?: string | undefined } = {},
): Pick<Location, "domain" | "provider" | "region"> {
  const place = { provider: provider ?? known.provider ?? null, region: region ?? known.region ?? null };
  const ofRegion =
    place.provider === null || place.region === null ? own : `${place.provider}:${place.region}`;
  return { ...place, domain: domain ?? ofRegion };
}

/** A type of location: its word, its settings, and how to reach it. Settings come with their secrets revealed. */
export interface LocationType<Settings extends LocationSettings = LocationSettings> extends Kind {
  readonly settings: z.ZodType<Settings>;
  open(settings: Settings): Promise<Location>;
}

/** Keeps the settings' type while the list of types forgets it. */
export function defineLocation<Settings extends LocationSettings>(
  type: LocationType<Settings>,
): LocationType<Settings> {
  return type;
}
