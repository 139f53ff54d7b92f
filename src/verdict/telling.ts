import type { ActionKind } from "../model/action.ts";
import type { Plan } from "../model/plan.ts";
import type { Verdict, VerdictOutcome } from "../model/verdict.ts";

type Audience = Pick<Plan, "actions" | "kinds" | "mode" | "notify">;

/** What a route tells when an alert arrives: nobody wakes twice for nothing, so `annotate` tells messages only. */
export function toldAtArrival(plan: Audience): string[] {
  return allowed(plan, plan.actions);
}

/**
 * Whom an outcome is told to (verdict.md §5): its own list, `degraded` else as `regional`, and what is not listed to whom
 * `confirmed` is told. Without any list the route's actions that can be told again are: messages and pagers. `shadow`
 * spares nobody: whatever comes out is told as what nobody could find out.
 */
export function toldOutcome(plan: Audience, outcome: VerdictOutcome): string[] {
  const { notify } = plan;
  const confirmed = notify.confirmed ?? plan.actions.filter((action) => tellable(kindOf(plan, action)));
  const lists = {
    confirmed,
    regional: notify.regional ?? confirmed,
    degraded: notify.degraded ?? notify.regional ?? confirmed,
    "not-reproduced": notify["not-reproduced"] ?? confirmed,
    inconclusive: notify.inconclusive ?? confirmed,
  } satisfies Record<VerdictOutcome, string[]>;
  return allowed(plan, lists[plan.mode === "shadow" ? "inconclusive" : outcome]);
}

/**
 * Whom a verdict is told to: with several checks the union over their outcomes, so that a check that nobody could judge
 * still reaches whom that is told to, though another one makes the headline (verdict.md §2).
 */
export function toldVerdict(plan: Audience & Pick<Plan, "faults">, verdict: Verdict): string[] {
  const unbuilt: VerdictOutcome[] = plan.faults.length > 0 ? ["inconclusive"] : [];
  const outcomes = [verdict.outcome, ...verdict.checks.map(({ outcome }) => outcome), ...unbuilt];
  return [...new Set(outcomes.flatMap((outcome) => toldOutcome(plan, outcome)))];
}

/**
 * Whom a verdict on a route in shadow would be told to in earnest, as `gate` tells it; null for any other route, which
 * means what it does.
 */
export function toldInEarnest(plan: Audience & Pick<Plan, "faults">, verdict: Verdict): string[] | null {
  return plan.mode === "shadow" ? toldVerdict({ ...plan, mode: "gate" }, verdict) : null;
}

/** Whom recovery is told to: its list, else all who were told; and of the pagers those that we rang, no other. */
export function toldRecovery(plan: Audience, told: readonly string[]): string[] {
  const listed = plan.notify.recovered ?? told.filter((action) => tellable(kindOf(plan, action)));
  const messages = allowed(plan, listed).filter((action) => plan.kinds[action] !== "pager");
  return [...new Set([...messages, ...rungPagers(plan, told)])];
}

/** The pagers among those who were told: they ring until they are resolved. */
export function rungPagers(plan: Audience, told: readonly string[]): string[] {
  return told.filter((action) => plan.kinds[action] === "pager");
}

/** What does not exist counts as a message: it becomes a dead letter, and that is told. */
function kindOf(plan: Audience, action: string): ActionKind {
  return plan.kinds[action] ?? "message";
}

function tellable(kind: ActionKind): boolean {
  return kind === "message" || kind === "pager";
}

function allowed(plan: Audience, actions: readonly string[]): string[] {
  const messagesOnly = plan.mode === "annotate";
  return [...new Set(actions.filter((action) => !messagesOnly || kindOf(plan, action) === "message"))];
}
