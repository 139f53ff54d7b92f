import type { Actor } from "../model/actor.ts";
import { describeError } from "../model/errors.ts";
import { insertAudit } from "../store/audit.ts";
import type { Context } from "./context.ts";

/** What came of a reload: the hash of what runs now, or how many faults kept it from running. */
export type ReloadOutcome = { readonly hash: string } | { readonly faults: number };

/** Notes who had the configuration read again. It happened, whether or not that can be written down: it never throws. */
export async function noteReload(context: Context, actor: Actor, outcome: ReloadOutcome): Promise<void> {
  try {
    const at = context.now();
    await context.database.write([insertAudit({ at, actor, action: "reload", detail: outcome })]);
  } catch (error) {
    context.log.error("reload-not-noted", { actor: actor.name, error: describeError(error) });
  }
}
