import * as z from "zod";
import { settings } from "../model/settings.ts";
import type { Plugins } from "./config.ts";
import { posteeDuration } from "./postee-values.ts";

/** Postee's `plugins` of a route: they gather and sift what its `actions` are told, never its verdicts. */
export const plugins = settings({
  "aggregate-message-number": z
    .int()
    .min(0)
    .prefault(0)
    .describe("gather so many messages into one; 0: tell each"),
  "aggregate-message-timeout": posteeDuration
    .optional()
    .describe("gather what comes within this time: `90s`, `5m`, `2h`, `1d`, or plain seconds"),
  "unique-message-props": z
    .array(z.string().min(1))
    .prefault([])
    .describe("tell only once what has the same values at these dotted paths of the alert"),
  "unique-message-timeout": posteeDuration
    .optional()
    .describe("after which it may be told again; default: never"),
  "aggregate-timeout-seconds": z.int().optional().describe("of Postee, without effect"),
  "unique-message-timeout-seconds": z.int().optional().describe("of Postee, without effect"),
});

/** What they ask for, in the code's words. */
export function pluginsOf(written: z.output<typeof plugins>): Plugins {
  const count = written.aggregateMessageNumber || null;
  const gatherMs = written.aggregateMessageTimeout || null;
  const props = written.uniqueMessageProps;
  return {
    aggregate: count === null && gatherMs === null ? null : { count, timeoutMs: gatherMs },
    unique: props.length === 0 ? null : { props, timeoutMs: written.uniqueMessageTimeout || null },
  };
}
