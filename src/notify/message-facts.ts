import type { RenderedTemplate } from "../model/message.ts";
import type { Contrast } from "../model/contrast.ts";
import type { Alert } from "../model/alert.ts";
import type { Delivery } from "../model/delivery.ts";
import type { Incident } from "../model/incident.ts";
import type { Observation } from "../model/observation.ts";
import type { Plan } from "../model/plan.ts";
import type { Run } from "../model/run.ts";
import type { Verdict } from "../model/verdict.ts";
import type { StormFacts } from "./storm-text.ts";

/** What is known when a delivery is sent: the rows as they are then, not as they were when it fell due. */
export interface MessageFacts {
  readonly delivery: Delivery;
  readonly incident: Incident;
  /** The run that the verdict is of; null when the alert has only arrived. */
  readonly run: Run | null;
  readonly verdict: Verdict | null;
  /** In the order of the looks. */
  readonly observations: readonly Observation[];
  /** What came of changing one thing at a time where it failed: of this run, or of the incident's last that has them. */
  readonly contrasts: readonly Contrast[];
  /** The alert that started the incident or joined it last. */
  readonly alert: Alert | null;
  /** The alerts that are told together, as far as there is room, and how many they are; null for one that is told alone. */
  readonly gathered: { readonly alerts: readonly Alert[]; readonly count: number } | null;
  /** What the route's template makes of the alert. */
  readonly rendered: RenderedTemplate | null;
  /** Null for what no route took. */
  readonly plan: Plan | null;
  /** Whom a route in shadow would have told of the verdict in earnest; null where what is done is meant. */
  readonly inEarnest: readonly string[] | null;
  /** The incidents that a storm's page is about; absent in every other message. */
  readonly storm?: StormFacts | undefined;
  /** `server.public-url` */
  readonly publicUrl: string | null;
  readonly now: number;
}

/** Something looks whether the alert is true; else it is only passed on. */
export function isChecked({ plan }: MessageFacts): boolean {
  return plan !== null && plan.checks.length + plan.faults.length > 0;
}

/** Nothing is spared: the route shows what it would do. Where nothing is checked there is nothing to try out. */
export function isShadow(facts: MessageFacts): boolean {
  return facts.plan?.mode === "shadow" && isChecked(facts);
}
