import type { Statement, Value } from "./database.ts";

/** What one caller wants written; with `rows` (a claim, a single statement) the changed rows come back. */
export interface Unit {
  readonly statements: readonly Statement[];
  readonly rows: boolean;
}

/**
 * Statements of many callers on their way to a thread. A message of a few flat lists is copied several times faster than
 * one of many small objects, and the bytes of all parameters are handed over, not copied.
 */
export interface Packed {
  /** Each SQL text once. */
  readonly texts: readonly string[];
  /** Two numbers a unit: how many statements, and 1 where the changed rows are to come back. */
  readonly units: readonly number[];
  /** Three numbers a statement: its text, how many parameters, and how many rows it must change or `anyChanges`. */
  readonly statements: readonly number[];
  /** The parameters of all statements; bytes are here as their length. */
  readonly values: readonly (string | number | null)[];
  /** Where in `values` bytes are meant, in order. */
  readonly blobs: readonly number[];
  /** All bytes, in that order. */
  readonly bytes: ArrayBuffer;
}

const anyChanges = -1;

/** The parameters must be storable (guards.ts). */
export function pack(units: readonly Unit[]): Packed {
  const texts = new Map<string, number>();
  const params = new Params();
  const [counts, heads]: [number[], number[]] = [[], []];
  for (const { statements, rows } of units) {
    counts.push(statements.length, rows ? 1 : 0);
    for (const statement of statements) {
      const text = texts.get(statement.sql) ?? texts.size;
      texts.set(statement.sql, text);
      heads.push(text, statement.params.length, statement.changes ?? anyChanges);
      for (const value of statement.params) params.add(value);
    }
  }
  const { values, blobs } = params;
  return { texts: [...texts.keys()], units: counts, statements: heads, values, blobs, bytes: params.bytes() };
}

class Params {
  readonly values: (string | number | null)[] = [];
  readonly blobs: number[] = [];
  readonly #parts: Uint8Array[] = [];

  add(value: Value): void {
    if (value instanceof Uint8Array) {
      this.blobs.push(this.values.length);
      this.values.push(value.length);
      this.#parts.push(value);
    } else {
      this.values.push(value);
    }
  }

  /** Not `Buffer.concat`, whose result may be a view on a pool that others use: this one is given away. */
  bytes(): ArrayBuffer {
    const whole = new Uint8Array(this.#parts.reduce((sum, { length }) => sum + length, 0));
    let offset = 0;
    for (const part of this.#parts) {
      whole.set(part, offset);
      offset += part.length;
    }
    return whole.buffer;
  }
}

/** The other end of `pack`. */
export function unpack({ texts, units, statements, values, blobs, bytes }: Packed): Unit[] {
  const params = withBytes(values, blobs, bytes);
  const unpacked: Unit[] = [];
  let [at, first] = [0, 0];
  for (let index = 0; index < units.length; index += 2) {
    const list: Statement[] = [];
    for (let count = units[index] as number; count > 0; count -= 1) {
      const [text, length, changes] = [statements[at], statements[at + 1], statements[at + 2]] as Triple;
      at += 3;
      const statement = { sql: texts[text] as string, params: params.slice(first, first + length) };
      first += length;
      list.push(changes === anyChanges ? statement : { ...statement, changes });
    }
    unpacked.push({ statements: list, rows: units[index + 1] === 1 });
  }
  return unpacked;
}

type Triple = readonly [number, number, number];

function withBytes(
  values: readonly (string | number | null)[],
  blobs: readonly number[],
  bytes: ArrayBuffer,
): Value[] {
  const params: Value[] = [...values];
  let offset = 0;
  for (const index of blobs) {
    const length = params[index] as number;
    params[index] = new Uint8Array(bytes, offset, length);
    offset += length;
  }
  return params;
}
