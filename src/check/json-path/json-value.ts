/** What `JSON.parse` returns. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
type JsonObject = { readonly [name: string]: JsonValue };

export function isArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !isArray(value);
}

/** The items of an array, the values of an object's members; none of anything else. */
export function childrenOf(value: JsonValue): readonly JsonValue[] {
  if (isArray(value)) return value;
  return isObject(value) ? Object.values(value) : [];
}

/** Whether there is no value in more than `limit` arrays and objects. Does not recurse, unlike all that may follow. */
export function isNestedWithin(value: JsonValue, limit: number): boolean {
  let level: readonly JsonValue[] = [value];
  for (let depth = 0; depth <= limit && level.length > 0; depth += 1) level = level.flatMap(childrenOf);
  return level.length === 0;
}
