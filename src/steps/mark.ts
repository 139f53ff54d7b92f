import type { Actor } from "../model/actor.ts";
import type { Incident, Mark } from "../model/incident.ts";
import { insertAudit } from "../store/audit.ts";
import { ConflictError } from "../store/database.ts";
import { incidentById, updateIncident } from "../store/incidents.ts";
import type { Context } from "./context.ts";

/** What somebody says of an incident afterwards; null: nothing any more. */
export interface Marking {
  readonly incidentId: string;
  readonly mark: Mark | null;
  /** Who says so. */
  readonly actor: Actor;
}

const tries = 8;

/**
 * Notes whether an incident was real, for the report; nothing follows from it. The incident as it then is; undefined when
 * there is none.
 * @throws ConflictError when it changes faster than it can be read
 */
export async function markIncident(context: Context, marking: Marking): Promise<Incident | undefined> {
  const { incidentId, mark, actor } = marking;
  for (let attempt = 1; ; attempt += 1) {
    const incident = await incidentById(context.database, incidentId);
    if (incident === undefined || incident.mark === mark) return incident;
    const detail = { incident: incidentId, mark, before: incident.mark };
    try {
      await context.database.write([
        updateIncident({ ...incident, mark }),
        insertAudit({ at: context.now(), actor, action: "mark", detail }),
      ]);
      return { ...incident, mark };
    } catch (error) {
      if (!(error instanceof ConflictError) || attempt === tries) throw error;
    }
  }
}
