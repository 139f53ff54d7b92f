import type { Message } from "../../model/message.ts";
import {
  contextOf,
  evidenceLabels,
  fittingLines,
  linksOf,
  listText,
  voteWords,
  whereOf,
} from "../message-text.ts";
import { cutText } from "../text.ts";
import { templateBlocks } from "./slack-template.ts";

/**
 * Slack refuses a block over 3,000 characters (a header over 150) and a whole message near 13,200. The parts below add
 * up to less than 11,500.
 */
const limits = {
  header: 150,
  section: 3000,
  summary: 1500,
  line: 600,
  lines: 3500,
  contrasts: 600,
  changes: 700,
  evidence: 1800,
  items: 800,
  link: 400,
  context: 500,
};

export interface SlackMessage {
  /** What notifications show. */
  readonly text: string;
  readonly blocks: readonly object[];
}

/** A message in Slack's form; the first one of a route with a Postee template in the template's. */
export function slackMessage(message: Message): SlackMessage {
  const text = escape(message.firstLine);
  return { text, blocks: message.rendered === null ? ownBlocks(message) : templateBlocks(message.rendered) };
}

function ownBlocks(message: Message): object[] {
  const { firstLine, summary, contrasts, changes, notTested, next } = message;
  const links = linksOf(message).filter(({ url }) => escape(url).length <= limits.link);
  const sections = [
    cutText(summary, limits.summary, escape),
    ...sectionsOf(locationTexts(message)),
    cutText(listText(evidenceLabels.contrasts, contrasts), limits.contrasts, escape),
    cutText(listText(evidenceLabels.changes, changes), limits.changes, escape),
    ...evidenceTexts(message),
    ...sectionsOf(itemTexts(message)),
    cutText(listText("Not tested", notTested), limits.items, escape),
    cutText(listText("Crosscheck", next), limits.items, escape),
    links.map(({ label, url }) => `<${escape(url)}|${label}>`).join("  ·  "),
  ];
  return [
    {
      type: "header",
      text: { type: "plain_text", text: cutText(`${symbolOf(message)} ${firstLine}`, limits.header) },
    },
    ...sections.filter((text) => text !== "").map((text) => ({ type: "section", text: mrkdwn(text) })),
    { type: "context", elements: [mrkdwn(cutText(contextOf(message), limits.context, escape))] },
  ];
}

/** `verbatim`: no address, channel or name in the text becomes a link or a mention by itself; strangers wrote it. */
function mrkdwn(text: string) {
  return { type: "mrkdwn", text, verbatim: true };
}

/** A line for each location; those that fail come first, and the last ones are only counted if there is no room. */
function locationTexts(message: Message): string[] {
  const lines = message.locations.map((line) => {
    const label = `${voteSymbols[line.vote]} *${voteWords[line.vote]}* ${escape(whereOf(line, message))}`;
    return `${label}: ${cutText(line.text, limits.line, escape)}`;
  });
  return fittingLines(lines, limits.lines);
}

/** As code, in which nothing is a mark; whole or not at all, since a part of a line is another one. */
function evidenceTexts({ evidence }: Message): string[] {
  const plain = evidence.filter(({ command }) => !command.includes("```"));
  const blocks = plain.map(({ from, command }) => `as from ${escape(from)}:\n\`\`\`${escape(command)}\`\`\``);
  const shown = fittingLines(blocks, limits.evidence, (block) => block.length + 1, "line");
  return shown.length === 0 ? [] : [[`${evidenceLabels.evidence}:`, ...shown].join("\n")];
}

/** Only digests have items, and no locations: they may have the room of those. */
function itemTexts({ items }: Message): string[] {
  const lines = items.map(({ text, link }) => {
    const url = link === null || escape(link).length > limits.link ? "" : `  <${escape(link)}|Incident>`;
    return `• ${cutText(text, limits.line, escape)}${url}`;
  });
  return fittingLines(lines, limits.lines, (line) => line.length + 1, "line");
}

/** As few sections as hold the lines. */
function sectionsOf(lines: readonly string[]): string[] {
  return lines.reduce<string[]>((sections, line) => {
    const joined = sections.length === 0 ? line : `${sections.at(-1)}\n${line}`;
    return joined.length <= limits.section ? [...sections.slice(0, -1), joined] : [...sections, line];
  }, []);
}

/** The three characters with which mrkdwn makes links and mentions (`<!channel>`). */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const voteSymbols = { fail: "✖", flaky: "≈", degraded: "▲", pass: "✔", none: "?" } as const;

const outcomeSymbols = {
  confirmed: "❌",
  regional: "⚠️",
  degraded: "⏳",
  inconclusive: "❓",
  "not-reproduced": "☑️",
} as const;

/** Beside the words, never instead of them; no two have the same shape. */
function symbolOf({ event, verdict }: Message): string {
  switch (event) {
    case "trigger":
      return "🔎";
    case "recovered":
      return "✅";
    case "trouble":
      return "🔧";
    case "digest":
      return "📋";
    case "test":
      return "🧪";
    case "verdict":
    case "change":
      return outcomeSymbols[verdict?.outcome ?? "inconclusive"];
  }
}
