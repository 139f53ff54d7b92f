import { anyOf } from "../../model/registry.ts";
import type { ProbeType } from "../probe-type.ts";
import { http } from "./http.ts";

/** Every type of check; a new one is a file here and a word in this list. */
export const probes = [http] as const;

/** The settings of a check of any type. */
export const checkSettings = anyOf(probes);

/** The probe behind `type:`; undefined for a word that nobody knows. */
export function probeByName(name: string): ProbeType | undefined {
  return probes.find((probe) => probe.name === name);
}
