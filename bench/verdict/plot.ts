import type { Swept } from "./cost.ts";
import { percent } from "./truth.ts";

const width = 820;
const panel = { width: 220, height: 190, left: 52, top: 46, gap: 36 };
const [least, most] = [0.025, 6];
const colours = ["#d1242f", "#0969da", "#8250df", "#1a7f37", "#9a6700"];
const marks = ["", "6 3", "2 3", "8 3 2 3", "1 5"];

/** The cost of each rule over the share of false pages, a panel for each noise of the paths, from three places. An SVG. */
export function plot(swept: readonly Swept[], rules: readonly string[]): string {
  const own = swept.filter(({ places }) => places === 3);
  const noises = [...new Set(own.map(({ noise }) => noise))];
  const panels = noises.map((noise, index) => {
    const x = panel.left + index * (panel.width + panel.gap);
    return panelOf(
      own.filter((one) => one.noise === noise),
      { x, title: `path noise ${percent(noise)}` },
    );
  });
  const legend = rules.map((name, index) => legendOf(name, index));
  const height = panel.top + panel.height + 90;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    `<title>Cost of an incoming page by rule</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${panel.left}" y="18" font-size="13">Cost of an incoming page from three places; a missed outage costs 20 pages for nothing</text>`,
    ...panels,
    ...legend,
    "</svg>\n",
  ].join("\n");
}

function panelOf(
  swept: readonly Swept[],
  { x, title }: { readonly x: number; readonly title: string },
): string {
  const bottom = panel.top + panel.height;
  const across = (index: number) => x + (index * panel.width) / (swept.length - 1);
  // Each tenth of the cost is as far away as the one before.
  const up = (cost: number) => bottom - (Math.log10(cost / least) / Math.log10(most / least)) * panel.height;
  const lines = (swept[0]?.cost ?? []).map((_, rule) => {
    const points = swept.map(
      ({ cost }, index) => `${across(index).toFixed(1)},${up(cost[rule] ?? 0).toFixed(1)}`,
    );
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${colours[rule]}" stroke-width="2" stroke-dasharray="${marks[rule]}"/>`;
  });
  const ticks = swept.map(
    ({ falseShare }, index) =>
      `<text x="${across(index)}" y="${bottom + 15}" text-anchor="middle">${percent(falseShare)}</text>`,
  );
  const scale = x === panel.left ? [0.03, 0.1, 0.3, 1, 3] : [];
  return [
    `<rect x="${x}" y="${panel.top}" width="${panel.width}" height="${panel.height}" fill="none" stroke="#d0d7de"/>`,
    `<text x="${x}" y="${panel.top - 8}">${title}</text>`,
    ...scale.map((cost) => `<text x="${x - 6}" y="${up(cost) + 4}" text-anchor="end">${cost}</text>`),
    ...lines,
    ...ticks,
    `<text x="${x + panel.width / 2}" y="${bottom + 32}" text-anchor="middle">pages that are false</text>`,
  ].join("\n");
}

function legendOf(name: string, index: number): string {
  const x = panel.left + index * 140;
  const y = panel.top + panel.height + 62;
  return [
    `<line x1="${x}" y1="${y - 4}" x2="${x + 26}" y2="${y - 4}" stroke="${colours[index]}" stroke-width="2" stroke-dasharray="${marks[index]}"/>`,
    `<text x="${x + 32}" y="${y}">${name}</text>`,
  ].join("\n");
}
