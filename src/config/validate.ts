import type { ActionKind } from "../model/action.ts";
import { actionTypes } from "../notify/actions/index.ts";
import type { SourceDocument } from "./document.ts";
import { checkExposure } from "./exposure.ts";
import { error } from "./finding.ts";
import type { Finding, Path } from "./finding.ts";
import { isRawMap, valueAt } from "./raw.ts";
import { checkReferences } from "./references.ts";
import { fileSchema } from "./schema.ts";
import type { FileSettings } from "./schema.ts";
import { checkTelling } from "./telling.ts";
import type { KindOf } from "./telling.ts";
import { checkVerdicts } from "./timing.ts";
import { noWords, wordIssues } from "./wording.ts";

/** The file's settings when the schema has nothing against them, and what is wrong with them all the same. */
export interface Validated {
  readonly settings?: FileSettings;
  readonly findings: readonly Finding[];
}

/** Everything about the file that can be said from the file alone, but for its Rego. */
export function validate(document: SourceDocument): Validated {
  const { data } = document;
  if (data === undefined) return { findings: [] };
  const shape = shapeFault(data);
  if (shape !== undefined) return { findings: [error([], shape)] };
  spellBooleans(document);
  const parsed = fileSchema.safeParse(data, { error: noWords });
  const references = checkReferences(data);
  if (!parsed.success)
    return { findings: [...wordIssues(fileSchema, data, parsed.error.issues), ...references] };
  const settings = parsed.data;
  return {
    settings,
    findings: [
      ...references,
      ...checkTelling(settings, kindsOf(settings)),
      ...checkVerdicts(settings),
      ...checkExposure(settings),
    ],
  };
}

function shapeFault(data: unknown): string | undefined {
  if (isRawMap(data)) return undefined;
  if (data === null) return "the file is empty: it needs at least routes and actions";
  const found = Array.isArray(data) ? "a list" : "a single value";
  return `the file is ${found}: it has to be a map with keys such as routes: and actions:`;
}

const booleans: Record<string, boolean> = { yes: true, on: true, no: false, off: false };

/**
 * `yes`, `no`, `on` and `off` are text in YAML 1.2 and were booleans in 1.1, which Postee reads. The schema says where a
 * boolean is wanted; elsewhere they stay text.
 */
function spellBooleans(document: SourceDocument): void {
  const { data } = document;
  const issues = fileSchema.safeParse(data).error?.issues ?? [];
  for (const issue of issues) {
    if (issue.code !== "invalid_type" || issue.expected !== "boolean") continue;
    const value = valueAt(data, issue.path);
    const boolean = typeof value === "string" ? booleans[value.toLowerCase()] : undefined;
    if (boolean !== undefined && document.isPlain(issue.path)) setAt(data, issue.path, boolean);
  }
}

function setAt(data: unknown, path: Path, value: unknown): void {
  const parent = valueAt(data, path.slice(0, -1)) as Record<PropertyKey, unknown>;
  parent[path.at(-1) ?? ""] = value;
}

function kindsOf({ actions }: FileSettings): KindOf {
  const kinds = new Map<string, ActionKind>(actionTypes.map(({ name, kind }) => [name, kind]));
  return new Map(
    actions.flatMap(({ name, type }) => {
      const kind = kinds.get(type);
      return kind === undefined ? [] : [[name, kind] as const];
    }),
  );
}
