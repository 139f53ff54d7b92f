import type { Config } from "../config/config.ts";
import type { Alert } from "../model/alert.ts";
import type { RenderedTemplate } from "../model/message.ts";
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
