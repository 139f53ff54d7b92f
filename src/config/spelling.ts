import type * as z from "zod";
import { error } from "./finding.ts";
import type { Finding, Path } from "./finding.ts";
import { isRawMap } from "./raw.ts";
import type { RawMap } from "./raw.ts";
import { knownKeys, knownTypes, schemaAt } from "./schema-at.ts";

/** The file's data with keys and types as the schema spells them. */
export interface Spelt {
  readonly data: unknown;
  readonly findings: readonly Finding[];
}

/**
 * Keys, and the words of `type`, whatever their case: Postee reads both so. Names that people choose, such as those of
 * headers, stay as they are.
 */
export function respell(schema: z.core.$ZodType, data: unknown): Spelt {
  const findings: Finding[] = [];
  const spell = (at: z.core.$ZodType | undefined, value: unknown, path: Path): unknown => {
    if (at === undefined) return value;
    const inner = (member: unknown, step: string | number, owner: unknown) =>
      spell(schemaAt(at, owner, [step]), member, [...path, step]);
    if (Array.isArray(value)) return value.map((item: unknown, index) => inner(item, index, value));
    if (!isRawMap(value)) return value;
    const typed = respellType(at, value);
    const members = new Map<string, unknown>();
    for (const [written, member] of Object.entries(typed)) {
      const key = respellWord(written, knownKeys(at, typed, []));
      if (members.has(key)) findings.push(twice(path, key, written));
      members.set(key, inner(member, key, { ...typed, [key]: member }));
    }
    return Object.fromEntries(members);
  };
  return { data: spell(schema, data, []), findings };
}

/** The other keys of a map depend on its `type`. */
function respellType(schema: z.core.$ZodType, map: RawMap): RawMap {
  const types = knownTypes(schema);
  if (types.length === 0) return map;
  return Object.fromEntries(
    Object.entries(map).map(([written, value]) => {
      const key = respellWord(written, ["type"]);
      return [key, key === "type" && typeof value === "string" ? respellWord(value, types) : value];
    }),
  );
}

function respellWord(word: string, known: readonly string[]): string {
  if (known.includes(word)) return word;
  return known.find((candidate) => candidate.toLowerCase() === word.toLowerCase()) ?? word;
}

function twice(path: Path, key: string, written: string): Finding {
  const message = `the key "${key}" is given twice: "${written}" is another way to write it`;
  return { ...error([...path, written], message), onKey: true };
}
