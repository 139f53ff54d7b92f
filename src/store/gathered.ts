import type { Database } from "./database.ts";

/** Keys in one query. */
const maxKeys = 128;

type Read<Row> = (database: Database, key: string) => Promise<readonly Row[]>;

type Asked<Row> = ReadonlyMap<string, PromiseWithResolvers<readonly Row[]>>;

/**
 * A read by a key, of which those of a tick go as one query: steps that run side by side ask for their rows together.
 * `column` is the key's in the rows; `sql` makes the query of a list of placeholders.
 */
export function gathered<Row extends object>(
  column: keyof Row & string,
  sql: (list: string) => string,
): Read<Row> {
  const gathering = new WeakMap<Database, Map<string, PromiseWithResolvers<readonly Row[]>>>();

  async function answer(database: Database, asked: Asked<Row>, keys: readonly string[]): Promise<void> {
    try {
      const rows = await database.read<Row>(sql(listOf(keys.length)), padded(keys));
      const byKey = Map.groupBy(rows, (row) => row[column] as string);
      for (const key of keys) asked.get(key)?.resolve(byKey.get(key) ?? []);
    } catch (error) {
      for (const key of keys) asked.get(key)?.reject(error);
    }
  }

  function begin(database: Database): Map<string, PromiseWithResolvers<readonly Row[]>> {
    const asked = new Map<string, PromiseWithResolvers<readonly Row[]>>();
    gathering.set(database, asked);
    setImmediate(() => {
      gathering.delete(database);
      const keys = [...asked.keys()];
      for (let at = 0; at < keys.length; at += maxKeys)
        void answer(database, asked, keys.slice(at, at + maxKeys));
    });
    return asked;
  }

  return (database, key) => {
    const asked = gathering.get(database) ?? begin(database);
    const own = asked.get(key) ?? Promise.withResolvers<readonly Row[]>();
    asked.set(key, own);
    return own.promise;
  };
}

function lengthFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(count));
}

/** `$1, $2`, from the parameter `first` on, as many as `padded` makes of the keys. */
export function listOf(count: number, first = 1): string {
  return Array.from({ length: lengthFor(count) }, (_, index) => `$${first + index}`).join(", ");
}

/** The keys, the first of them repeated up to a power of two, so that there are few texts to prepare. */
export function padded(keys: readonly string[]): string[] {
  return Array.from({ length: lengthFor(keys.length) }, (_, index) => keys[index] ?? (keys[0] as string));
}
