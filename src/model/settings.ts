import * as z from "zod";
import { Secret } from "./secret.ts";

type CamelCase<Key extends string> = Key extends `${infer Head}-${infer Rest}`
  ? `${Head}${Capitalize<CamelCase<Rest>>}`
  : Key;

/** An object whose kebab-case keys are written in camelCase; its values stay as they are. */
export type CamelKeys<T> = { [Key in keyof T as CamelCase<Key & string>]: T[Key] };

/** `second-look` → `secondLook` */
export function camelCase(key: string): string {
  return key.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Settings as people write them (kebab-case keys, unknown keys refused) that the code reads in camelCase. It is a
 * codec: `z.encode(schema, value)` gives back the written form, which is what plans keep and the probe protocol sends,
 * so that there is one schema for the file, the row and the wire.
 */
export function settings<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const written = z.strictObject(shape);
  type Written = z.output<typeof written>;
  const spelling = new Map(Object.keys(shape).map((key) => [camelCase(key), key]));
  return z.codec(written, z.custom<CamelKeys<Written>>(), {
    decode: (value) => renameKeys(value, camelCase) as CamelKeys<Written>,
    encode: (value) => renameKeys(value, (key) => spelling.get(key) ?? key) as Written,
  });
}

function renameKeys(value: object, rename: (key: string) => string): object {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([key, member]) => [rename(key), member as unknown]),
  );
}

const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds of `500ms`, `20s`, `1m`, `2h`, `30d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s?(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) return undefined;
  const [, amount, unit] = match;
  const ms = Number(amount) * unitMs[unit as keyof typeof unitMs];
  return Number.isSafeInteger(Math.round(ms)) ? Math.round(ms) : undefined;
}

/** The shortest text that `parseDuration` reads back: 90000 → `90s`, 3600000 → `1h`. */
export function formatDuration(ms: number): string {
  const units = Object.entries(unitMs).toReversed();
  const [unit, size] = units.find(([, length]) => ms >= length && ms % length === 0) ?? ["ms", 1];
  return `${ms / size}${unit}`;
}

/** A duration: text with a unit in the file, milliseconds in the code. */
export const duration = z.codec(
  z.string().refine((text) => parseDuration(text) !== undefined, {
    error: (issue) =>
      `"${String(issue.input)}" is not a duration: write a number and a unit, such as 500ms, 20s, 1m, 2h or 1d`,
  }),
  z.number().nonnegative(),
  { decode: (text) => parseDuration(text) ?? 0, encode: formatDuration },
);

/** So many in so long. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

const ratePattern = /^(\d{1,6})\s?\/\s?(s|m|h)$/;

/** A rate: `20/m` in the file. */
export const rate = z.codec(
  z.string().refine((text) => Number(ratePattern.exec(text.trim())?.[1]) > 0, {
    error: (issue) =>
      `"${String(issue.input)}" is not a rate: write a number and a unit of time, such as 1/s or 20/m`,
  }),
  z.custom<Rate>(),
  {
    decode: (text) => {
      const [, count, unit] = ratePattern.exec(text.trim()) ?? [];
      return { count: Number(count), perMs: unitMs[unit as keyof typeof unitMs] };
    },
    encode: formatRate,
  },
);

/** The text that a rate is written as: `20/m`. */
export function formatRate({ count, perMs }: Rate): string {
  return `${count}/${formatDuration(perMs).slice(1)}`;
}

/** Text that may be `$NAME` (an environment variable) or `file:PATH` (a file's content); never shown. */
export const secret = z.codec(z.string().min(1), z.instanceof(Secret), {
  decode: (text) => new Secret(text),
  encode: (value) => value.reference,
});

/** A name that other parts of the file refer to. */
export const name = z
  .string()
  .regex(
    /^[A-Za-z0-9](?:[A-Za-z0-9_. -]{0,61}[A-Za-z0-9_.-])?$/,
    "a name has letters, digits, blanks, '-', '_' and '.', at most 63 of them",
  );
