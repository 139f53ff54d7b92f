import type { Message, RenderedTemplate } from "../model/message.ts";
import { RegoError, goJson, readJson } from "../rego/index.ts";
import { payload } from "./payload.ts";

/**
 * What Postee calls the description, and its `http` and `exec` actions the event. Of an arrival: what the route's template
 * made of it, else the alert as Postee's `raw-json` shows it. Of all else, which Postee never told: the JSON that a `webhook`
 * gets.
 */
export function eventText(message: Message): string {
  const { rendered, event, alert } = message;
  if (rendered === null && (event !== "trigger" || alert === null)) return JSON.stringify(payload(message));
  return arrivalText(rendered, alert?.body ?? "");
}

/** The event of an arrival: what the template made of the alert, else its body, in raw-json's form where it is JSON. */
export function arrivalText(rendered: RenderedTemplate | null, body: string): string {
  if (rendered !== null) return rendered.description;
  const read = readJson(body);
  if (!read.ok) return body;
  try {
    return goJson(read.value, " ");
  } catch (error) {
    if (error instanceof RegoError) return body;
    throw error;
  }
}
