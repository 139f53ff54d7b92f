import { createHash } from "node:crypto";
import type { Alert } from "../model/alert.ts";
import { gatheredSubject } from "./gather.ts";

const maxLength = 500;

/**
 * What an incident is about when the route does not say (verdict.md §6): the target's URL, else the sender's own key,
 * else the SHA-256 of the body.
 */
export function defaultSubject(alert: Pick<Alert, "targetUrl" | "dedupKey" | "body">): string {
  if (alert.targetUrl !== null) return subjectText(normalUrl(alert.targetUrl));
  if (alert.dedupKey !== null && alert.dedupKey !== "") return subjectText(alert.dedupKey);
  return `sha256:${createHash("sha256").update(alert.body).digest("hex").slice(0, 32)}`;
}

/** One URL, one subject: host in lower case; default port, fragment and trailing slash cut. */
export function normalUrl(text: string): string {
  if (!URL.canParse(text)) return text;
  const url = new URL(text);
  url.hash = "";
  const normal = url.href;
  return url.search === "" ? normal.replace(/\/$/, "") : normal;
}

/** A subject fits an index and a message; the end of a long one is told apart by its hash. */
export function subjectText(value: string): string {
  const text = value.trim();
  // Nobody's subject: an alert that had it would join messages that nothing is checked for.
  if (text === gatheredSubject) return JSON.stringify(text);
  if (text.length <= maxLength) return text;
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return `${text.slice(0, maxLength)}… ${hash}`;
}
