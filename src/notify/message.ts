import type { Alert } from "../model/alert.ts";
import type { Message, MessageAlert, MessageItem } from "../model/message.ts";
import { changeLines, contrastLines, evidenceLines } from "./evidence-text.ts";
import { firstLine } from "./first-line.ts";
import { locationLines } from "./location-lines.ts";
import { isChecked } from "./message-facts.ts";
import type { MessageFacts } from "./message-facts.ts";
import { nextSteps } from "./next-steps.ts";
import { stormSummary } from "./storm-text.ts";
import { clock, counted, plainText, webLink, wordList } from "./text.ts";

const maxSubject = 300;
const maxSummary = 1000;
const maxItem = 300;
const maxItems = 20;

/** The facts in plain words, clean of what strangers may have written into them. */
export function composeMessage(facts: MessageFacts): Message {
  const { delivery, incident, verdict, observations, alert, plan, now } = facts;
  const first = firstLine(facts);
  return {
    id: delivery.id,
    event: delivery.event,
    firstLine: first,
    subject: plainText(incident.subject, maxSubject),
    route: incident.route,
    summary: plainText(summary(facts, first), maxSummary),
    locations: locationLines(verdict, observations),
    evidence: tells(facts) ? evidenceLines(verdict) : [],
    changes: tells(facts) ? changeLines(verdict) : [],
    contrasts: tells(facts) ? contrastLines(facts.contrasts) : [],
    items: items(facts),
    notTested: (verdict?.notTested ?? []).slice(0, maxItems).map((item) => plainText(item, maxItem)),
    next: nextSteps(facts).map((item) => plainText(item, maxItem)),
    runbook: webLink(plan?.runbook ?? null),
    link: incidentLink(facts),
    sentAt: now,
    incident,
    verdict,
    observations,
    alert: alert === null ? null : messageAlert(alert),
    rendered: facts.rendered,
  };
}

/** Of a recovery nobody wants to see for himself. */
function tells({ delivery: { event } }: MessageFacts): boolean {
  return event === "verdict" || event === "change";
}

/** What was found, and why this is told now, unless the first line already says it whole. */
function summary(facts: MessageFacts, first: string): string {
  const note = facts.delivery.notice.note ?? "";
  const news = first.includes(note) ? [finding(facts)] : [finding(facts), capital(note)];
  return news.map(sentence).filter(Boolean).join(" ");
}

function finding(facts: MessageFacts): string {
  const { delivery, incident, verdict, now } = facts;
  switch (delivery.event) {
    case "trigger":
      if (facts.gathered !== null) return togetherText(facts.gathered);
      return isChecked(facts) ? "" : asReceived(facts.alert);
    case "trouble":
    case "digest":
      return "";
    case "test":
      return "Crosscheck reaches this action. There is nothing to do";
    case "verdict":
    case "change":
      if (facts.storm !== undefined) return stormSummary(facts.storm);
      return verdict?.summary ?? "Crosscheck could not find out; take the page for true";
    case "recovered": {
      const { failedDomains, cleanRuns, cleanSince } = incident.progress;
      if (cleanSince === null) return "";
      const who =
        failedDomains.length === 0 ? "It passes" : `It passes again from ${wordList(failedDomains)}`;
      return `${who}: ${counted(cleanRuns, "clean run")} in a row since ${clock(cleanSince, now)}`;
    }
  }
}

/** Nobody checks it, so that what the sender wrote is all there is to tell. */
function asReceived(alert: Alert | null): string {
  if (alert === null || alert.body.length === 0) return "The alert came without a body";
  return `The alert, as received: ${new TextDecoder().decode(alert.body.subarray(0, 4 * maxSummary))}`;
}

const maxGatheredLine = 150;

/** What came of each alert that is told together with others, and how many there was no room for. */
function togetherText({ alerts, count }: NonNullable<MessageFacts["gathered"]>): string {
  const lines = alerts.map(({ body }) => {
    const text = new TextDecoder().decode(body.subarray(0, 4 * maxGatheredLine));
    return plainText(text, maxGatheredLine);
  });
  const left = count - alerts.length;
  const told = [...lines, ...(left > 0 ? [`and ${left} more`] : [])].join("; ");
  return `The alerts, as received: ${told}`;
}

function capital(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

function sentence(text: string): string {
  const trimmed = text.trim();
  return trimmed === "" || /[.!?…}\]]$/.test(trimmed) ? trimmed : `${trimmed}.`;
}

function items({ delivery, publicUrl }: MessageFacts): MessageItem[] {
  const told = delivery.notice.items ?? [];
  return told.map(({ text, incidentId }) => ({
    text: plainText(text, maxItem),
    link: incidentId === null ? null : linkTo(publicUrl, incidentId),
  }));
}

function incidentLink({ publicUrl, incident, delivery }: MessageFacts): string | null {
  const hasPage = delivery.event !== "test" && delivery.event !== "digest";
  return hasPage ? linkTo(publicUrl, incident.id) : null;
}

function linkTo(publicUrl: string | null, incidentId: string): string | null {
  const base = webLink(publicUrl);
  return base === null ? null : `${base.replace(/\/$/, "")}/incidents/${encodeURIComponent(incidentId)}`;
}

function messageAlert({ id, source, status, receivedAt, contentType, body }: Alert): MessageAlert {
  const received = { id, source, status, receivedAt: new Date(receivedAt).toISOString(), contentType };
  try {
    return {
      ...received,
      body: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body),
      encoding: "utf-8",
    };
  } catch {
    return { ...received, body: Buffer.from(body).toString("base64"), encoding: "base64" };
  }
}
