import { createHash } from "node:crypto";

/**
 * What makes an alert the same message as another (Postee's `unique-message-props`): the values at dotted paths of its
 * body, of an array on the way its first element. Empty and missing values are left out; null when all are, since then
 * nothing says that it is the same.
 */
export function uniqueKey(input: unknown, props: readonly string[]): string | null {
  const values = props.flatMap((prop) => {
    const value = prop.split(".").reduce(member, input);
    return value === undefined || value === null || value === "" ? [] : [[prop, value]];
  });
  if (values.length === 0) return null;
  const text = textOf(values);
  return text === null ? null : createHash("sha256").update(text).digest("hex");
}

/** Null for what is nested too deeply to be written: it is told rather than compared. */
function textOf(values: readonly unknown[]): string | null {
  try {
    return JSON.stringify(values);
  } catch {
    return null;
  }
}

function member(owner: unknown, key: string): unknown {
  const object: unknown = Array.isArray(owner) && !/^\d+$/.test(key) ? owner[0] : owner;
  if (typeof object !== "object" || object === null || !Object.hasOwn(object, key)) return undefined;
  return Reflect.get(object, key);
}
