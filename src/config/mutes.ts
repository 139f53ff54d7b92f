import * as z from "zod";
import { longestMuteMs, type Mute } from "../model/mute.ts";
import { settings } from "../model/settings.ts";
import { warning } from "./finding.ts";
import type { Finding } from "./finding.ts";
import { normalUrl, subjectText } from "../route/subject.ts";

const time = z.iso.datetime({
  offset: true,
  error: "write a time of RFC 3339, such as 2026-12-01T02:00:00Z",
});

/** One entry of `mutes:`: work that is planned. */
export const mute = settings({
  route: z.string().min(1).optional().describe("the route; every route when left out"),
  subject: z.string().min(1).optional().describe("the subject of its incidents; every subject when left out"),
  from: time.describe("when it begins"),
  until: time.describe("when it ends, at most 24 h later"),
  reason: z.string().min(1).describe("told to whoever asks why nobody was told"),
})
  .refine(({ route, subject }) => route !== undefined || subject !== undefined, {
    error: "name a route or a subject: what mutes everything is `serve` switched off",
  })
  .refine(({ from, until }) => isShort(Date.parse(until) - Date.parse(from)), {
    path: ["until"],
    error: "it ends after it begins, and at most 24 h later",
  });

function isShort(ms: number): boolean {
  return ms > 0 && ms <= longestMuteMs;
}

/** One that is over is left in the file by mistake, or has the wrong year. */
export function checkMutes(
  { mutes }: { readonly mutes: readonly z.output<typeof mute>[] },
  now: number,
): Finding[] {
  return mutes.flatMap(({ until }, index) =>
    Date.parse(until) > now ? [] : [warning(["mutes", index, "until"], "it is over, and mutes nobody")],
  );
}

/** The file's mutes, as the program keeps them. */
export function mutesOf(written: readonly z.output<typeof mute>[]): Mute[] {
  return written.map(({ route = null, subject = null, from, until, reason }, index) => ({
    id: `config-${index + 1}`,
    route,
    subject: subject === null ? null : subjectText(normalUrl(subject)),
    from: Date.parse(from),
    until: Date.parse(until),
    reason,
    actor: "configuration",
  }));
}
