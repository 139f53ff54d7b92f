import * as z from "zod";
import type { WrittenCheck } from "./check.ts";

/**
 * A check by a function of the user's own, which looks at what it likes: an `http` action that is a vote. It is written
 * in no `checks:`, has no probe, and runs only at the functions of its route.
 */
export const functionCheck = z.object({
  name: z.string(),
  type: z.literal("function"),
  /** What the functions are told: the alert, as an `http` action sends it. Filled in when they are asked. */
  event: z.string().default(""),
});
export type FunctionCheck = z.output<typeof functionCheck>;

/** As plans keep it. All functions of a route vote on one check: each is a location of it. */
export const plannedFunctionCheck: WrittenCheck = { name: "your-function", type: "function" };

export function isFunctionCheck({ type }: WrittenCheck): boolean {
  return type === plannedFunctionCheck.type;
}
