/**
 * A value that must not be seen: a token, a webhook URL, a header that carries a key. It holds what the file says,
 * `$NAME` or `file:PATH` or the text itself, and prints as `[secret]` wherever it is turned into text.
 */
export class Secret {
  readonly #reference: string;

  constructor(reference: string) {
    this.#reference = reference;
  }

  /** As written in the configuration; a literal secret is its own reference. */
  get reference(): string {
    return this.#reference;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return "[secret]";
  }
}

/** Gives the text behind a reference; throws an Error with a one-line message when there is none. */
export type SecretSource = (reference: string) => string;

/**
 * A copy of plain data in which each secret's reference is replaced by what `read` gives for it, told where it stands:
 * its text, for the moment of use. Data with literal secrets is sent, never stored.
 */
export function revealSecrets<T>(
  value: T,
  read: (reference: string, path: readonly PropertyKey[]) => string,
  path: readonly PropertyKey[] = [],
): T {
  if (value instanceof Secret) return new Secret(read(value.reference, path)) as T;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => revealSecrets(item, read, [...path, index])) as T;
  if (value === null || typeof value !== "object" || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, revealSecrets(item, read, [...path, key])]),
  ) as T;
}

/** Every secret in plain data, with the path to it. */
export function secretsIn(
  value: unknown,
  path: readonly PropertyKey[] = [],
): { path: readonly PropertyKey[]; secret: Secret }[] {
  if (value instanceof Secret) return [{ path, secret: value }];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, item]) =>
    secretsIn(item, [...path, Array.isArray(value) ? Number(key) : key]),
  );
}
