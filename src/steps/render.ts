import type { Config } from "../config/config.ts";
import { alertInput } from "../model/alert.ts";
import type { Alert } from "../model/alert.ts";
import type { RenderedTemplate } from "../model/message.ts";
import type { MessageFacts } from "../notify/message-facts.ts";
import { defaultSubject } from "../route/subject.ts";
import { templateDocuments } from "../route/message-template.ts";

/** What a route's template makes of an alert; `fault` says why it makes nothing of it. */
export interface Rendering {
  readonly rendered: RenderedTemplate | null;
  readonly fault: string | null;
}

const none: Rendering = { rendered: null, fault: null };

/** The alert in the words of its route's template, if it has one. */
export function renderAlert(
  config: Config,
  { route, subject }: { readonly route: string; readonly subject: string },
  alert: Alert,
): Rendering {
  const name = config.routes.get(route)?.template ?? null;
  const template = name === null ? undefined : config.templates.get(name);
  if (template === undefined) return none;
  const documents = templateDocuments(alert, config.data, { subject, aquaServer: config.aquaServer });
  const made = template.render(documents.input, documents.data);
  if (!("error" in made)) return { rendered: made, fault: null };
  return { rendered: null, fault: `template ${template.name} failed: ${made.error}` };
}

/**
 * Alerts that are told together, in the words of their route's template: lists one after the other in one list, other
 * texts one below the other. Told without it as soon as it makes nothing of one of them.
 */
export function renderTogether(
  config: Config,
  route: string,
  { alerts, count }: NonNullable<MessageFacts["gathered"]>,
): Rendering {
  const made = alerts.map((alert) => renderAlert(config, { route, subject: defaultSubject(alert) }, alert));
  const fault = made.find((one) => one.fault !== null);
  if (fault !== undefined) return fault;
  const parts = made.flatMap(({ rendered }) => (rendered === null ? [] : [rendered.description]));
  if (parts.length === 0) return none;
  return { rendered: { title: titleOf(route, count), description: joined(parts), url: null }, fault: null };
}

/** The same as a JSON list of the alerts; one that is no JSON is a text in it. */
export function rawTogether(
  route: string,
  { alerts, count }: NonNullable<MessageFacts["gathered"]>,
): RenderedTemplate {
  const items = alerts.map((alert) => {
    const text = new TextDecoder().decode(alert.body);
    return alertInput(alert) === undefined ? JSON.stringify(text) : text;
  });
  return { title: titleOf(route, count), description: `[${items.join(",")}]`, url: null };
}

function titleOf(route: string, count: number): string {
  return `${route}: ${count} alerts`;
}

function joined(parts: readonly string[]): string {
  const lists = parts.map((part): unknown => {
    try {
      return JSON.parse(part);
    } catch {
      return undefined;
    }
  });
  return lists.every((list) => Array.isArray(list)) ? JSON.stringify(lists.flat()) : parts.join("\n");
}
