import { verdictOutcome } from "../model/verdict.ts";
import type { LocationSums, Report, Sums } from "../model/report.ts";
import { alignedLines } from "./aligned.ts";

/** A report for people, without colours: what is in a table is explained below it. */
export function reportText(report: Report): string {
  const { since, until, total, routes, senders, locations } = report;
  const head = `Incidents opened from ${minute(since)} to ${minute(until)}`;
  if (total.incidents === 0) return `${head}: none.\n`;
  const parts = [
    `${head}.`,
    table(
      ["route", "mode", ...sumHeader],
      [
        ...routes.map((one) => [one.route, one.mode ?? "-", ...sumCells(one)]),
        ["all", "", ...sumCells(total)],
      ],
      2,
    ),
    table(
      ["sender", ...sumHeader],
      senders.map((one) => [one.sender, ...sumCells(one)]),
      1,
    ),
    explanation,
    table(
      ["route", ...verdictOutcome.options, "no verdict"],
      [...routes.map((one) => [one.route, ...outcomeCells(one)]), ["all", ...outcomeCells(total)]],
      1,
    ),
    locationTable(locations),
    ["Marks (crosscheck mark):", ...marked(report)].map(indentedAfterFirst).join("\n"),
    ["Suggested confirm:", ...routes.flatMap(suggested)].map(indentedAfterFirst).join("\n"),
  ];
  return `${parts.filter(Boolean).join("\n\n")}\n`;
}

const sumHeader = [
  "alerts",
  "incidents",
  "pages",
  "in shadow",
  "spared",
  "neither",
  "disputed",
  "p50",
  "p95",
];

const explanation = [
  "pages      somebody was woken, or told where the route has no pager",
  "in shadow  of the pages, those that mode: gate would have spared",
  "spared     a verdict was given, and nobody was paged",
  "neither    muted, over before there was a verdict, only recorded, or not decided yet",
  "disputed   runs in which one location failed and another passed, of all that answered an alert",
  "p50, p95   how long half and 95 % of the incidents took to their first verdict",
].join("\n");

function sumCells(sums: Sums): string[] {
  const { alerts, incidents, pages, wouldBeSpared, spared, neither, runs, disagreements } = sums;
  const { p50, p95 } = sums.timeToVerdictMs;
  const counts = [alerts, incidents, pages, wouldBeSpared, spared, neither].map(String);
  return [...counts, `${disagreements}/${runs}`, seconds(p50), seconds(p95)];
}

function outcomeCells({ outcomes }: Sums): string[] {
  return [...verdictOutcome.options, "none" as const].map((outcome) => String(outcomes[outcome] ?? 0));
}

function locationTable(locations: readonly LocationSums[]): string {
  if (locations.length === 0) return "";
  const rows = locations.map(({ location, votes, excuses, unsure }) => [
    location,
    ...[votes.pass, votes.fail, votes.degraded, votes.flaky, votes.none, excuses.impaired].map(String),
    percent(unsure),
  ]);
  const text = table(["location", "pass", "fail", "slow", "flaky", "no vote", "cut off", "unsure"], rows, 1);
  return `${text}\n\nunsure     of a location's votes, how many were flaky, missing or excused`;
}

function marked({ total, routes }: Report): string[] {
  const lines = routes.filter(({ marks }) => marks.real + marks.notReal > 0);
  const unmarked = `${total.marks.unmarked} that were paged or spared have no mark, and are not counted`;
  if (lines.length === 0) return ["none", unmarked];
  return [...lines.map((one) => `${one.route}: ${marksText(one)}`), `all: ${marksText(total)}`, unmarked];
}

function marksText({ marks }: Sums): string {
  const { real, notReal, missedPages, falsePages, precision, recall } = marks;
  const missed = `${missedPages} of ${real} real ones not paged`;
  const wrong = `${falsePages} of ${notReal} false ones paged`;
  return `${missed}, ${wrong}; precision ${percent(precision)}, recall ${percent(recall)}`;
}

function suggested({ route, confirm, suggestion, rejudged }: Report["routes"][number]): string[] {
  if (confirm === null) return [];
  const wanted = suggestion.confirm === null ? `stays ${confirm}` : String(suggestion.confirm);
  const tried = rejudged.map(
    ({ confirm: setting, confirmed, regional }) => `${setting}: ${confirmed} confirmed, ${regional} regional`,
  );
  return [
    `${route}: ${wanted} (${suggestion.reason})`,
    ...(tried.length === 0 ? [] : [`  the same votes under ${tried.join("; ")}`]),
  ];
}

function table(header: readonly string[], rows: readonly (readonly string[])[], texts: number): string {
  return alignedLines(header, rows, (column) => column >= texts).join("\n");
}

function indentedAfterFirst(line: string, index: number): string {
  return index === 0 ? line : `  ${line}`;
}

/** `2026-11-22 10:00Z` */
function minute(time: string): string {
  return `${time.slice(0, 16).replace("T", " ")}Z`;
}

function seconds(ms: number | null): string {
  return ms === null ? "-" : `${(ms / 1000).toFixed(1)} s`;
}

function percent(share: number | null): string {
  return share === null ? "-" : `${(share * 100).toFixed(0)} %`;
}
