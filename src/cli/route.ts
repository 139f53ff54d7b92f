import { readFile } from "node:fs/promises";
import { parseArgs, styleText } from "node:util";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import type { SourceSettings } from "../ingest/source-type.ts";
import { dryRun } from "../steps/dry-run.ts";
import type { DryAlert, DryMatch, DryRefusal, DryRun, ToldOutcomes } from "../steps/dry-run.ts";
import type { Claim } from "../model/claim.ts";
import type { Message } from "../model/message.ts";
import { messageText } from "../notify/message-text.ts";
import { UsageError } from "./usage.ts";
import { terminalText } from "./terminal-text.ts";

const usage =
  "crosscheck route FILE --alert alert.json [--source NAME | --route NAME] [--lenient] [--json]; --alert - reads stdin";

const unroutedCode = 1;

/** `crosscheck route`: what would happen to an alert, and why; nothing is stored, checked or sent. 1: nobody takes it. */
export async function route(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      alert: { type: "string" },
      source: { type: "string" },
      route: { type: "string" },
      lenient: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1 || values.alert === undefined)
    throw new UsageError(`usage: ${usage}`);
  const { config, warnings } = await loadConfig(file, { secrets: "optional", lenient: values.lenient });
  // What is only a warning in a strict file is for `config check` to say.
  if (values.lenient) for (const warning of warnings) process.stderr.write(`${warning}\n`);
  const delivered = {
    headers: new Headers(),
    contentType: "application/json",
    body: await readAlert(values.alert),
    cut: false,
    onlyRoute: routeNamed(config, values.route),
    unknownSource: null,
    receivedAt: Date.now(),
  };
  const run = dryRun(config, delivered, sourceNamed(config, values.source));
  process.stdout.write(values.json ? `${JSON.stringify(run, shown, 2)}\n` : dryRunText(run));
  return run.alerts.some(({ unrouted }) => unrouted !== null) ? unroutedCode : 0;
}

async function readAlert(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path === "-" ? "/dev/stdin" : path);
  } catch (error) {
    throw new Error("the alert cannot be read", { cause: error });
  }
}

function sourceNamed({ sources }: Config, name: string | undefined): SourceSettings | undefined {
  if (name === undefined) return undefined;
  const source = sources.get(name);
  if (source !== undefined) return source;
  throw new UsageError(`there is no source ${JSON.stringify(name)}: there are ${listed(sources)}`);
}

function routeNamed({ routes }: Config, name: string | undefined): string | null {
  if (name === undefined || routes.has(name)) return name ?? null;
  throw new UsageError(`there is no route ${JSON.stringify(name)}: there are ${listed(routes)}`);
}

function listed(known: ReadonlyMap<string, unknown>): string {
  return known.size === 0 ? "none" : [...known.keys()].join(", ");
}

/** JSON leaves out what is undefined, and that a value is not there is what explains a refusal. */
function shown(_: string, value: unknown): unknown {
  return value === undefined ? "(not there)" : value;
}

/** For people: each alert, each route with what follows from it or why it does not take it. */
export function dryRunText({ alerts }: DryRun): string {
  const texts = alerts.map((alert, index) => {
    const title = alerts.length === 1 ? "The alert" : `Alert ${index + 1} of ${alerts.length}`;
    return [`${title} is ${alert.status}.`, ...alertParts(alert)].join("\n\n");
  });
  return `${texts.join("\n\n")}\n`;
}

function alertParts({ fault, routes, unrouted, status }: DryAlert): string[] {
  const parts = routes.map((one) => (one.taken ? matchText(one) : refusalText(one)));
  if (fault !== null) parts.push(terminalText(`It cannot be routed: ${fault}.`));
  else if (status === "other" || status === "own") parts.push("It is kept, and starts nothing.");
  if (unrouted !== null)
    parts.push(
      unrouted.length === 0
        ? "No route takes it and unrouted: is empty: trouble: is told, or nobody."
        : `No route takes it: ${unrouted.join(", ")} (unrouted) would be told.`,
    );
  return parts;
}

function refusalText({ route: name, why }: DryRefusal): string {
  const head = `${styleText("dim", "✖")} ${name} does not take it`;
  if (why.statement === null) return `${head}: ${why.why}`;
  const values = Object.entries(why.values).map(([text, value]) =>
    value === undefined ? `${text} is not there` : `${text} is ${JSON.stringify(value)}`,
  );
  const lines = [why.statement, why.why, ...values].map((line) => `    ${terminalText(line)}`);
  return [`${head}: line ${why.row} of its input does not hold`, ...lines].join("\n");
}

function matchText(match: DryMatch): string {
  const rows = [
    ["subject", match.subject],
    ...(match.checks.length === 0 ? [] : [["it says", claimText(match.claim)]]),
    ...match.checks.flatMap(({ check, target, locations, coverage }) => [
      ["check", `${check}${target === null ? "" : ` (${target})`} from ${locations.join(", ")}`],
      ["", `${coverage.covered ? "its pass can spare" : "its pass spares nobody"}: ${coverage.why}`],
    ]),
    ["mode", match.mode],
    ...(match.arrival === null ? [] : [["told at once", match.arrival.actions.join(", ")]]),
    ...outcomeRows("told then", match.outcomes),
    ...outcomeRows("without shadow", match.inEarnest),
    ...(match.error === null ? [] : [["its rule failed", `${match.error}; told at once as inconclusive`]]),
    ...match.warnings.map((warning) => ["warning", warning]),
  ];
  const width = Math.max(...rows.map(([label = ""]) => label.length));
  const lines = rows.map(([label = "", text = ""]) => `    ${label.padEnd(width)}  ${terminalText(text)}`);
  const message =
    match.arrival === null
      ? []
      : ["", indented("The message at once:"), "", indented(said(match.arrival.message))];
  return [`${styleText("green", "✔")} ${match.route} takes it`, ...lines, ...message].join("\n");
}

/** `reachability, over IPv6, seen from eu` */
function claimText({ kinds, ipVersions, regions }: Claim): string {
  const parts = [
    ...(kinds.length === 0 ? [] : [kinds.join(", ")]),
    ...ipVersions.map((version) => `over IPv${version}`),
    ...(regions.length === 0 ? [] : [`seen from ${regions.join(", ")}`]),
  ];
  return parts.length === 0 ? "nothing that Crosscheck could read" : parts.join(", ");
}

/** As the route's template has it, else in Crosscheck's own words. */
function said(message: Message): string {
  const { rendered } = message;
  return terminalText(
    rendered === null ? messageText(message) : `${rendered.title}\n\n${rendered.description}`,
  );
}

/** Outcomes that are told to the same actions stand in one row. */
function outcomeRows(label: string, outcomes: ToldOutcomes): string[][] {
  const byAudience = Map.groupBy(Object.entries(outcomes), ([, actions]) => actions.join(", "));
  return Array.from(byAudience, ([actions, entries]) => [
    label,
    `${actions === "" ? "nobody" : actions}, if ${entries.map(([outcome]) => outcome).join(", ")}`,
  ]);
}

function indented(text: string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? "" : `    ${line}`))
    .join("\n");
}
