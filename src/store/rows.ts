import type { Statement, Value } from "./database.ts";

/** The names of a row's parameters, as they stand in the SQL: `["$2", "$3"]`. */
type Names = readonly string[];

interface Shape {
  /** How many parameters a row has. */
  readonly columns: number;
  /** How many parameters come before the rows', the same for all of them. */
  readonly shared?: number;
  /** A statement may have one row of a key only, which is the row's first parameter. */
  readonly keyed?: boolean;
}

/** Rows in one statement: PostgreSQL takes 65,535 parameters. Of its powers of two only, so that there are few texts. */
const maxRows = 256;

/** A kind of statement that can be written for many rows at once. */
export class Rows {
  readonly shared: number;
  readonly columns: number;
  readonly #keyed: boolean;
  readonly #text: (rows: readonly Names[]) => string;
  readonly #texts = new Map<number, string>();

  constructor({ columns, shared = 0, keyed = false }: Shape, text: (rows: readonly Names[]) => string) {
    this.columns = columns;
    this.shared = shared;
    this.#keyed = keyed;
    this.#text = text;
  }

  /** The statement for one row: the shared parameters, then its own. */
  one(params: readonly Value[], options: Pick<Statement, "changes" | "wakes"> = {}): Statement {
    return { sql: this.#sqlOf(1), params, rows: this, ...options };
  }

  /**
   * The same for as many as may go together. Rows with a key go in its order: whoever locks several of them does so in the
   * same order as all others.
   */
  many(statements: readonly Statement[]): Statement[] {
    const sorted = this.#keyed
      ? statements.toSorted((a, b) => compare(this.keyOf(a), this.keyOf(b)))
      : statements;
    const made: Statement[] = [];
    for (let at = 0; at < sorted.length;) {
      const count = Math.min(maxRows, 2 ** Math.floor(Math.log2(sorted.length - at)));
      made.push(this.#oneOf(sorted.slice(at, at + count)));
      at += count;
    }
    return made;
  }

  /** What only one row of a statement may have; null where any may. */
  keyOf({ params }: Statement): Value {
    return this.#keyed ? (params[this.shared] ?? null) : null;
  }

  #oneOf(statements: readonly Statement[]): Statement {
    const [first, ...others] = statements;
    if (first === undefined || others.length === 0) return first as Statement;
    const { shared } = this;
    return {
      ...first,
      sql: this.#sqlOf(statements.length),
      params: [...first.params, ...others.flatMap(({ params }) => params.slice(shared))],
      ...(first.changes === undefined ? {} : { changes: first.changes * statements.length }),
    };
  }

  #sqlOf(count: number): string {
    const known = this.#texts.get(count);
    if (known !== undefined) return known;
    const names = (row: number) =>
      Array.from(
        { length: this.columns },
        (_, column) => `$${this.shared + row * this.columns + column + 1}`,
      );
    const text = this.#text(Array.from({ length: count }, (_, row) => names(row)));
    this.#texts.set(count, text);
    return text;
  }
}

/** `($1, $2), ($3, $4)` */
export function tuples(rows: readonly Names[]): string {
  return rows.map((names) => `(${names.join(", ")})`).join(", ");
}

interface Group {
  readonly rows: Rows;
  readonly shared: readonly Value[];
  readonly keys: Set<Value>;
  readonly statements: Statement[];
}

/**
 * What a write does, in fewer statements: those of one kind become one with many rows, at the place of the first of them.
 * To PostgreSQL each statement is a parse, a plan and half a dozen messages, which cost more than a row.
 */
export function together(statements: readonly Statement[]): Statement[] {
  const places: (Statement | Group)[] = [];
  const open = new Map<Rows, Group>();
  for (const statement of statements) {
    const { rows } = statement;
    if (rows === undefined) {
      places.push(statement);
      continue;
    }
    const known = open.get(rows);
    const group = known !== undefined && takes(known, statement) ? known : groupOf(rows, statement);
    if (group !== known) {
      open.set(rows, group);
      places.push(group);
    }
    group.keys.add(rows.keyOf(statement));
    group.statements.push(statement);
  }
  return places.flatMap((place) => ("sql" in place ? [place] : place.rows.many(place.statements)));
}

function groupOf(rows: Rows, { params }: Statement): Group {
  return { rows, shared: params.slice(0, rows.shared), keys: new Set(), statements: [] };
}

function takes({ rows, shared, keys }: Group, statement: Statement): boolean {
  const key = rows.keyOf(statement);
  return (
    (key === null || !keys.has(key)) && shared.every((value, index) => value === statement.params[index])
  );
}

function compare(a: Value, b: Value): number {
  const [one, other] = [String(a), String(b)];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
