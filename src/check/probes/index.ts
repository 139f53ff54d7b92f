import { anyOf } from "../../model/registry.ts";
import type { ProbeType } from "../probe-type.ts";
import { http } from "./http.ts";

/** Every type of check; a new one is a file here and a word in this list. */
export const probeTypes = [http] as const;

/** The schema of one entry of `checks:`. */
export const checkSettings = anyOf(probeTypes);

export const probeTypeByName: ReadonlyMap<string, ProbeType> = new Map(
  probeTypes.map((type): [string, ProbeType] => [type.name, type]),
);
