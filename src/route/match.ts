import { alertFacts, alertInput } from "../model/alert.ts";
import type { Alert } from "../model/alert.ts";
import { describeError } from "../model/errors.ts";
import { defaultSubject, normalUrl, subjectText } from "./subject.ts";
import type { Expression } from "./template.ts";

/** A compiled Rego body. */
export interface Condition {
  matches(input: unknown, data: unknown, limits: Limits): boolean;
}

/** What one rule may cost: all routes are asked about each alert, on the thread that everything else waits for. */
export interface Limits {
  /** Steps of evaluation; beyond them the rule counts as failed, and the alert is told. */
  readonly budget: number;
}

export const ruleLimits: Limits = { budget: 250_000 };

/** The part of a route that says which alerts it takes and what their incident is about. */
export interface RouteRule {
  readonly name: string;
  /** null: it takes every alert. */
  readonly input: Condition | null;
  /** null: the default subject. */
  readonly subject: Expression | null;
}

/** A route that takes an alert. */
export interface Match {
  readonly route: string;
  readonly subject: string;
  /** The route's rule could not be evaluated: it counts as matching, and its verdict is inconclusive. */
  readonly error: string | null;
  /** Something a person should know, such as a subject that is undefined. */
  readonly warning: string | null;
}

/** `input` and `data` as Rego sees them: the body as received; the catalogue of `data-files`, and facts of ours. */
export function regoDocuments(
  alert: Alert,
  catalogue: Readonly<Record<string, unknown>>,
  subject?: string,
): { readonly input: unknown; readonly data: Record<string, unknown> } {
  return { input: alertInput(alert), data: { ...catalogue, alert: alertFacts(alert, subject) } };
}

/** Which routes take an alert, in the order of the configuration; all that match do, as in Postee. */
export function matchRoutes(
  alert: Alert,
  routes: Iterable<RouteRule>,
  catalogue: Readonly<Record<string, unknown>>,
): Match[] {
  const { input, data } = regoDocuments(alert, catalogue);
  const matches: Match[] = [];
  for (const route of routes) {
    if (alert.onlyRoute !== null && route.name !== alert.onlyRoute) continue;
    const { taken, error } = takes(route, input, data);
    if (!taken) continue;
    matches.push({ route: route.name, error, ...subjectOf(route, alert, { input, data }) });
  }
  return matches;
}

/** A rule that cannot be evaluated takes the alert: what we cannot judge is told. */
function takes(
  route: RouteRule,
  input: unknown,
  data: unknown,
): { readonly taken: boolean; readonly error: string | null } {
  if (route.input === null) return { taken: true, error: null };
  try {
    return { taken: route.input.matches(input, data, ruleLimits), error: null };
  } catch (error) {
    return { taken: true, error: describeError(error) };
  }
}

/** What an alert that a route takes is about there. */
export function subjectOf(
  route: Pick<RouteRule, "subject">,
  alert: Alert,
  documents: { readonly input: unknown; readonly data: unknown },
): Pick<Match, "subject" | "warning"> {
  if (route.subject === null) return { subject: defaultSubject(alert), warning: null };
  try {
    const value = route.subject.value(documents.input, documents.data, ruleLimits);
    if (typeof value === "string" && value.trim() !== "")
      return { subject: subjectText(normalUrl(value)), warning: null };
    if (value !== undefined && value !== "")
      return { subject: subjectText(JSON.stringify(value)), warning: null };
    return { subject: defaultSubject(alert), warning: "the route's subject is undefined for this alert" };
  } catch (error) {
    return { subject: defaultSubject(alert), warning: `the route's subject: ${describeError(error)}` };
  }
}
