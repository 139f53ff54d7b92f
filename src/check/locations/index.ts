import { anyOf } from "../../model/registry.ts";
import type { LocationType } from "../location-type.ts";
// oxlint-disable-next-line eslint/no-restricted-imports -- a type of location, not the entry point of that name
import { agent } from "./agent.ts";
import { local } from "./local.ts";

/** Every type of location; a new one is a file here and a word in this list. */
export const locationTypes = [local, agent] as const;

/** The settings of a location of any type. */
export const locationSettings = anyOf(locationTypes);

/** The type behind `type:`; undefined for a word that nobody knows. */
export function locationByName(name: string): LocationType | undefined {
  return locationTypes.find((location) => location.name === name);
}
