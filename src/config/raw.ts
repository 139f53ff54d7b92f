import type { Path } from "./finding.ts";

/** A piece of the file's data with its path. */
export interface Placed<T> {
  readonly path: Path;
  readonly value: T;
}

export type RawMap = Readonly<Record<string, unknown>>;

/**
 * Reading the file's data before its schema has been checked: what has the wrong type is left out here and told by the
 * schema. So a misspelt name is found in the same go as a misspelt key.
 */
export function itemsOf(data: unknown, section: string): Placed<RawMap>[] {
  const list = isRawMap(data) ? data[section] : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((value: unknown, index) =>
    isRawMap(value) ? [{ path: [section, index], value }] : [],
  );
}

/** The text under a key of a map, if it is one. */
export function textOf({ path, value }: Placed<RawMap>, key: string): Placed<string>[] {
  const text = value[key];
  return typeof text === "string" ? [{ path: [...path, key], value: text }] : [];
}

/** The texts in the list under a key of a map. */
export function textsOf({ path, value }: Placed<RawMap>, key: string): Placed<string>[] {
  const list = value[key];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index) =>
    typeof item === "string" ? [{ path: [...path, key, index], value: item }] : [],
  );
}

/** The map under a key of a map, if it is one. */
export function mapOf({ path, value }: Placed<RawMap>, key: string): Placed<RawMap>[] {
  const map = value[key];
  return isRawMap(map) ? [{ path: [...path, key], value: map }] : [];
}

export function isRawMap(value: unknown): value is RawMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a path; undefined when the path leaves the data. */
export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | null)?.[step], data);
}
