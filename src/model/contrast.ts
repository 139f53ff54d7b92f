import * as z from "zod";
import { observationOutcome } from "./observation.ts";

/** The one thing that a contrast changes. */
export const contrastFactor = z.enum(["address", "ip-family", "resolver", "http-version", "redirects"]);
export type ContrastFactor = z.output<typeof contrastFactor>;

/** A failing check asked once more from a failing location, with one thing changed. */
export const contrast = z.object({
  check: z.string(),
  location: z.string(),
  factor: contrastFactor,
  /** What it was changed to: `203.0.113.8`, `IPv4`, `1.1.1.1`, `HTTP/1.1`, `not followed`. */
  value: z.string(),
  outcome: observationOutcome,
  errorClass: z.string().nullable(),
  message: z.string(),
});
export type Contrast = z.output<typeof contrast>;
