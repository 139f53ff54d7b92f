import type { Config } from "../config/config.ts";
import { instead } from "../config/nearest.ts";
import type { Delivery } from "../model/delivery.ts";
import type { Decision } from "../notify/deliver.ts";
import type { Statement } from "../store/database.ts";
import { settleDelivery } from "../store/deliveries.ts";
import type { Context } from "./context.ts";
import { logDelivery, reportFailure } from "./delivery-report.ts";
import { relieveStandIns } from "./stand-ins.ts";
import { tellStatements } from "./tell.ts";

/** What becomes of a delivery, and who is told in its place. */
export interface Settling {
  readonly decision: Decision;
  readonly fallback: readonly string[];
}

/** What a delivery has come to. */
export interface Settled {
  /** One way or the other. */
  readonly isOver: boolean;
  /** What is still to be written. */
  readonly statements: readonly Statement[];
  /** It was not tried: when (ms) to ask again. */
  readonly wakeAt?: number;
}

/** What the receiver has taken is written with the end of the job, anything else at once, before anybody hears of it. */
export async function settle(
  context: Context,
  delivery: Delivery,
  { decision, fallback }: Settling,
): Promise<Settled> {
  const now = context.now();
  const { state, attempts, nextAt, error } = decision;
  const useFallback = decision.fallbackDue && fallback.length > 0;
  const told = useFallback
    ? fallbackStatements(delivery, { fallback, error, now })
    : await relieveStandIns(context, delivery, state === "delivered" ? fallback : []);
  const statements = [
    settleDelivery(delivery.id, {
      state,
      attempts,
      nextAt,
      error,
      thread: delivery.thread,
      fallbackAt: useFallback ? now : delivery.fallbackAt,
      deliveredAt: state === "delivered" ? now : null,
    }),
    ...told,
  ];
  if (state !== "delivered") await context.database.write(statements);
  logDelivery(context, { ...delivery, attempts }, state, error);
  await reportFailure(context, delivery, { decision, fallback: useFallback ? fallback : [] });
  return { isOver: state !== "pending", statements: state === "delivered" ? statements : [] };
}

function fallbackStatements(
  delivery: Delivery,
  {
    fallback,
    error,
    now,
  }: { readonly fallback: readonly string[]; readonly error: string | null; readonly now: number },
): Statement[] {
  const { incidentId, runId, event, notice } = delivery;
  const why = `standing in for ${delivery.action}, which cannot be reached: ${error ?? "no answer"}`;
  const note = notice.note === null ? why : `${notice.note}; ${why}`;
  return tellStatements({ incidentId, runId, alertId: notice.alertId, now }, [
    { event, actions: fallback, note, items: notice.items },
  ]);
}

/**
 * What a reload took away, or what `--lenient` let pass, cannot be told; retry works once it is there. `unrouted` hears of
 * it instead.
 */
export function gone(
  { attempts, nextAt, action, fallbackAt }: Delivery,
  { actions, unrouted }: Config,
): Settling {
  const error = `action-not-configured${instead(action, [...actions.keys()], "the configuration has")}`;
  return {
    decision: { state: "dead", attempts, nextAt, error, fallbackDue: fallbackAt === null },
    fallback: unrouted.filter((name) => actions.has(name)),
  };
}
