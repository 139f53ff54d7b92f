/** What became of an attempt. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown };

/** Never rejects. */
export async function outcome<T>(attempt: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await attempt() };
  } catch (error) {
    return { error };
  }
}
