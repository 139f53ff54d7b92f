import type { SecretSource } from "../model/secret.ts";
import { kindsOf as kindsOfActions } from "../notify/action-kinds.ts";
import { checkExposure } from "./exposure.ts";
import type { Finding } from "./finding.ts";
import { checkMutes } from "./mutes.ts";
import { checkOutlook } from "./outlook.ts";
import { checkPosteeKeys } from "./postee-keys.ts";
import { checkReferences } from "./references.ts";
import { fileSchema } from "./schema.ts";
import type { FileSettings } from "./schema.ts";
import { checkTelling } from "./telling.ts";
import type { KindOf } from "./telling.ts";
import { checkVerdicts } from "./timing.ts";
import { checkVotes, functionsOf } from "./votes.ts";
import { noWords, wordIssues } from "./wording.ts";

/** The file's settings when the schema has nothing against them, and what is wrong with them all the same. */
export interface Validated {
  readonly settings?: FileSettings;
  readonly findings: readonly Finding[];
}

/** Everything about the file that can be said from the file alone, but for its Rego. */
export function validate(data: unknown, secrets: SecretSource): Validated {
  const parsed = fileSchema.safeParse(data, { error: noWords });
  const references = [...checkReferences(data), ...checkPosteeKeys(data)];
  if (!parsed.success)
    return { findings: [...wordIssues(fileSchema, data, parsed.error.issues), ...references] };
  const settings = parsed.data;
  const kinds = kindsOf(settings, secrets);
  return {
    settings,
    findings: [
      ...references,
      ...checkTelling(settings, kinds),
      ...checkVotes(settings, kinds),
      ...checkVerdicts(settings),
      ...checkExposure(settings),
      ...checkOutlook(settings),
      ...checkMutes(settings, Date.now()),
    ],
  };
}

function kindsOf({ actions }: FileSettings, secrets: SecretSource): KindOf {
  const votes = functionsOf(actions, secrets);
  return new Map(
    Array.from(kindsOfActions(actions), ([name, kind]) => [name, votes.has(name) ? "vote" : kind]),
  );
}
