/** What is said of deliveries: to the log, to the metrics, and to those who hear of our troubles. */
import type { Delivery } from "../model/delivery.ts";
import type { Decision } from "../notify/deliver.ts";
import type { Change } from "../notify/gates.ts";
import type { Context } from "./context.ts";
import { reportTrouble } from "./trouble.ts";

/** A trouble message that cannot be delivered would only make more of its kind. */
export async function reportFailure(
  context: Context,
  delivery: Delivery,
  { decision, fallback }: { readonly decision: Decision; readonly fallback: readonly string[] },
): Promise<void> {
  if (delivery.event === "trouble") return;
  const what = delivery.action;
  const why = decision.error ?? "";
  if (decision.state === "dead") {
    const note = `${what} did not take a message and never will without help (${why}); delivery ${delivery.id} is kept and can be sent again`;
    await reportTrouble(context, "dead-letter", { what, note });
  } else if (fallback.length > 0) {
    await reportTrouble(context, "fallback", {
      what,
      note: `${what} cannot be reached (${why}); told ${fallback.join(", ")} instead`,
    });
  }
}

/** One line for each try, and for what is not tried any more. */
export function logDelivery(
  context: Context,
  delivery: Delivery,
  state: Delivery["state"],
  error: string | null,
): void {
  const { id, incidentId, runId, action, event, attempts } = delivery;
  const about = { incident: incidentId, run: runId, alert: delivery.notice.alertId };
  const facts = { delivery: id, ...about, action, told: event, state, attempts, error };
  if (error === null) context.log.info("delivery", facts);
  else if (state === "dead") context.log.error("delivery", facts);
  else context.log.warn("delivery", facts);
  if (state !== "pending") context.metrics.deliveries.inc({ action, state });
}

/** The fallback and the dead letters tell people; this is for whoever looks for the reason. */
export function logChange(
  context: Context,
  action: string,
  { change, error }: { readonly change: Change; readonly error: string | null },
): void {
  context.metrics.actionOpen.set({ action }, change === "opened" ? 1 : 0);
  if (change === "closed") context.log.info("action-closed", { action });
  else context.log.warn("action-opened", { action, error });
}
