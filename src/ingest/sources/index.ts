import { anyOf } from "../../model/registry.ts";
import type { SourceType } from "../source-type.ts";
import { alertmanager } from "./alertmanager.ts";
import { generic } from "./generic.ts";
import { pagerduty } from "./pagerduty.ts";
import { sns } from "./sns.ts";

/** Every type of source; a new one is a file beside this, its test, and its name in this list. */
export const sourceTypes = [alertmanager, generic, pagerduty, sns] as const;

/** The schema of one entry of `sources:`. */
export const sourceSettings = anyOf(sourceTypes);

export const sourceTypeByName: ReadonlyMap<string, SourceType> = new Map(
  sourceTypes.map((type): [string, SourceType] => [type.name, type]),
);
