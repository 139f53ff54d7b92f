import { quantile } from "./statistics.ts";

export type Unit = "/s" | "ms" | "kB" | "MB" | "%" | "s";

/** One number of the table. */
export interface Figure {
  readonly part: string;
  /** What was measured, under which circumstances. */
  readonly name: string;
  readonly value: number;
  readonly unit: Unit;
  /** What it is to be read beside; `ratio` is value / its value. */
  readonly beside?: { readonly name: string; readonly value: number };
  /** What a reader must know to read it right. */
  readonly note?: string;
}

/** p50 and p99 of times. */
export function spread(
  times: Iterable<number>,
  { part, name, note }: Pick<Figure, "part" | "name" | "note">,
): Figure[] {
  const values = [...times];
  const figure = (label: string, part50: number): Figure => ({
    part,
    name: `${name}, ${label}`,
    value: quantile(values, part50),
    unit: "ms",
    ...(note === undefined ? {} : { note }),
  });
  return [figure("p50", 0.5), figure("p99", 0.99)];
}

/** The figure beside another one. */
export function beside(figure: Figure, other: Figure | undefined, name?: string): Figure {
  if (other === undefined) return figure;
  return { ...figure, beside: { name: name ?? other.name, value: other.value } };
}

/** Each figure on PostgreSQL beside the same one on SQLite. */
export function besideSqlite(figures: readonly Figure[]): Figure[] {
  const byName = new Map(figures.map((figure) => [figure.name, figure]));
  return figures.map((figure) =>
    figure.name.includes("PostgreSQL")
      ? beside(figure, byName.get(figure.name.replace("PostgreSQL", "SQLite")), "SQLite")
      : figure,
  );
}
