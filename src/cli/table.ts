import { styleText } from "node:util";
import type { Observation } from "../model/observation.ts";
import type { Vote } from "../model/verdict.ts";
import { voteOf } from "../verdict/judge.ts";
import { alignedLines } from "./aligned.ts";
import { terminalText } from "./terminal-text.ts";

const phases = ["dns", "tcp", "tls", "firstByte", "download", "total"] as const;
const header = [
  "location",
  "check",
  "vote",
  "dns",
  "tcp",
  "tls",
  "first byte",
  "download",
  "total ms",
  "address",
  "what",
];

const colours = {
  pass: "green",
  flaky: "yellow",
  degraded: "yellow",
  fail: "red",
  none: "gray",
} as const satisfies Record<Vote, string>;

/** What each location saw, one line each, with the time of each phase in milliseconds; `-`: it did not happen. */
export function observationTable(
  observations: readonly Observation[],
  options: { readonly colour: boolean },
): string {
  const rows = observations.map((observation) => cells(observation));
  const [title = "", ...lines] = alignedLines(header, rows, isNumber);
  const body = observations.map((observation, index) => {
    const text = lines[index] ?? "";
    return options.colour ? styleText(colours[voteOf(observation)], text) : text;
  });
  return [title, ...body].join("\n");
}

function isNumber(column: number): boolean {
  return column >= 3 && column <= 8;
}

function cells(observation: Observation): string[] {
  const { timings, http, message } = observation;
  const times = phases.map((phase) => {
    const ms = timings[phase];
    return ms === null ? "-" : ms.toFixed(1);
  });
  const status = http === undefined ? "" : `HTTP ${http.statusCode}`;
  const what = message === "" ? status : message;
  return [
    observation.location,
    observation.check,
    voteOf(observation),
    ...times,
    observation.remoteAddress ?? "-",
    terminalText(what.replace(/\s+/g, " ")).slice(0, 100),
  ];
}
