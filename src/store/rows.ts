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
  /** Kinds of the same tables that a row of this one may be written ahead of, though it comes after them. */
  readonly passes?: readonly Rows[];
}

/** Rows in one statement: PostgreSQL takes 65,535 parameters. Of its powers of two only, so that there are few texts. */
const maxRows = 256;

/** A kind of statement that can be written for many rows at once. */
export class Rows {
  readonly shared: number;
  readonly columns: number;
  readonly #keyed: boolean;
  readonly #passes: readonly Rows[];
  readonly #text: (rows: readonly Names[]) => string;
  readonly #texts = new Map<number, string>();
  readonly #tables: ReadonlySet<string>;

  constructor(
    { columns, shared = 0, keyed = false, passes = [] }: Shape,
    text: (rows: readonly Names[]) => string,
  ) {
    this.columns = columns;
    this.shared = shared;
    this.#keyed = keyed;
    this.#passes = passes;
    this.#text = text;
    this.#tables = tablesOf(this.#sqlOf(1));
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

  /** Whether it is all the same if a row of this kind is written before a statement that it came after. */
  mayPass({ sql, rows }: Statement): boolean {
    if (rows !== undefined && this.#passes.includes(rows)) return true;
    return (rows === undefined ? tablesOf(sql) : rows.#tables).isDisjointFrom(this.#tables);
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

/** What a statement reads and writes: no list of tables stands behind one `from` here. */
function tablesOf(sql: string): ReadonlySet<string> {
  return new Set(Array.from(sql.matchAll(tableNames), ([, name]) => name as string));
}

const tableNames = /\b(?:into|from|join|update)\s+(?!set\b)([a-z_]+)/g;

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
 * What a write does, in fewer statements: those of one kind become one with many rows, at the place of the first of them,
 * unless something in between reads or writes a table of theirs. To PostgreSQL each statement is a parse, a plan and half
 * a dozen messages, which cost more than a row.
 */
export function together(statements: readonly Statement[]): Statement[] {
  const places: (Statement | Group)[] = [];
  const open = new Map<Rows, Group>();
  for (const statement of statements) {
    const { rows } = statement;
    const known = rows && open.get(rows);
    if (known !== undefined && takes(known, statement)) {
      add(known, statement);
      continue;
    }
    for (const kind of open.keys()) if (!kind.mayPass(statement)) open.delete(kind);
    places.push(rows === undefined ? statement : begin(open, rows, statement));
  }
  return places.flatMap((place) => ("sql" in place ? [place] : place.rows.many(place.statements)));
}

function begin(open: Map<Rows, Group>, rows: Rows, statement: Statement): Group {
  const group: Group = {
    rows,
    shared: statement.params.slice(0, rows.shared),
    keys: new Set(),
    statements: [],
  };
  add(group, statement);
  open.set(rows, group);
  return group;
}

function add({ rows, keys, statements }: Group, statement: Statement): void {
  keys.add(rows.keyOf(statement));
  statements.push(statement);
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
