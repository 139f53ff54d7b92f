import { alertById } from "../store/alerts.ts";
import { incidentsOfAlert } from "../store/incidents.ts";
import { incidentJson } from "./incident-json.ts";
import type { Site } from "./site.ts";

/** How often to look for a verdict that another replica may have given. */
const pollMs = 250;

/** The incidents of alerts once each has its verdict; undefined when the signal aborts first. */
export async function verdictsOf(site: Site, alertIds: readonly string[], signal: AbortSignal) {
  const { database } = site.context;
  while (!signal.aborted) {
    const woken = nextWake(site, signal);
    const incidents = await settledIncidents(site, alertIds);
    if (incidents !== undefined)
      return Promise.all(incidents.map((incident) => incidentJson(database, incident)));
    await woken;
  }
  return undefined;
}

async function settledIncidents(site: Site, alertIds: readonly string[]) {
  const { database } = site.context;
  const found = await Promise.all(alertIds.map((id) => alertById(database, id)));
  if (found.some((one) => one?.routed !== true)) return undefined;
  const incidents = (await Promise.all(alertIds.map((id) => incidentsOfAlert(database, id)))).flat();
  return incidents.some(({ state }) => state === "checking") ? undefined : incidents;
}

/** Resolves at the next write that wakes somebody, after `pollMs`, or when the signal aborts. */
function nextWake(site: Site, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      listening[Symbol.dispose]();
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, pollMs);
    const listening = site.context.database.onWake(finish);
    signal.addEventListener("abort", finish, { once: true });
  });
}
