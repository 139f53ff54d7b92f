import { gatheredFlag, newIncident } from "../model/incident.ts";
import type { Incident } from "../model/incident.ts";
import type { VerdictPolicy } from "../model/plan.ts";
import type { Database } from "../store/database.ts";
import { currentIncident } from "../store/incidents.ts";

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

  /** @param policy of a route that checks; without one nothing is taken up again. */
  async of(route: string, subject: string, policy?: VerdictPolicy): Promise<Entry> {
    const known = this.#current.get(keyOf(route, subject));
    if (known !== undefined) return isFull(known.incident) ? this.open(route, subject) : known;
    const closedAfter = this.#now - (policy === undefined ? 0 : memoryMs(policy));
    const found = await currentIncident(this.#database, { route, subject }, closedAfter);
    if (found === undefined) return this.open(route, subject);
    if (found.closedAt === null || isTakenUp(found, this.#now, policy))
      return this.#enter({ incident: found, stored: found });
    return this.open(route, subject, found);
  }

  /** @param before the subject's last incident: how often it was spared and opened again counts on. */
  open(route: string, subject: string, before?: Incident): Entry {
    const fresh = newIncident({ route, subject, now: this.#now });
    const { sparedAt, reopenedAt } = before?.progress ?? fresh.progress;
    const incident: Incident = { ...fresh, progress: { ...fresh.progress, sparedAt, reopenedAt } };
    return this.#enter({ incident, stored: null });
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

/** How far back the end of an incident has a bearing on the next one of its subject. */
function memoryMs({ reopenWithinMs, flapping, insist }: VerdictPolicy): number {
  return Math.max(reopenWithinMs, flapping.withinMs, insist.withinMs);
}

/** Only what was told as failing, and has not been over for long; a spared one is over when it is closed. */
function isTakenUp({ told, closedAt }: Incident, now: number, policy: VerdictPolicy | undefined): boolean {
  if (policy === undefined || closedAt === null || told === null) return false;
  return told.outcome !== "not-reproduced" && now - closedAt < policy.reopenWithinMs;
}
