import { gatheredFlag, newIncident, troubleRoute, unroutedRoute } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import type { Database } from "../store/database.ts";
import { currentIncident } from "../store/incidents.ts";
import { reopenWithinMs } from "../verdict/alert-step.ts";

/** An incident that a batch of alerts changes. */
export interface Entry {
  incident: Incident;
  /** As it was read; null for one that this batch opens. */
  readonly stored: Incident | null;
}

/** Finds the incident that an alert of a batch goes to: one of the batch, one of the database, or a new one. */
export class Entries {
  /** Each is written, though no alert may go to it any more. */
  readonly all: Entry[] = [];
  readonly #current = new Map<string, Entry>();
  readonly #database: Database;
  readonly #now: number;

  constructor(database: Database, now: number) {
    this.#database = database;
    this.#now = now;
  }

  async of(route: string, subject: string): Promise<Entry> {
    const known = this.#current.get(keyOf(route, subject));
    if (known !== undefined) return isFull(known.incident) ? this.open(route, subject) : known;
    const found = await currentIncident(this.#database, { route, subject }, this.#now - reopenWithinMs);
    if (found === undefined || isOver(found)) return this.open(route, subject);
    return this.#enter({ incident: found, stored: found });
  }

  open(route: string, subject: string): Entry {
    return this.#enter({ incident: newIncident({ route, subject, now: this.#now }), stored: null });
  }

  #enter(entry: Entry): Entry {
    this.all.push(entry);
    this.#current.set(keyOf(entry.incident.route, entry.incident.subject), entry);
    return entry;
  }
}

function keyOf(route: string, subject: string): string {
  return JSON.stringify([route, subject]);
}

/** Gathered messages are told when there are enough of them: the next one begins anew. */
function isFull({ state, flags }: Incident): boolean {
  return state === "closed" && flags.includes(gatheredFlag);
}

/** Only what was told as failing is taken up again; a spared or passed-on one is over when it is closed. */
function isOver({ state, told, route }: Incident): boolean {
  if (state !== "closed") return false;
  return (
    told === null || told.outcome === "not-reproduced" || route === unroutedRoute || route === troubleRoute
  );
}
