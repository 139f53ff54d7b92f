import { deadline } from "../deadline.ts";
import { isSettled } from "../store/alerts.ts";
import { incidentsOfAlert } from "../store/incidents.ts";
import { incidentJson } from "./incident-json.ts";
import { Pulse } from "./pulse.ts";
import type { Site } from "./site.ts";

/** How often to look for a verdict that another replica may have given. */
const pollMs = 250;

/** Whoever waits costs a connection and several looks a second at one database. */
const maxWaiting = 200;

/** Those who wait for the verdicts of what they sent. */
export class Waiters {
  readonly #site: Site;
  readonly #pulse: Pulse;
  #waiting = 0;

  constructor(site: Site) {
    this.#site = site;
    this.#pulse = new Pulse((beat) => site.context.database.onWake(beat), pollMs);
  }

  /** The incidents of alerts once each has its verdict; undefined when time is up, or when too many wait already. */
  async verdictsOf(alertIds: readonly string[], waitMs: number) {
    if (this.#waiting >= maxWaiting) return undefined;
    this.#waiting += 1;
    using limit = deadline(this.#site.stopping, waitMs);
    try {
      return await this.#verdictsOf(alertIds, limit.signal);
    } finally {
      this.#waiting -= 1;
    }
  }

  async #verdictsOf(alertIds: readonly string[], signal: AbortSignal) {
    const { database } = this.#site.context;
    while (!signal.aborted) {
      const beat = this.#pulse.next(signal);
      if (await this.#settled(alertIds)) {
        const joined = await Promise.all(alertIds.map((id) => incidentsOfAlert(database, id)));
        const distinct = new Map(joined.flat().map((incident) => [incident.id, incident]));
        // One after the other: many at once would hold up the main thread.
        const shown: Awaited<ReturnType<typeof incidentJson>>[] = [];
        for (const incident of distinct.values()) shown.push(await incidentJson(database, incident));
        return shown;
      }
      await beat;
    }
    return undefined;
  }

  /** One after the other: the first that has to wait ends the look. */
  async #settled(alertIds: readonly string[]): Promise<boolean> {
    for (const id of alertIds) if (!(await isSettled(this.#site.context.database, id))) return false;
    return true;
  }
}
