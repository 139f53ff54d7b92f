import { isAbsolute, resolve } from "node:path";
import { revealSecrets, secretsIn } from "../model/secret.ts";
import type { SecretSource } from "../model/secret.ts";
import type { Finding, Severity } from "./finding.ts";

/** Where secrets come from: variables by name, files by absolute path (undefined or an error: there is none). */
export interface SecretStore {
  variable(name: string): string | undefined;
  file(path: string): string;
}

/** Reads `$NAME`, `file:PATH` (relative to `folder`), or the text itself. Messages have names, never values. */
export function secretSource(folder: string, store: SecretStore): SecretSource {
  return (reference) => {
    const variable = /^\$([A-Za-z_]\w*)$/.exec(reference)?.[1];
    if (variable !== undefined)
      return present(store.variable(variable), `the environment variable ${variable}`, "is not set");
    if (!reference.startsWith("file:")) return reference;
    const path = reference.slice("file:".length);
    const text = readSecretFile(store, isAbsolute(path) ? path : resolve(folder, path));
    return present(text, `the file ${path}`, "cannot be read");
  };
}

/** `$NAME` and `file:PATH` say where a secret is; anything else is the secret. */
export function isReference(text: string): boolean {
  return /^\$[A-Za-z_]\w*$/.test(text) || text.startsWith("file:");
}

function readSecretFile(store: SecretStore, path: string): string | undefined {
  try {
    return store.file(path).replace(/\r?\n$/, "");
  } catch {
    return undefined;
  }
}

function present(text: string | undefined, what: string, otherwise: string): string {
  if (text === undefined) throw new Error(`${what} ${otherwise}`);
  if (text === "") throw new Error(`${what} is empty`);
  return text;
}

/** Sections whose secrets are needed before anything is sent. */
const opened = new Set<PropertyKey>(["locations", "checks"]);

/** The secrets of the file that cannot be read. */
export function checkSecrets(file: unknown, read: SecretSource, severity: Severity): Finding[] {
  return secretsIn(file).flatMap(({ path, secret }): Finding[] => {
    try {
      read(secret.reference);
      return [];
    } catch (thrown) {
      const message = `a secret is missing: ${(thrown as Error).message}`;
      return [{ path, severity, message, ...(opened.has(path[0] ?? "") ? { cut: path.slice(0, 2) } : {}) }];
    }
  });
}

/** Settings in which an empty text stands for each secret that cannot be read: what Postee makes of unset variables. */
export function withEmptySecrets<T>(settings: T, read: SecretSource): T {
  return revealSecrets(settings, (reference) => {
    try {
      read(reference);
      return reference;
    } catch {
      return "";
    }
  });
}
