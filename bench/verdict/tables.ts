import type { Cell, Swept } from "./cost.ts";
import { missCost } from "./cost.ts";
import { percent } from "./truth.ts";

/** Markdown: how often each rule pages, in % of the runs, by what is the case. */
export function pageTable(cells: readonly Cell[], rules: readonly string[]): string {
  const counts = [...new Set(cells.map(({ places }) => places))];
  const names = [...new Set(cells.map(({ truth }) => truth.name))];
  const rows = names.map((name) => {
    const own = counts.map((count) =>
      cells.find(({ truth, places }) => truth.name === name && places === count),
    );
    return [name, ...rules.map((_, rule) => own.map((cell) => inPercent(cell?.pages[rule])).join(" / "))];
  });
  return [
    `Paged, in % of the runs, from ${counts.join(" / ")} places:`,
    "",
    markdown([["what is the case", ...rules], ...rows]),
  ].join("\n");
}

/** Markdown: what the rules cost for a mix of pages; the least in bold. */
export function costTable(swept: readonly Swept[], rules: readonly string[]): string {
  const rows = swept.map(({ places, noise, falseShare, cost }) => {
    const least = Math.min(...cost);
    const cells = cost.map((one) => (one === least ? `**${one.toFixed(3)}**` : one.toFixed(3)));
    return [String(places), percent(noise), percent(falseShare), ...cells];
  });
  const mean = rules.map(
    (_, rule) => swept.reduce((sum, { cost }) => sum + (cost[rule] ?? 0), 0) / swept.length,
  );
  rows.push([
    "all",
    "all",
    "all",
    ...mean.map((one) => (one === Math.min(...mean) ? `**${one.toFixed(3)}**` : one.toFixed(3))),
  ]);
  const rates = swept
    .filter(({ falseShare }) => falseShare === swept[0]?.falseShare)
    .map(({ places, noise, falsePages, missed }) => [
      String(places),
      percent(noise),
      ...rules.map((_, rule) => `${inPercent(falsePages[rule])} / ${inPercent(missed[rule])}`),
    ]);
  return [
    "False pages / missed outages, in %:",
    "",
    markdown([["places", "path noise", ...rules], ...rates]),
    "",
    `Cost of an incoming page, where a missed outage costs ${missCost} pages for nothing:`,
    "",
    markdown([["places", "path noise", "pages that are false", ...rules], ...rows]),
  ].join("\n");
}

function inPercent(rate = Number.NaN): string {
  const value = rate * 100;
  return value === 0 || value === 100 ? String(value) : value.toFixed(value < 10 ? 2 : 1);
}

function markdown([head = [], ...rows]: readonly (readonly string[])[]): string {
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
