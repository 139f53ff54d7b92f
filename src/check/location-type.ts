import type * as z from "zod";
import type { Kind } from "../model/registry.ts";
import type { Observation } from "../model/observation.ts";
import type { ProbeRequest } from "../model/probe-protocol.ts";

/** A place that checks run from, ready to be asked. */
export interface Location extends AsyncDisposable {
  readonly name: string;
  /** The failure domain: locations of one domain have one vote together. */
  readonly domain: string;
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
