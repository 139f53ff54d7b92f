import type * as z from "zod";
import type { SourceDocument } from "./document.ts";
import { warning } from "./finding.ts";
import type { Finding, Path } from "./finding.ts";
import { valueAt } from "./raw.ts";
import { fileSchema } from "./schema.ts";

/** More than the layers that a value can be wrapped wrongly in. */
const maxRounds = 5;

/**
 * Values written in another type than the one that is wanted, where there is no doubt what they say: a number or a boolean
 * for text, YAML 1.1's booleans, an empty value for none at all. With `lenient` also text for a number or a boolean, and a
 * single item for a list. Changes `data` in place.
 */
export function coerceValues(data: unknown, document: SourceDocument, lenient: boolean): Finding[] {
  const findings: Finding[] = [];
  for (let round = 0; round < maxRounds; round += 1) {
    const issues = fileSchema.safeParse(data).error?.issues ?? [];
    const coercions = issues.flatMap((issue) => coercion(issue, { data, document, lenient }) ?? []);
    for (const { path, value, finding } of coercions) {
      setAt(data, path, value);
      if (finding !== undefined) findings.push(finding);
    }
    if (coercions.length === 0) break;
  }
  return findings;
}

interface Coercion {
  readonly path: Path;
  /** Undefined: the key goes. */
  readonly value: unknown;
  readonly finding?: Finding;
}

interface Reading {
  readonly data: unknown;
  readonly document: SourceDocument;
  readonly lenient: boolean;
}

function coercion(issue: z.core.$ZodIssue, reading: Reading): Coercion | undefined {
  const { path } = issue;
  const key = path.at(-1);
  const value = valueAt(reading.data, path);
  if (value === null && typeof key === "string" && issue.code !== "unrecognized_keys")
    return { path, value: undefined, finding: { ...empty(path, key), onKey: true } };
  if (issue.code !== "invalid_type") return undefined;
  const { expected } = issue;
  if (expected === "string" && (typeof value === "number" || typeof value === "boolean"))
    return { path, value: reading.document.plainText(path) ?? String(value) };
  if (expected === "boolean" && typeof value === "string") return asBoolean(path, value, reading);
  return reading.lenient ? asMeant(path, expected, value) : undefined;
}

function empty(path: Path, key: string): Finding {
  return warning(path, `"${key}" is empty: it counts as not given`);
}

const booleans: Record<string, boolean> = { yes: true, on: true, no: false, off: false };

/**
 * `yes`, `no`, `on` and `off` are text in YAML 1.2 and were booleans in 1.1, which Postee reads. The schema says where a
 * boolean is wanted; elsewhere they stay text.
 */
function asBoolean(path: Path, text: string, { document, lenient }: Reading): Coercion | undefined {
  const word = text.trim().toLowerCase();
  const plain = booleans[word];
  if (plain !== undefined && document.plainText(path) !== undefined) return { path, value: plain };
  const quoted = { ...booleans, true: true, false: false }[word];
  if (quoted === undefined || !lenient) return undefined;
  return { path, value: quoted, finding: taken(path, "text", `${quoted}`) };
}

function asMeant(path: Path, expected: string, value: unknown): Coercion | undefined {
  if (expected === "array" && value !== undefined)
    return { path, value: [value], finding: taken(path, "no list", "a list of one") };
  const wantsNumber = expected === "number" || expected === "int";
  if (!wantsNumber || typeof value !== "string" || !/^\s*-?\d+(?:\.\d+)?\s*$/.test(value)) return undefined;
  return { path, value: Number(value), finding: taken(path, "text", "a number") };
}

function taken(path: Path, found: string, as: string): Finding {
  return warning(path, `${String(path.at(-1))}: found ${found}, taken for ${as}`);
}

function setAt(data: unknown, path: Path, value: unknown): void {
  const parent = valueAt(data, path.slice(0, -1)) as object;
  const key = path.at(-1) ?? "";
  if (value === undefined) Reflect.deleteProperty(parent, key);
  else Reflect.set(parent, key, value);
}
