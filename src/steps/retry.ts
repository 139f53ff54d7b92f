import type { Actor } from "../model/actor.ts";
import type { Delivery } from "../model/delivery.ts";
import { insertAudit } from "../store/audit.ts";
import { ConflictError } from "../store/database.ts";
import type { Statement } from "../store/database.ts";
import { deadLetters } from "../store/dead-letters.ts";
import type { DeadLetter, DeadLetterFilter } from "../store/dead-letters.ts";
import { reviveDelivery } from "../store/deliveries.ts";
import { wake } from "../store/jobs.ts";
import type { Context } from "./context.ts";

/** What became of some dead letters that were to be sent again. */
export interface Retried {
  /** Ids. */
  readonly retried: readonly string[];
  readonly skipped: readonly { readonly id: string; readonly why: string }[];
  /** The id to go on after; null: there are no more. */
  readonly cursor: string | null;
}

const overReason = "its incident is over: what the message says does not hold any more";
export const passedReason = "something newer of its incident has been told";

/** How often to look again when somebody else settles one of them in between. */
const tries = 3;

/**
 * Sends dead letters again whose news still holds, in one write with the entry in the audit log.
 * @throws ConflictError when others keep settling the same ones
 */
export async function retryMany(context: Context, filter: DeadLetterFilter, actor: Actor): Promise<Retried> {
  for (let attempt = 1; ; attempt += 1) {
    const found = await deadLetters(context.database, filter);
    const judged = found.map((letter) => ({ letter, why: whyNot(context, letter) }));
    const due = judged.filter(({ why }) => why === null).map(({ letter }) => letter);
    const retried = due.map(({ id }) => id);
    try {
      const now = context.now();
      const audit = insertAudit({ at: now, actor, action: "retry", detail: { deliveries: retried } });
      if (due.length > 0)
        await context.database.write([...due.flatMap((letter) => revived(letter, now)), audit]);
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === tries) throw error;
      continue;
    }
    const skipped = judged.flatMap(({ letter: { id }, why }) => (why === null ? [] : [{ id, why }]));
    const cursor = found.length === filter.limit ? (found.at(-1)?.id ?? null) : null;
    return { retried, skipped, cursor };
  }
}

/** A dead letter lives again and is sent in its turn; guarded: only where its news still holds. */
export function revived(
  { id, incidentId, action }: Pick<Delivery, "id" | "incidentId" | "action">,
  now: number,
): Statement[] {
  return [reviveDelivery(id, now), wake(`lane:${incidentId}/${action}`, now)];
}

/** Why a dead letter is not sent again, null where nothing is against it: of what is over only that it is over still holds. */
export function whyNot(
  context: Context,
  { action, event, isOver, isPassed }: Pick<DeadLetter, "action" | "event" | "isOver" | "isPassed">,
): string | null {
  if (!context.setup().config.actions.has(action)) return `the configuration has no action ${action}`;
  if (isOver && event !== "recovered") return overReason;
  return isPassed ? passedReason : null;
}
