import type { Figure } from "./figure.ts";

/** The figures as lines: part, what, value, and what it stands beside. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.part,
    figure.name,
    inWords(figure.value),
    figure.unit,
    figure.beside === undefined ? "" : ratio(figure, figure.beside),
    figure.note ?? "",
  ]);
  const all = [["part", "measured", "value", "unit", "ratio", "note"], ...rows];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  return all
    .map((row) =>
      row
        .map((cell, column) =>
          column === 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function ratio({ value }: Figure, beside: NonNullable<Figure["beside"]>): string {
  return `${inWords(value / beside.value)} x ${beside.name} (${inWords(beside.value)})`;
}

/** Three digits that matter. */
function inWords(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
