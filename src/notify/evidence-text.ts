import type { Contrast } from "../model/contrast.ts";
import type { EvidenceLine } from "../model/message.ts";
import type { Verdict } from "../model/verdict.ts";
import { plainText, wordList } from "./text.ts";

const maxCommand = 2000;
const maxLine = 500;
const maxLines = 8;

interface Place {
  readonly check: string;
  readonly location: string;
}

/** The lines for a shell, each once with all the locations that it is for. */
export function evidenceLines(verdict: Verdict | null): EvidenceLine[] {
  // A line that loses a character on its way to people is another one.
  const usable = (verdict?.evidence ?? []).filter(
    ({ command }) => command !== "" && plainText(command, maxCommand) === command,
  );
  const groups = Map.groupBy(usable, ({ command }) => command);
  return [...groups]
    .map(([command, places]) => ({ from: placesIn(places, severalIn(usable)), command }))
    .slice(0, maxLines);
}

/** `from eu and na: last passed …; status: was 200, is 503` */
export function changeLines(verdict: Verdict | null): string[] {
  const changed = (verdict?.evidence ?? []).filter(({ changes }) => changes.length > 0);
  return linesOf(changed, ({ changes }) => `: ${changes.join("; ")}`);
}

/** `from eu it works over IPv4; it fails over HTTP/1.1 as well` */
export function contrastLines(contrasts: readonly Contrast[]): string[] {
  const places = [...Map.groupBy(contrasts, ({ check, location }) => `${check}\n${location}`).values()];
  const tried = places.flatMap((own) =>
    own[0] === undefined ? [] : [{ check: own[0].check, location: own[0].location, own }],
  );
  return linesOf(tried, ({ own }) => ` it ${contrastText(own)}`);
}

function contrastText(own: readonly Contrast[]): string {
  const of = (...outcomes: Contrast["outcome"][]) =>
    own.filter(({ outcome }) => outcomes.includes(outcome)).map(changeWords);
  const parts: readonly [words: string, changes: readonly string[], end: string][] = [
    ["works", of("pass"), ""],
    ["works, but slowly,", of("degraded"), ""],
    ["fails", of("fail"), " as well"],
    ["could not be tried", of("error"), ""],
  ];
  return parts
    .filter(([, changes]) => changes.length > 0)
    .map(([words, changes, end]) => `${words} ${wordList(changes)}${end}`)
    .join("; it ");
}

/** With its own preposition: `over IPv4`, `at 203.0.113.8`. */
function changeWords({ factor, value }: Contrast): string {
  switch (factor) {
    case "address":
      return `at ${value}`;
    case "ip-family":
    case "http-version":
      return `over ${value}`;
    case "resolver":
      return `via resolver ${value}`;
    case "redirects":
      return "without following redirects";
  }
}

/** A line for each text, with the locations that share it in front. */
function linesOf<T extends Place>(items: readonly T[], textOf: (item: T) => string): string[] {
  const several = severalIn(items);
  return [...Map.groupBy(items, textOf)]
    .map(([text, places]) => plainText(`from ${placesIn(places, several)}${text}`, maxLine))
    .slice(0, maxLines);
}

function severalIn(places: readonly Place[]): boolean {
  return new Set(places.map(({ check }) => check)).size > 1;
}

/** `eu and na`; with the check where there are several. */
function placesIn(places: readonly Place[], several: boolean): string {
  const names = places.map(({ check, location }) => (several ? `${location} ${check}` : location));
  return plainText(wordList(names), maxLine);
}
