import { anyOf } from "../../model/registry.ts";
import type { SourceType } from "../source-type.ts";
import { generic } from "./generic.ts";

/** Every type of source; a new one is a file beside this, its test, and its name in this list. */
export const sourceTypes = [generic] as const;

/** The schema of one entry of `sources:`. */
export const sourceSettings = anyOf(sourceTypes);

export const sourceTypeByName: ReadonlyMap<string, SourceType> = new Map(
  sourceTypes.map((type): [string, SourceType] => [type.name, type]),
);
