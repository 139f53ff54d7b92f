import type { Delivery } from "../model/delivery.ts";
import { untriedActions } from "../store/heard.ts";
import { incidentById } from "../store/incidents.ts";
import type { Context } from "./context.ts";

/**
 * Whether what is told of an alert's arrival has to wait for an action that stands before this one, on a route with
 * `serialize-actions`. As in Postee an action that fails holds up nobody: one try is enough.
 */
export async function isBehind(context: Context, { event, incidentId, action }: Delivery): Promise<boolean> {
  if (event !== "trigger") return false;
  const { routes } = context.setup().config;
  if (![...routes.values()].some(({ serializeActions }) => serializeActions)) return false;
  const incident = await incidentById(context.database, incidentId);
  const route = routes.get(incident?.route ?? "");
  if (route === undefined || !route.serializeActions) return false;
  const before = route.actions.slice(0, Math.max(route.actions.indexOf(action), 0));
  if (before.length === 0) return false;
  const untried = await untriedActions(context.database, incidentId);
  return before.some((other) => untried.includes(other));
}
