import * as z from "zod";

const unitMs: Readonly<Record<string, number>> = {
  "": 1000,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * Milliseconds of a duration as Postee's `plugins` write it: `90s`, `1m`, `2 h`, `1d`, or plain seconds; empty text is 0.
 * Undefined for anything else.
 */
export function parsePosteeDuration(text: string): number | undefined {
  const written = text.replaceAll(/\s/g, "");
  if (written === "") return 0;
  const match = /^(\d+)([smhd]?)$/.exec(written);
  const ms = Number(match?.[1]) * (unitMs[match?.[2] ?? ""] ?? Number.NaN);
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** A duration of Postee's: text in the file, milliseconds in the code. */
export const posteeDuration = z.codec(
  z.string().refine((text) => parsePosteeDuration(text) !== undefined, {
    error: (issue) =>
      `"${String(issue.input)}" is not a duration: write whole seconds, or a number and a unit, such as 90s, 5m, 2h or 1d`,
  }),
  z.number().nonnegative(),
  { decode: (text) => parsePosteeDuration(text) ?? 0, encode: (ms) => `${ms / 1000}s` },
);

/** A size as Postee writes it: `1b`, `2kb`, `3Mb`, `4GB`, `5 b`, or plain bytes. */
export const posteeSize = z.string().regex(/^\s*(?:\d+ ?(?:[kKmMgG]?[bB])?)?\s*$/, {
  error: (issue) =>
    `"${String(issue.input)}" is not a size: write bytes, or a number and a unit, such as 512kb, 3Mb or 4GB`,
});
