import { parseArgs } from "node:util";
import type { Config } from "../config/config.ts";
import { formatFault } from "../config/finding.ts";
import type { Fault } from "../config/finding.ts";
import { checkConfig } from "../config/load.ts";

const usage = "usage: crosscheck config check FILE [--lenient] [--json]\n";

/** Where a command writes. */
export interface Output {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

const terminal: Output = {
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
};

/**
 * `crosscheck config check FILE`: 0 clean, 1 faults, 2 usage. Warnings are told and change nothing; with `--lenient` every
 * fault is one, as it is for `serve --lenient`.
 */
export async function configCheck(args: readonly string[], output: Output = terminal): Promise<0 | 1 | 2> {
  const asked = readArgs(args);
  if (asked === undefined) {
    output.stderr(usage);
    return 2;
  }
  const { file, json, lenient } = asked;
  const { config, faults } = await checkConfig(file, { secrets: "optional", lenient });
  output.stdout(json ? asJson(file, faults) : asText(file, faults, config));
  return config === undefined ? 1 : 0;
}

function readArgs(
  args: readonly string[],
): { readonly file: string; readonly json: boolean; readonly lenient: boolean } | undefined {
  try {
    const options = {
      json: { type: "boolean", default: false },
      lenient: { type: "boolean", default: false },
    } as const;
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const [file, ...rest] = positionals;
    return file === undefined || rest.length > 0 ? undefined : { file, ...values };
  } catch {
    return undefined;
  }
}

function asJson(file: string, faults: readonly Fault[]): string {
  return `${JSON.stringify({ file, faults }, null, 2)}\n`;
}

function asText(file: string, faults: readonly Fault[], config: Config | undefined): string {
  const lines = faults.map((fault) => formatFault(file, fault));
  return [
    ...lines,
    config === undefined ? summaryOf(file, faults) : `${file}: ok: ${contents(config)}`,
    "",
  ].join("\n");
}

function summaryOf(file: string, faults: readonly Fault[]): string {
  const errors = faults.filter(({ severity }) => severity === "error").length;
  return `${file}: ${counted(errors, "error")}, ${counted(faults.length - errors, "warning")}`;
}

function contents({ routes, checks, locations, actions }: Config): string {
  return [
    counted(routes.size, "route"),
    counted(checks.size, "check"),
    counted(locations.size, "location"),
    counted(actions.size, "action"),
  ].join(", ");
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
