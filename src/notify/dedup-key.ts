import { createHash } from "node:crypto";
import * as z from "zod";
import type { Message, MessageAlert } from "../model/message.ts";
import { RegoError, expression } from "../rego/index.ts";

/** Alertmanager's own key: the hex SHA-256 of the group's key (prometheus/alertmanager, notify/util.go, `Key.Hash`). */
const alertmanagerWord = "alertmanager";

/** Steps of evaluation. */
const budget = 250_000;

/** What a pager's `dedup-key` may be: Rego over the alert, or the word `alertmanager`. */
export const dedupKey = z
  .string()
  .refine((text) => faultOf(text) === null, {
    error: (issue) => `Rego in dedup-key: ${faultOf(String(issue.input)) ?? "not an expression"}`,
  })
  .describe(
    "the pager's key of an incident: a Rego expression over the alert, or `alertmanager` for Alertmanager's own key; default: `crosscheck:` and the incident's id",
  );

function faultOf(text: string): string | null {
  if (text === alertmanagerWord) return null;
  try {
    expression(text);
    return null;
  } catch (error) {
    if (error instanceof RegoError) return error.reason;
    throw error;
  }
}

/**
 * The key under which a pager keeps an incident, at most `maxLength` long; a longer one becomes its SHA-256. What
 * `written` does not say for this alert (undefined, empty, an error) is said by the incident's id.
 */
export function keyOf(message: Message, written: string | undefined, maxLength: number): string {
  const key = writtenKey(message, written) ?? ownKey(message);
  return key.length <= maxLength ? key : sha256(key);
}

/** The key that nobody else has. */
export function ownKey({ incident }: Message): string {
  return `crosscheck:${incident.id}`;
}

function writtenKey({ alert, incident }: Message, written: string | undefined): string | null {
  if (written === undefined || alert === null) return null;
  const input = bodyOf(alert);
  const { id, source, status, receivedAt } = alert;
  const data = { alert: { id, source, status, receivedAt, subject: incident.subject } };
  try {
    if (written !== alertmanagerWord) return textOf(expression(written).value(input, data, { budget }));
    const groupKey = textOf(isMap(input) ? input["groupKey"] : undefined);
    return groupKey === null ? null : sha256(groupKey);
  } catch {
    // A page must not fail for its key, which may be nested deeper than JSON can be written.
    return null;
  }
}

/** With Alertmanager's key, which is that of a group: whether all of the group is resolved. */
export function isGroupOver({ alert }: Message, written: string | undefined): boolean {
  if (written !== alertmanagerWord) return true;
  const body = alert === null ? undefined : bodyOf(alert);
  // `status` is the alert's own where its source has taken the group apart.
  return isMap(body) && (body["groupStatus"] ?? body["status"]) === "resolved" && !body["truncatedAlerts"];
}

function bodyOf({ body, encoding }: MessageAlert): unknown {
  try {
    return encoding === "utf-8" ? (JSON.parse(body) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  const text = typeof value === "string" ? value.toWellFormed().trim() : JSON.stringify(value);
  return text === "" ? null : text;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
