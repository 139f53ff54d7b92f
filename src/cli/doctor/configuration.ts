import { resolve } from "node:path";
import type { Config } from "../../config/config.ts";
import { formatFault } from "../../config/finding.ts";
import type { Fault } from "../../config/finding.ts";
import { checkConfig } from "../../config/load.ts";
import { isReference } from "../../config/secrets.ts";
import { checkSettings } from "../../check/probes/index.ts";
import { describeError } from "../../model/errors.ts";
import { secretsIn } from "../../model/secret.ts";
import { findConfig } from "../config-file.ts";
import { fail, ok, warn } from "./diagnosis.ts";
import type { Diagnosis } from "./diagnosis.ts";

/** What the file has come to. */
export interface ReadConfiguration {
  /** Null: there is none to be found. */
  readonly path: string | null;
  /** Undefined: it has faults. */
  readonly config: Config | undefined;
  readonly diagnoses: readonly Diagnosis[];
}

/** Reads the configuration as `serve` would, with its secrets. */
export async function readConfiguration(given: string | undefined): Promise<ReadConfiguration> {
  let path: string;
  try {
    path = findConfig(given);
  } catch (error) {
    const diagnoses = [fail("configuration", describeError(error), "see docs/configuration.md")];
    return { path: null, config: undefined, diagnoses };
  }
  const { config, faults } = await checkConfig(path, { secrets: "required" });
  return {
    path,
    config,
    diagnoses: [...judgeFaults(path, faults), ...(config ? [judgeSecrets(config)] : [])],
  };
}

export function judgeFaults(path: string, faults: readonly Fault[]): Diagnosis[] {
  const about = "configuration";
  const worst = faults.filter(({ severity }) => severity === "error");
  const others = faults.filter(({ severity }) => severity === "warning");
  return [
    ...worst.map((fault) =>
      fail(about, formatFault(path, fault), "a start takes the last good configuration, or none"),
    ),
    ...others.map((fault) => warn(about, formatFault(path, fault), "docs/configuration.md has the keys")),
    ...(worst.length === 0 ? [ok(about, `${path} can be used`)] : []),
  ];
}

/** References to all secrets that a configuration uses, as the file writes them. */
export function referencesIn(config: Config): string[] {
  const { actions, functions, locations, sources, server, checks } = config;
  const parts = [
    ...[actions, functions, locations, sources].flatMap((map): unknown[] => [...map.values()]),
    server,
    ...[...checks.values()].map(({ written, templates }) =>
      templates.length === 0 ? checkSettings.safeParse(written).data : written,
    ),
  ];
  return [...new Set(secretsIn(parts).map(({ secret }) => secret.reference))];
}

/** The absolute paths of secrets that stand in files. */
export function secretFiles(config: Config, folder: string): string[] {
  return referencesIn(config)
    .filter((reference) => reference.startsWith("file:"))
    .map((reference) => resolve(folder, reference.slice("file:".length)));
}

/** Whether secrets stand in the file itself; `NAME=$OTHER` of a script's environment is a reference too. */
export function hasLiteralSecrets(config: Config): boolean {
  return referencesIn(config).some((reference) => !isReference(reference.replace(/^\w+=(?=\$|file:)/, "")));
}

/** That one cannot be read is a fault of the file, by the place that wants it. */
function judgeSecrets(config: Config): Diagnosis {
  const kept = referencesIn(config).filter(isReference);
  if (kept.length === 0) return ok("secrets", "none is kept in a variable or a file");
  const names = kept.map((reference) => reference.replace(/^\$/, "")).join(", ");
  return ok("secrets", `can be read: ${names}`);
}
