import type { Message, MessageAlert } from "../model/message.ts";
import { RegoError, goJson, readJson } from "../rego/index.ts";
import { payload } from "./payload.ts";

/**
 * What Postee calls the description, and its `http` and `exec` actions the event. Of an arrival: what the route's template
 * made of it, else the alert as Postee's `raw-json` shows it. Of all else, which Postee never told: the JSON that a `webhook`
 * gets.
 */
export function eventText(message: Message): string {
  const { rendered, event, alert } = message;
  if (rendered !== null) return rendered.description;
  return event === "trigger" && alert !== null ? rawJson(alert) : JSON.stringify(payload(message));
}

/** A body that is no JSON stays as it is. */
function rawJson({ body }: MessageAlert): string {
  const read = readJson(body);
  if (!read.ok) return body;
  try {
    return goJson(read.value, " ");
  } catch (error) {
    if (error instanceof RegoError) return body;
    throw error;
  }
}
