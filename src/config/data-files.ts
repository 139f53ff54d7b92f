import { readDocument } from "./document.ts";
import { error, formatFault } from "./finding.ts";
import type { Finding, Path } from "./finding.ts";
import { isRawMap } from "./raw.ts";
import type { RawMap } from "./raw.ts";

/** A data file with its text, and the entry of the configuration that names it. */
export interface DataFile {
  readonly path: Path;
  readonly name: string;
  readonly text: string;
}

/** What Crosscheck itself puts under Rego's `data`. */
const reserved = ["alert", "incident", "verdict"];

/** The top-level keys of all data files side by side. */
export function mergeDataFiles(files: readonly DataFile[]): {
  readonly data: RawMap;
  readonly findings: Finding[];
} {
  const merged = new Map<string, { readonly file: string; readonly value: unknown }>();
  const findings = files.flatMap(({ path, name, text }) => {
    const { map, messages } = readMap(name, text);
    const clashes = Object.keys(map).flatMap((key) => clash(key, merged.get(key)?.file));
    for (const [key, value] of Object.entries(map)) merged.set(key, { file: name, value });
    return [...messages, ...clashes.map((message) => `${name}: ${message}`)].map((message) =>
      error(path, message),
    );
  });
  return { data: Object.fromEntries([...merged].map(([key, { value }]) => [key, value])), findings };
}

function readMap(name: string, text: string): { readonly map: RawMap; readonly messages: string[] } {
  const document = readDocument(text);
  if (document.faults.length > 0)
    return { map: {}, messages: document.faults.map((fault) => formatFault(name, fault)) };
  if (isRawMap(document.data)) return { map: document.data, messages: [] };
  return { map: {}, messages: [`${name} is not a map: Rego needs names for what is in it`] };
}

function clash(key: string, other: string | undefined): string[] {
  if (reserved.includes(key)) return [`the key "${key}" is taken: data.${key} is Crosscheck's own`];
  return other === undefined ? [] : [`the key "${key}" is in ${other} too`];
}
