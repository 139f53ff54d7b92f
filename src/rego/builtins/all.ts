import type { Callee } from "../ir.ts";
import { collections } from "./collections.ts";
import { encoding } from "./encoding.ts";
import { numbers } from "./numbers.ts";
import { objects } from "./objects.ts";
import { regex } from "./regex.ts";
import { strings } from "./strings.ts";
import { types } from "./types.ts";

/** Every builtin, by name. */
export const BUILTINS: ReadonlyMap<string, Callee> = new Map(
  [numbers, types, collections, objects, strings, encoding, regex]
    .flat()
    .map((callee) => [callee.name, callee]),
);
