import type { Delivery } from "../model/delivery.ts";
import { lastToldEvent } from "../store/heard.ts";
import type { Statement } from "../store/database.ts";
import type { Context } from "./context.ts";
import { tellStatements } from "./tell.ts";

/**
 * Recovery is told to those whom the incident was meant for. A pager that stood in for one of them when it was out of reach
 * still rings: it is told as well, once the one that it stood in for has heard of it.
 */
export async function relieveStandIns(
  context: Context,
  { incidentId, runId, action, event, notice }: Delivery,
  fallback: readonly string[],
): Promise<Statement[]> {
  if (event !== "recovered") return [];
  const { kinds } = context.setup();
  const pagers = fallback.filter((name) => kinds.get(name) === "pager");
  const last = await Promise.all(pagers.map((name) => lastToldEvent(context.database, incidentId, name)));
  const ringing = pagers.filter((_, index) => last[index] !== undefined && last[index] !== "recovered");
  return tellStatements({ incidentId, runId, alertId: notice.alertId, now: context.now() }, [
    { event, actions: ringing, note: `rang in place of ${action}` },
  ]);
}
