import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { ConfigError } from "../model/errors.ts";
import { buildConfig } from "./build.ts";
import type { Config } from "./config.ts";
import { mergeDataFiles } from "./data-files.ts";
import type { DataFile } from "./data-files.ts";
import { readDialect } from "./dialect.ts";
import { readDocument } from "./document.ts";
import { examine } from "./examine.ts";
import { error, formatFault, inOrder } from "./finding.ts";
import type { Fault, Finding } from "./finding.ts";
import { readInputFiles } from "./input-files.ts";
import type { InputFile } from "./input-files.ts";
import { examineLeniently } from "./lenient.ts";
import { posteeVariables } from "./postee-variables.ts";
import type { PosteeSettings } from "./postee-variables.ts";
import { isRawMap, textsOf } from "./raw.ts";
import { secretSource, withEmptySecrets } from "./secrets.ts";

export interface LoadOptions {
  /** `required`: a secret that cannot be read is an error; `optional`: a warning, for checks away from the server. */
  readonly secrets: "required" | "optional";
  /** Every fault is a warning, and what cannot be used is left out; only what is no YAML map at all is refused. */
  readonly lenient?: boolean;
  /** Whether actions may run scripts on this machine; undefined: nobody was asked, and such actions are a warning. */
  readonly allowExec?: boolean;
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly now?: () => number;
}

export interface CheckedConfig {
  /** Absent when a fault is an error. */
  readonly config?: Config;
  /** Errors and warnings in the order of the file. */
  readonly faults: readonly Fault[];
}

export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
}

/**
 * The configuration in a file, checked whole.
 * @throws ConfigError with every fault at once
 */
export async function loadConfig(path: string, options: LoadOptions): Promise<LoadedConfig> {
  const { config, faults } = await checkConfig(path, options);
  const texts = (severity: Fault["severity"]) =>
    faults.filter((fault) => fault.severity === severity).map((fault) => formatFault(path, fault));
  if (config === undefined) throw new ConfigError(texts("error"));
  return { config, warnings: texts("warning") };
}

/** Reads a configuration and says everything that is wrong with it. */
export async function checkConfig(path: string, options: LoadOptions): Promise<CheckedConfig> {
  const file = await readText(path);
  if ("problem" in file) return { faults: [{ line: 1, col: 1, severity: "error", message: file.problem }] };
  const document = readDocument(file.text);
  const { lenient = false, allowExec } = options;
  const read = readDialect(document, lenient);
  const folder = dirname(path);
  const variables = options.variables ?? process.env;
  const secrets = secretSource(folder, {
    variable: (name) => variables[name],
    file: (secretPath) => readFileSync(secretPath, "utf8"),
  });
  const dataFiles = await readDataFiles(read.data, folder);
  const { data, findings: dataFindings } = mergeDataFiles(dataFiles.files);
  const filters = variables["REGO_FILTERS_PATH"] || "rego-filters";
  const inputFiles = await readInputFiles(read.data, { config: folder, filters }, readText);
  const severity = options.secrets === "required" ? "error" : "warning";
  const look = (part: unknown) => examine(part, { inputFiles, secrets, severity, lenient, allowExec });
  const { settings, rego, findings } = lenient ? examineLeniently(read.data, look) : look(read.data);
  const all = [read.findings, findings, dataFiles.findings, dataFindings].flat();
  const found = inOrder([...document.faults, ...all.map((finding) => document.place(finding))]);
  const faults = lenient && settings !== undefined ? found.map(asWarning) : found;
  if (settings === undefined || faults.some((fault) => fault.severity === "error")) return { faults };
  const loadedAt = (options.now ?? Date.now)();
  const texts = inputFiles.flatMap(({ content }) => ("text" in content ? [content.text] : []));
  const hash = hashOf([file.text, ...dataFiles.files.map(({ text }) => text), ...texts]);
  const usable = lenient ? { ...settings, actions: withEmptySecrets(settings.actions, secrets) } : settings;
  return {
    config: buildConfig(usable, rego, { path, loadedAt, hash, data, secretSource: secrets }),
    faults,
  };
}

function asWarning(fault: Fault): Fault {
  return { ...fault, severity: "warning" };
}

/** What this process was told in Postee's variables. */
export function posteeSettings(): PosteeSettings {
  return posteeVariables(process.env);
}

/** Where this process was told that a running server is, and the token of its API; empty counts as not told. */
export function clientVariables(): {
  readonly server: string | undefined;
  readonly token: string | undefined;
} {
  const { CROSSCHECK_SERVER: server, CROSSCHECK_TOKEN: token } = process.env;
  return { server: server || undefined, token: token || undefined };
}

/** The text of a file, or why there is none. */
async function readText(path: string): Promise<InputFile["content"]> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
    return text.includes("\0") ? { problem: "this is not a text file" } : { text };
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    return { problem: readProblems[code ?? ""] ?? `it cannot be read (${code ?? "no reason given"})` };
  }
}

const readProblems: Record<string, string> = {
  ENOENT: "there is no such file",
  EACCES: "it cannot be read: no permission",
  EISDIR: "this is a folder, not a file",
  ERR_ENCODING_INVALID_ENCODED_DATA: "this is not a text file: its bytes are not UTF-8",
};

async function readDataFiles(
  data: unknown,
  folder: string,
): Promise<{ readonly files: readonly DataFile[]; readonly findings: readonly Finding[] }> {
  const entries = isRawMap(data) ? textsOf({ path: [], value: data }, "data-files") : [];
  const files: DataFile[] = [];
  const findings: Finding[] = [];
  for (const { path, value: name } of entries) {
    const file = await readText(resolve(folder, name));
    if ("text" in file) files.push({ path, name, text: file.text });
    else findings.push(error(path, `${name}: ${file.problem}`));
  }
  return { files, findings };
}

/** Lengths keep the parts apart: text moved from one file to the next is another configuration. */
function hashOf(texts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${text.length}\n`).update(text);
  return hash.digest("hex");
}
