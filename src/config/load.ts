import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { ConfigError } from "../model/errors.ts";
import type { SecretSource } from "../model/secret.ts";
import { buildConfig } from "./build.ts";
import type { Config, Stale } from "./config.ts";
import { mergeDataFiles } from "./data-files.ts";
import type { DataFile } from "./data-files.ts";
import { readDialect } from "./dialect.ts";
import { readDocument } from "./document.ts";
import { examine } from "./examine.ts";
import { error, formatFault, inOrder } from "./finding.ts";
import type { Fault, Finding } from "./finding.ts";
import { readInputFiles } from "./input-files.ts";
import { examineLeniently } from "./lenient.ts";
import { posteeVariables } from "./postee-variables.ts";
import type { PosteeSettings } from "./postee-variables.ts";
import { isRawMap, textsOf } from "./raw.ts";
import { readText } from "./read-text.ts";
import { secretSource, withEmptySecrets } from "./secrets.ts";

export interface LoadOptions {
  /** `required`: a secret that cannot be read is an error; `optional`: a warning, for checks away from the server. */
  readonly secrets: "required" | "optional";
  /** Every fault is a warning, and what cannot be used is left out; only what is no YAML map at all is refused. */
  readonly lenient?: boolean;
  /** Whether actions may run scripts on this machine; undefined: nobody was asked, and such actions are a warning. */
  readonly allowExec?: boolean;
  /** Taken instead of what the files say now, but for secrets: those are read where they are. */
  readonly lastGood?: { readonly texts: Texts; readonly stale: Stale };
  readonly variables?: Readonly<Record<string, string | undefined>>;
  readonly now?: () => number;
}

export interface CheckedConfig {
  /** Absent when a fault is an error. */
  readonly config?: Config;
  /** Errors and warnings in the order of the file. */
  readonly faults: readonly Fault[];
  readonly texts: Texts;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly warnings: readonly string[];
  readonly texts: Texts;
}

/** What a configuration consists of: the texts of its file and of the files it names, by absolute path. */
export type Texts = ReadonlyMap<string, string>;

/**
 * The configuration in a file, checked whole.
 * @throws ConfigError with every fault at once
 */
export async function loadConfig(path: string, options: LoadOptions): Promise<LoadedConfig> {
  const { config, faults, texts: files } = await checkConfig(path, options);
  const texts = (severity: Fault["severity"]) =>
    faults.filter((fault) => fault.severity === severity).map((fault) => formatFault(path, fault));
  if (config === undefined) throw new ConfigError(texts("error"));
  return { config, warnings: texts("warning"), texts: files };
}

/** Reads a configuration and says everything that is wrong with it. */
export async function checkConfig(path: string, options: LoadOptions): Promise<CheckedConfig> {
  const { read: readFile, texts } = rememberingReader(options.lastGood?.texts);
  const file = await readFile(path);
  if ("problem" in file)
    return { faults: [{ line: 1, col: 1, severity: "error", message: file.problem }], texts };
  const document = readDocument(file.text);
  const { lenient = false, allowExec } = options;
  const read = readDialect(document, lenient);
  const folder = dirname(path);
  const variables = options.variables ?? process.env;
  const secrets = secretsBeside(folder, variables);
  const dataFiles = await readDataFiles(read.data, folder, readFile);
  const { data, findings: dataFindings } = mergeDataFiles(dataFiles.files);
  const filters = variables["REGO_FILTERS_PATH"] || "rego-filters";
  const inputFiles = await readInputFiles(read.data, { config: folder, filters }, readFile);
  const severity = options.secrets === "required" ? "error" : "warning";
  const look = (part: unknown) =>
    examine(part, { inputFiles, secrets, severity, lenient, folder, allowExec });
  const { settings, rego, findings } = lenient ? examineLeniently(read.data, look) : look(read.data);
  const all = [read.findings, findings, dataFiles.findings, dataFindings].flat();
  const found = inOrder([...document.faults, ...all.map((finding) => document.place(finding))]);
  const faults = lenient && settings !== undefined ? found.map(asWarning) : found;
  if (settings === undefined || faults.some((fault) => fault.severity === "error")) return { faults, texts };
  const stale = options.lastGood?.stale ?? null;
  const loadedAt = (options.now ?? Date.now)();
  const inputTexts = inputFiles.flatMap(({ content }) => ("text" in content ? [content.text] : []));
  const hash = hashOf([file.text, ...dataFiles.files.map(({ text }) => text), ...inputTexts]);
  const usable = lenient ? { ...settings, actions: withEmptySecrets(settings.actions, secrets) } : settings;
  return {
    config: buildConfig(usable, rego, { path, loadedAt, hash, data, secretSource: secrets, stale }),
    faults,
    texts,
  };
}

function secretsBeside(
  folder: string,
  variables: Readonly<Record<string, string | undefined>>,
): SecretSource {
  return secretSource(folder, {
    variable: (name) => variables[name],
    file: (path) => readFileSync(path, "utf8"),
  });
}

/**
 * What an option says, or what it refers to as a secret of the file would: `$NAME`, or `file:PATH`, relative to the working
 * folder.
 * @throws Error with one line that has names, never values
 */
export function optionSecret(text: string): string {
  return secretsBeside(process.cwd(), process.env)(text);
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

/** Reads each file, or takes what is kept of it, and keeps it in mind. */
function rememberingReader(kept: Texts | undefined) {
  const texts = new Map<string, string>();
  const read = async (path: string): ReturnType<typeof readText> => {
    const place = resolve(path);
    const text = kept?.get(place);
    const content = text === undefined ? await readText(path) : { text };
    if ("text" in content) texts.set(place, content.text);
    return content;
  };
  return { read, texts };
}

async function readDataFiles(
  data: unknown,
  folder: string,
  read: (path: string) => ReturnType<typeof readText>,
): Promise<{ readonly files: readonly DataFile[]; readonly findings: readonly Finding[] }> {
  const entries = isRawMap(data) ? textsOf({ path: [], value: data }, "data-files") : [];
  const files: DataFile[] = [];
  const findings: Finding[] = [];
  for (const { path, value: name } of entries) {
    const file = await read(resolve(folder, name));
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
