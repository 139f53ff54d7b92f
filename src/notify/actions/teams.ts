import * as z from "zod";
import { DeliveryError } from "../../model/errors.ts";
import type { Message } from "../../model/message.ts";
import { settings } from "../../model/settings.ts";
import { actionKeys, defineAction } from "../action-type.ts";
import {
  contextOf,
  evidenceLabels,
  fittingLines,
  linksOf,
  listText,
  voteWords,
  whereOf,
} from "../message-text.ts";
import { postJson, refusal } from "../post.ts";
import { receiverUrl, secretUrl } from "../receiver-url.ts";

const retired =
  'Microsoft has retired Office 365 connectors, nothing takes messages at this address any more: make a workflow "Send webhook alerts to a channel" in Teams and write its address';

/** Tells a Teams channel through a workflow that posts what it gets as a card. */
export const teams = defineAction({
  name: "teams",
  kind: "message",
  settings: settings({
    type: z.literal("teams"),
    ...actionKeys,
    url: secretUrl
      .refine(({ reference }) => !isConnector(reference), retired)
      .describe("the address of a workflow with a webhook trigger; its `sig` is the password"),
  }),
  async send(message, { url, timeout }, { signal }) {
    if (isConnector(url.reference)) throw new DeliveryError(retired, { permanent: true });
    const body = JSON.stringify(payload(message));
    const answer = await postJson({ url, body, timeoutMs: timeout }, signal);
    // 202 says that the workflow has started, 200 that it is done.
    if (answer.status !== 202 && answer.status !== 200) throw refusal(answer);
  },
});

function isConnector(address: string): boolean {
  const url = receiverUrl(address);
  if (url === null) return false;
  const isOutlook = /^outlook\.office(365)?\.com$/.test(url.hostname) && url.pathname.startsWith("/webhook");
  return isOutlook || /(^|\.)webhook\.office\.com$/.test(url.hostname);
}

/**
 * Teams takes about 28 KB. These are bytes of JSON; with what a card has around its texts they add up to less than
 * 26,000.
 */
const limits = {
  title: 600,
  summary: 3000,
  line: 1500,
  lines: 6000,
  evidence: 1500,
  commands: 2500,
  items: 2000,
  link: 1000,
  context: 800,
  template: 20_000,
};
/** What a location's line costs beside its text. */
const lineOverhead = 80;

function payload(message: Message) {
  const links = linksOf(message).filter(({ url }) => jsonBytes(url) <= limits.link);
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          msteams: { width: "full" },
          body: message.rendered === null ? ownBody(message) : templateBody(message.rendered),
          actions: links.map(({ label, url }) => ({ type: "Action.OpenUrl", title: label, url })),
        },
      },
    ],
  };
}

function ownBody(message: Message) {
  const { firstLine, summary, contrasts, changes, notTested, next } = message;
  const seen = [
    cutBytes(summary, limits.summary),
    ...locationTexts(message),
    ...cutBytes(listText(evidenceLabels.contrasts, contrasts), limits.evidence).split("\n"),
    ...cutBytes(listText(evidenceLabels.changes, changes), limits.evidence).split("\n"),
  ];
  const plain = [
    ...itemTexts(message),
    ...cutBytes(listText("Not tested", notTested), limits.items).split("\n"),
    ...cutBytes(listText("Crosscheck", next), limits.items).split("\n"),
  ];
  return [
    heading(firstLine),
    ...seen.filter((text) => text !== "").map((text) => richText({ text })),
    ...evidenceTexts(message),
    ...plain.filter((text) => text !== "").map((text) => richText({ text })),
    richText({ text: cutBytes(contextOf(message), limits.context), size: "Small", isSubtle: true }),
  ];
}

function locationTexts(message: Message): string[] {
  const lines = message.locations.map((line) =>
    cutBytes(`${voteWords[line.vote]} ${whereOf(line, message)}: ${line.text}`, limits.line),
  );
  return fittingLines(lines, limits.lines, lineBytes);
}

/** Whole or not at all: a part of a line is another one. */
function evidenceTexts({ evidence }: Message) {
  const lines = evidence.map(({ from, command }) => `as from ${from}:\n${command}`);
  const shown = fittingLines(lines, limits.commands, lineBytes, "line").flatMap((line) => line.split("\n"));
  if (shown.length === 0) return [];
  return [
    richText({ text: `${evidenceLabels.evidence}:` }),
    ...shown.map((text) => richText({ text, fontType: "Monospace" })),
  ];
}

/** A card's texts have no links: the address stands below. Only digests have items, and no locations beside them. */
function itemTexts({ items }: Message): string[] {
  const lines = items.flatMap(({ text, link }) => [
    cutBytes(`• ${text}`, limits.line),
    ...(link === null || jsonBytes(link) > limits.link ? [] : [link]),
  ]);
  return fittingLines(lines, limits.lines, lineBytes, "line");
}

/** What a template writes is shown with the Markdown that cards know: its author wrote it for people. */
function templateBody({ title, description }: { readonly title: string; readonly description: string }) {
  return [heading(title), { type: "TextBlock", text: cutBytes(description, limits.template), wrap: true }];
}

function heading(text: string) {
  return richText({ text: cutBytes(text, limits.title), size: "Large", weight: "Bolder" });
}

/** A text run knows no Markdown (https://adaptivecards.io, TextRun): what strangers wrote stays text. */
function richText(run: { readonly text: string } & Readonly<Record<string, unknown>>) {
  return { type: "RichTextBlock", inlines: [{ type: "TextRun", ...run }] };
}

function lineBytes(line: string): number {
  return jsonBytes(line) + lineOverhead;
}

/** Text of at most so many bytes of JSON. */
function cutBytes(text: string, maxBytes: number): string {
  if (jsonBytes(text) <= maxBytes) return text;
  let bytes = "…".length * 3;
  let kept = "";
  for (const character of text.toWellFormed()) {
    bytes += jsonBytes(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  return `${kept.trimEnd()}…`;
}

function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - '""'.length;
}
