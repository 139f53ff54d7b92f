import * as z from "zod";
import { observation } from "./observation.ts";
import { writtenCheck } from "./check.ts";
import { name } from "./settings.ts";

/** The version of the protocol between the server and a location. */
export const probeProtocolVersion = 1 as const;

/**
 * Where the target's address came from. From the configuration: any address but metadata services'; redirects, and
 * targets from an alert: public addresses, and the ranges in `allowPrivate` (CIDR).
 */
export const targetOrigin = z.object({
  from: z.enum(["config", "alert"]),
  allowPrivate: z.array(z.string()),
});
export type TargetOrigin = z.output<typeof targetOrigin>;

/** Longer than anybody waits, and short enough for a timer. */
const longestMs = 86_400_000;

/** How often a location looks before it says pass. */
export const sampling = z.object({
  count: z.int().min(1).max(8),
  intervalMs: z.number().nonnegative().max(longestMs),
});

/** What a location is asked: `POST` of this as JSON. `check` is in the form of the configuration, secrets revealed. */
export const probeRequest = z.object({
  version: z.literal(probeProtocolVersion),
  check: writtenCheck,
  /** Who is asked, as the server calls it: the target finds it in the User-Agent. */
  location: name.optional(),
  samples: sampling,
  /** URLs of different operators, asked when something fails below HTTP. */
  controls: z.array(z.string()),
  /** Other resolvers (`1.1.1.1`, `[2606:4700:4700::1111]:53`), asked when the location's own does not answer. */
  resolvers: z.array(z.string()).exactOptional(),
  /** Look at this address of the target only: what a contrast asks for. */
  address: z.string().exactOptional(),
  deadlineMs: z.number().positive().max(longestMs),
  target: targetOrigin,
});
export type ProbeRequest = z.output<typeof probeRequest>;

/** What it answers, with status 200, whatever it saw; any other answer means that the location is broken. */
export const probeResponse = z.object({
  version: z.literal(probeProtocolVersion),
  observation,
});
export type ProbeResponse = z.output<typeof probeResponse>;
