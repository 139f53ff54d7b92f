import type { LocationLine, Message } from "../model/message.ts";
import { clock, counted } from "./text.ts";

/** Votes in words, so that a state is never a colour only. */
export const voteWords: Readonly<Record<LocationLine["vote"], string>> = {
  fail: "FAIL",
  flaky: "FLAKY",
  degraded: "SLOW",
  pass: "pass",
  none: "no vote",
};

/** The whole message as plain text: for terminals, logs and mail. */
export function messageText(message: Message): string {
  const { firstLine, summary, locations, changes, contrasts, items, notTested, next } = message;
  const width = Math.max(...locations.map((line) => whereOf(line, message).length));
  const parts = [
    firstLine,
    summary,
    locations
      .map(
        (line) => `${voteWords[line.vote].padEnd(7)}  ${whereOf(line, message).padEnd(width)}  ${line.text}`,
      )
      .join("\n"),
    listText(evidenceLabels.contrasts, contrasts),
    listText(evidenceLabels.changes, changes),
    evidenceText(message),
    items.map(({ text, link }) => `- ${text}${link === null ? "" : `\n  ${link}`}`).join("\n"),
    listText("Not tested", notTested),
    listText("Crosscheck", next),
    [...linksOf(message).map(({ label, url }) => `${label}: ${url}`), contextOf(message)].join("\n"),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** What stands above evidence, the same for every receiver. */
export const evidenceLabels = {
  contrasts: "With one thing changed",
  changes: "Then and now",
  evidence: "See for yourself",
} as const;

/** A line for a shell stands alone, so that it can be taken whole. */
function evidenceText({ evidence }: Message): string {
  const lines = evidence.flatMap(({ from, command }) => [`- as from ${from}:`, `  ${command}`]);
  return lines.length === 0 ? "" : [`${evidenceLabels.evidence}:`, ...lines].join("\n");
}

/** The location, with the check where there are several. */
export function whereOf({ location, check }: LocationLine, { locations }: Message): string {
  const several = locations.some((line) => line.check !== check);
  return several ? `${location} ${check}` : location;
}

/** As many lines as there is room for; the last ones, which are the least bad, are only counted. */
export function fittingLines(
  lines: readonly string[],
  room: number,
  sizeOf: (line: string) => number = (line) => line.length + 1,
  what = "location",
): string[] {
  let size = 0;
  const fitting = lines.filter((line) => (size += sizeOf(line)) <= room);
  const left = lines.length - fitting.length;
  return left === 0 ? fitting : [...fitting, `… and ${counted(left, `more ${what}`)}`];
}

/** The message's own links; what else looks like one came from a stranger. */
export function linksOf({ runbook, link }: Message): { label: string; url: string }[] {
  return [
    ...(runbook === null ? [] : [{ label: "Runbook", url: runbook }]),
    ...(link === null ? [] : [{ label: "Incident", url: link }]),
  ];
}

/** `route confirm-page, 3 alerts: the first at 03:02Z, the last at 03:06Z` */
export function contextOf({ route, incident, sentAt }: Message): string {
  const { alertCount, openedAt, lastAlertAt } = incident;
  if (alertCount === 0) return `route ${route}`;
  const [first, last] = [clock(openedAt, sentAt), clock(lastAlertAt, sentAt)];
  const times = first === last ? ` at ${first}` : `: the first at ${first}, the last at ${last}`;
  return `route ${route}, ${counted(alertCount, "alert")}${times}`;
}

/** `Not tested: IPv6`; several items have a line each. */
export function listText(label: string, items: readonly string[]): string {
  if (items.length < 2) return items.map((item) => `${label}: ${item}`).join("");
  return [`${label}:`, ...items.map((item) => `- ${item}`)].join("\n");
}
