import { anyOf } from "../../model/registry.ts";
import type { LocationType } from "../location-type.ts";
import { agent } from "./agent.ts";
import { lambda } from "./lambda.ts";
import { local } from "./local.ts";

/** Every type of location; a new one is a file here and a word in this list. */
export const locationTypes = [local, agent, lambda] as const;

/** The schema of one entry of `locations:`. */
export const locationSettings = anyOf(locationTypes);

export const locationTypeByName: ReadonlyMap<string, LocationType> = new Map(
  locationTypes.map((type): [string, LocationType] => [type.name, type]),
);
