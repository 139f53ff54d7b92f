import { mutedFlag } from "../model/incident.ts";
import type { CountedAudience, CountedIncident } from "../model/report.ts";
import type { VerdictOutcome } from "../model/verdict.ts";
import { toldOutcome } from "../verdict/telling.ts";

/** What became of an incident: who was woken, and who would have been. */
export type Fate = "page" | "spared" | "would-be-spared" | "neither";

/**
 * `page`: a pager was told, or, where the route has none, whoever it tells of confirmed trouble; on a route that checks
 * nothing whoever it tells. `would-be-spared`: told only because the route is in shadow.
 */
export function fateOf(incident: CountedIncident): Fate {
  const { audience, toldActions } = incident;
  if (audience === null) return toldActions.length > 0 ? "page" : "neither";
  const pagers = whoWakes(audience);
  if (toldOf(incident).some((action) => pagers.includes(action)))
    return audience.mode === "shadow" && !wakesInEarnest(incident, audience) ? "would-be-spared" : "page";
  const isDecided = incident.told !== null && !incident.flags.includes(mutedFlag) && pagers.length > 0;
  return isDecided ? "spared" : "neither";
}

/** The incident's record also has who is told by another one: many pages at once are one. Of a muted one nobody is. */
function toldOf({ told, toldActions, flags }: CountedIncident): readonly string[] {
  return told === null || flags.includes(mutedFlag) ? toldActions : [...toldActions, ...told.actions];
}

function whoWakes(audience: CountedAudience): readonly string[] {
  const { mode, notify, actions, kinds } = audience;
  const earnest = mode === "shadow" ? "gate" : mode;
  const confirmed = toldOutcome({ ...audience, mode: earnest }, "confirmed");
  const all = new Set([...confirmed, ...actions, ...Object.values(notify).flat()]);
  const pagers = [...all].filter((action) => kinds[action] === "pager");
  return pagers.length > 0 && earnest !== "annotate" ? pagers : confirmed;
}

/** Whether `gate` had woken somebody: at the arrival, or of anything that was told or that one of the checks came to. */
function wakesInEarnest(incident: CountedIncident, audience: CountedAudience): boolean {
  const { told, runs } = incident;
  const unbuilt: VerdictOutcome[] = audience.faults.length > 0 ? ["inconclusive"] : [];
  const checked = runs.flatMap(({ checks }) => checks.map(({ outcome }) => outcome));
  const outcomes = [...(told === null ? [] : [told.outcome]), ...checked, ...unbuilt];
  if (outcomes.length === 0) return true;
  const gate = { ...audience, mode: "gate" as const };
  const inEarnest = [...audience.actions, ...outcomes.flatMap((outcome) => toldOutcome(gate, outcome))];
  return whoWakes(audience).some((action) => inEarnest.includes(action));
}
