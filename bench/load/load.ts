import { startHelper, type Helper } from "../helper.ts";
import type { LoadResult, LoadSpec } from "./spec.ts";

/** Sends alerts from a process of its own. */
export function startLoad(): Helper<LoadSpec, LoadResult> {
  return startHelper(new URL("process.ts", import.meta.url));
}
