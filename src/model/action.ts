import * as z from "zod";
import { verdictOutcome } from "./verdict.ts";

/**
 * What an action is to the operator: a `message` is read, a `pager` wakes, a `ticket` is filed, an `effect` does
 * something.
 */
export const actionKind = z.enum(["message", "pager", "ticket", "effect"]);
export type ActionKind = z.output<typeof actionKind>;

/**
 * `gate` holds the page; `annotate` never triggers a pager, the sender pages by itself; `shadow` decides as `gate` does and
 * tells every outcome as `inconclusive` is told, so that nothing is spared while it is tried out.
 */
export const mode = z.enum(["gate", "annotate", "shadow"]);
export type Mode = z.output<typeof mode>;

/** Which actions are told what. An outcome that is not listed is told to what `confirmed` is told. */
export const notifyLists = z.partialRecord(
  z.enum([...verdictOutcome.options, "recovered"]),
  z.array(z.string()),
);
export type NotifyLists = z.output<typeof notifyLists>;
