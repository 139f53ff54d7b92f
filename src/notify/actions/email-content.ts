import type { Message } from "../../model/message.ts";
import { contextOf, evidenceLabels, linksOf, messageText, voteWords, whereOf } from "../message-text.ts";
import { plainText } from "../text.ts";

/** A mail without its envelope. */
export interface MailContent {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const maxSubject = 250;

/** A message as a mail; the first one of a route with a Postee template has the template's subject and HTML. */
export function mailContent(message: Message): MailContent {
  const text = messageText(message);
  const { rendered, firstLine } = message;
  if (rendered === null) return { subject: firstLine, text, html: htmlOf(message) };
  return {
    subject: plainText(rendered.title, maxSubject) || firstLine,
    text,
    html: rendered.description,
  };
}

function htmlOf(message: Message): string {
  const { firstLine, summary, contrasts, changes, notTested, next } = message;
  const links = linksOf(message).map(({ label, url }) => `<a href="${escape(url)}">${label}</a>`);
  const parts = [
    `<h2>${escape(firstLine)}</h2>`,
    summary === "" ? "" : `<p>${escape(summary)}</p>`,
    locationTable(message),
    list(evidenceLabels.contrasts, contrasts),
    list(evidenceLabels.changes, changes),
    evidenceList(message),
    itemList(message),
    list("Not tested", notTested),
    list("Crosscheck", next),
    links.length === 0 ? "" : `<p>${links.join(" &middot; ")}</p>`,
    `<p><small>${escape(contextOf(message))}</small></p>`,
  ];
  const body = parts.filter((part) => part !== "").join("\n");
  return `<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<body>\n${body}\n</body>\n</html>\n`;
}

function locationTable(message: Message): string {
  const rows = message.locations.map((line) => {
    const cells = [voteWords[line.vote], whereOf(line, message), line.text].map(escape);
    return `<tr><td><b>${cells[0]}</b></td><td>${cells[1]}</td><td>${cells[2]}</td></tr>`;
  });
  return rows.length === 0 ? "" : `<table cellpadding="4">\n${rows.join("\n")}\n</table>`;
}

function evidenceList({ evidence }: Message): string {
  const lines = evidence.map(
    ({ from, command }) => `<p>As from ${escape(from)}:</p>\n<pre>${escape(command)}</pre>`,
  );
  return lines.length === 0 ? "" : [`<p>${evidenceLabels.evidence}:</p>`, ...lines].join("\n");
}

function itemList({ items }: Message): string {
  const lines = items.map(({ text, link }) => {
    const more = link === null ? "" : ` <a href="${escape(link)}">Incident</a>`;
    return `<li>${escape(text)}${more}</li>`;
  });
  return lines.length === 0 ? "" : `<ul>\n${lines.join("\n")}\n</ul>`;
}

function list(label: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  return `<p>${label}:</p>\n<ul>\n${items.map((item) => `<li>${escape(item)}</li>`).join("\n")}\n</ul>`;
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
