import type { RenderedTemplate } from "../model/message.ts";
import type { Alert } from "../model/alert.ts";
import type { Delivery } from "../model/delivery.ts";
import type { Incident } from "../model/incident.ts";
import type { Observation } from "../model/observation.ts";
import type { Plan } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import type { Verdict } from "../model/verdict.ts";

/** What is known when a delivery is sent: the rows as they are then, not as they were when it fell due. */
export interface MessageFacts {
  readonly delivery: Delivery;
  readonly incident: Incident;
  /** The run that the verdict is of; null when the alert has only arrived. */
  readonly run: Run | null;
  readonly verdict: Verdict | null;
  /** In the order of the looks. */
  readonly observations: readonly Observation[];
  /** The alert that started the incident or joined it last. */
  readonly alert: Alert | null;
  /** The alerts that are told together, as far as there is room, and how many they are; null for one that is told alone. */
  readonly gathered: { readonly alerts: readonly Alert[]; readonly count: number } | null;
  /** What the route's template makes of the alert. */
  readonly rendered: RenderedTemplate | null;
  /** Null for what no route took. */
  readonly plan: Plan | null;
  /** `server.public-url` */
  readonly publicUrl: string | null;
  readonly now: number;
}

/** Something looks whether the alert is true; else it is only passed on. */
export function isChecked({ plan }: MessageFacts): boolean {
  return plan !== null && plan.checks.length + plan.faults.length > 0;
}
