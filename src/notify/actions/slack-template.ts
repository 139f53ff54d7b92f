import { DeliveryError } from "../../model/errors.ts";
import type { RenderedTemplate } from "../../model/message.ts";
import { counted, cutText } from "../text.ts";

/** Slack takes 50 blocks: one is the title, one says what was left out. */
const maxBlocks = 48;
const maxTextLength = 3000;
/** Of all blocks as JSON; Slack refuses a message of about 13,200 characters. */
const maxLength = 12_000;

interface Block {
  readonly type: string;
}

/**
 * The blocks that a Postee template makes, under its title: a JSON list of blocks, or blocks with commas between them.
 * What is too much for Slack is left out, and counted.
 * @throws DeliveryError when they are no blocks: the template is not one for Slack.
 */
export function templateBlocks({ title, description }: RenderedTemplate): object[] {
  const blocks = readBlocks(description).map(shortened);
  let length = 0;
  const fitting = blocks.filter(
    (block, index) => index < maxBlocks && (length += JSON.stringify(block).length) <= maxLength,
  );
  const left = blocks.length - fitting.length;
  const heading = title === "" ? [] : [section(`*${cutText(title, maxTextLength - 2, escape)}*`)];
  return [...heading, ...fitting, ...(left === 0 ? [] : [section(`… and ${counted(left, "more block")}`)])];
}

function readBlocks(text: string): Block[] {
  const trimmed = text.trim().replace(/,$/, "");
  const list = parsed(trimmed.startsWith("[") ? trimmed : `[${trimmed}]`);
  for (const [index, block] of list.entries())
    if (!isBlock(block)) throw wrongTemplate(`block ${index + 1} is no map with a type`);
  return list as Block[];
}

function parsed(text: string): unknown[] {
  try {
    return JSON.parse(text) as unknown[];
  } catch {
    throw wrongTemplate("what it writes is no JSON");
  }
}

function isBlock(value: unknown): value is Block {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function wrongTemplate(why: string): DeliveryError {
  return new DeliveryError(
    `the route's template does not write blocks for Slack: ${why}; choose a template for Slack, or none`,
    { permanent: true },
  );
}

function shortened(block: Block): Block {
  if (!("text" in block) || !isText(block.text)) return block;
  return { ...block, text: { ...block.text, text: cutText(block.text.text, maxTextLength) } } as Block;
}

function isText(value: unknown): value is { readonly text: string } {
  return typeof value === "object" && value !== null && "text" in value && typeof value.text === "string";
}

function section(text: string) {
  return { type: "section", text: { type: "mrkdwn", text } };
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
