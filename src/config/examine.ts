import { checkAccess } from "./access.ts";
import type { Finding, Severity } from "./finding.ts";
import type { InputFile } from "./input-files.ts";
import { checkEnabled } from "./postee-keys.ts";
import { compileRegoTexts } from "./rego-texts.ts";
import type { RegoTexts } from "./rego-texts.ts";
import { checkScripts } from "./scripts.ts";
import type { FileSettings } from "./schema.ts";
import { checkSecrets } from "./secrets.ts";
import type { SecretSource } from "../model/secret.ts";
import { validate } from "./validate.ts";

/** What a file says beside what stands in it. */
interface Surroundings {
  readonly inputFiles: readonly InputFile[];
  readonly secrets: SecretSource;
  /** Of a secret that cannot be read. */
  readonly severity: Severity;
  readonly lenient: boolean;
  /** What paths of the file are relative to. */
  readonly folder: string;
  readonly allowExec: boolean | undefined;
}

/** A file's data examined: its settings unless the schema refuses it, its Rego, and everything wrong with them. */
export interface Examined {
  readonly settings?: FileSettings;
  readonly rego: RegoTexts;
  readonly findings: readonly Finding[];
}

export function examine(data: unknown, around: Surroundings): Examined {
  const rego = compileRegoTexts(data, around.inputFiles);
  if (data === undefined) return { rego, findings: [] };
  const { settings, findings } = validate(data, around.secrets);
  const missing = checkSecrets(inUse(settings), around.secrets, around.severity);
  const off = around.lenient ? checkEnabled(data) : [];
  const scripts = checkScripts(data, around.allowExec);
  const access = checkAccess(settings, around);
  const all = [...findings, ...rego.findings, ...missing, ...off, ...scripts, ...access];
  return { ...(settings === undefined ? {} : { settings }), rego, findings: all };
}

/** What is switched off needs no secret; the others keep their places. */
function inUse(settings: FileSettings | undefined): unknown {
  if (settings === undefined) return undefined;
  return { ...settings, actions: settings.actions.map((action) => (action.enable ? action : null)) };
}
