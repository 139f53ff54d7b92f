import * as z from "zod";
import { assertion } from "./assertion.ts";
import { duration, name, settings } from "./settings.ts";

/** The keys that checks of every type have; `type` and the rest are the probe's own. */
export const checkKeys = {
  name: name.describe("what routes call it"),
  timeout: duration.default(5000).describe("for one attempt"),
  retry: settings({
    attempts: z.int().min(1).max(5).default(2).describe("tries a sample gets, the first included"),
    backoff: duration.default(500).describe("pause before the retry"),
  })
    .default({ attempts: 2, backoff: 500 })
    .describe("only failures below content are tried again"),
  assertions: z.array(assertion).default([]).describe("what must hold, beside an answer at all"),
};

/** A check as the configuration writes it, with its templates rendered: what plans keep and the probe protocol sends. */
export const writtenCheck = z.looseObject({ name, type: z.string() });
export type WrittenCheck = z.output<typeof writtenCheck>;
